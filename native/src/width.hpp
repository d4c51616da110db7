// Full-width letters, digits and marks to ASCII, half-width kana and marks to ordinary ones.
#pragma once

#include "chars.hpp"
#include "compat.hpp"
#include "hanflow/api.hpp"

namespace hanflow {

// What width makes of character i of the line.
CharEdit width_edit(const Chars& t, int i, Width width);

}  // namespace hanflow
