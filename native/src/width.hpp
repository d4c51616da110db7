// Full-width letters, digits and marks to ASCII, half-width kana and marks to ordinary ones.
#pragma once

#include "chars.hpp"
#include "compat.hpp"
#include "hanflow/api.hpp"

namespace hanflow {

// What width makes of character i of the line.
CharEdit width_edit(const Chars& t, int i, Width width);

// What it makes of a character that it changes by itself; 0 for any other.
uint32_t width_target(uint32_t cp);

}  // namespace hanflow
