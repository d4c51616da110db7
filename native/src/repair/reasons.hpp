// Why a character is changed, in the words of hanflow/reasons.hpp.
#pragma once

#include "hanflow/reasons.hpp"
#include "repair/compat.hpp"
#include "text/chars.hpp"

namespace hanflow {
namespace reasons {

// Of what compat or width makes of character i.
inline Why of_character(const Chars& t, int i, const CharEdit& edit, Rule rule) {
    const uint32_t cp = t.cp[i];
    if (rule == Rule::width) {
        if (t.is(i, ALNUM)) return why(inside::FULL_WIDTH);
        if (cp == 0x3000) return why(i && t.cp[i - 1] >= 0xFF21 && t.is(i - 1, ALNUM) ? inside::FULL_WIDTH_MARK : inside::ASKED);
        return why(cp >= 0xFF61 && cp <= 0xFF9F ? inside::HALF_WIDTH : inside::FULL_WIDTH_MARK);
    }
    if (!edit.target) return why(inside::INVISIBLE);
    if (cp < 0x3000) return why(inside::RADICAL);
    return why((cp >= 0xFE10 && cp < 0xFE20) || (cp >= 0xFE30 && cp < 0xFE50) ? inside::VERTICAL_FORM : inside::COMPATIBILITY);
}

}  // namespace reasons
}  // namespace hanflow
