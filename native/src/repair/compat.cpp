#include "repair/compat.hpp"

#include <cstring>

namespace hanflow {

size_t replace_radicals(CodeUnit* text, size_t size) {
    for (size_t i = 0; i < size; ++i) {
        const CodeUnit unit = text[i];
        if (unit < 0x2E80 || (unit > 0x2FDF && unit < 0xF900)) continue;
        const uint32_t target = char_class(unit) == HAN ? compat_target(unit) : 0;
        if (!target) continue;
        if (target < 0x10000) {
            text[i] = CodeUnit(target);
            continue;
        }
        std::memmove(text + i + 2, text + i + 1, 2 * (size - i - 1));
        text[i] = CodeUnit(0xD800 + ((target - 0x10000) >> 10));
        text[++i] = CodeUnit(0xDC00 + (target & 0x3FF));
        ++size;
    }
    return size;
}

}  // namespace hanflow
