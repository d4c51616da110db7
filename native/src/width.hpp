// Full-width letters, digits and marks to ASCII, half-width kana and marks to ordinary ones.
#pragma once

#include "chars.hpp"
#include "compat.hpp"
#include "hanflow/api.hpp"

namespace hanflow {

// The letter or digit that the full-width one of three bytes at p becomes, or 0.
inline uint8_t ascii_alnum(const uint8_t* p) {
    if (p[0] != 0xEF) return 0;
    if (p[1] == 0xBC && ((p[2] >= 0x90 && p[2] <= 0x99) || (p[2] >= 0xA1 && p[2] <= 0xBA))) return uint8_t(p[2] - 0x90 + '0');
    return p[1] == 0xBD && p[2] >= 0x81 && p[2] <= 0x9A ? uint8_t(p[2] - 0x81 + 'a') : 0;
}

// What width makes of character i of the line.
CharEdit width_edit(const Chars& t, int i, Width width);

// What it makes of a character that it changes by itself; 0 for any other.
uint32_t width_target(uint32_t cp);

}  // namespace hanflow
