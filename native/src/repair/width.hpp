// Full-width letters, digits and marks to ASCII, half-width kana and marks to ordinary ones.
#pragma once

#include "hanflow/api.hpp"
#include "repair/compat.hpp"
#include "text/chars.hpp"

namespace hanflow {

// What width makes of character i of the line.
CharEdit width_edit(const Chars& t, int i, Width width);

// What it makes of a character that it changes by itself; 0 for any other.
uint32_t width_target(uint32_t cp);

// ASCII for a full-width letter or digit; any other unit as it is.
inline CodeUnit narrowed(CodeUnit u) {
    const bool full = CodeUnit(u - 0xFF10) < 10 || CodeUnit(u - 0xFF21) < 26 || CodeUnit(u - 0xFF41) < 26;
    return full ? CodeUnit(u - 0xFEE0) : u;
}

}  // namespace hanflow
