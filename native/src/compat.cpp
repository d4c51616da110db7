#include "compat.hpp"

#include <cstring>

namespace hanflow {

size_t replace_radicals(uint8_t* text, size_t size) {
    for (size_t i = 0; i + 2 < size; ++i) {
        if (text[i] != 0xE2 && text[i] != 0xEF) continue;  // U+2E80..2FDF, U+F900..FAFF
        uint32_t cp;
        decode(text + i, cp);
        const uint32_t target = char_class(cp) == HAN ? compat_target(cp) : 0;
        if (!target) continue;
        if (target >= 0x10000) {
            std::memmove(text + i + 4, text + i + 3, size - i - 3);
            ++size;
            text[i++] = uint8_t(0xF0 | target >> 18);
            text[i] = uint8_t(0x80 | (target >> 12 & 0x3F));
        } else {
            text[i] = uint8_t(0xE0 | target >> 12);
        }
        text[i + 1] = uint8_t(0x80 | (target >> 6 & 0x3F));
        text[i + 2] = uint8_t(0x80 | (target & 0x3F));
        i += 2;
    }
    return size;
}

}  // namespace hanflow
