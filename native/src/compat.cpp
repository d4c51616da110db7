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
        const size_t more = target >= 0x10000;
        if (more) std::memmove(text + i + 4, text + i + 3, size - i - 3);
        encode(target, text + i);
        size += more;
        i += 2 + more;
    }
    return size;
}

}  // namespace hanflow
