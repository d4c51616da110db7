// Characters that only a font or an old encoding made: radicals, compatibility ideographs, vertical forms, invisible ones.
#pragma once

#include "text/chars.hpp"

namespace hanflow {

struct CharEdit {
    int count = 0;         // characters that it replaces; 0: no edit
    uint32_t target = 0;   // what they become; 0: nothing
};

// What compat makes of character i of the line.
inline CharEdit compat_edit(const Chars& t, int i) {
    if (t.cls[i] == DROP) return CharEdit{1, 0};
    const uint32_t cp = t.cp[i];
    if (cp < 0x2E80 || cp == ILL_FORMED) return CharEdit{};
    const uint32_t target = compat_target(cp);
    return target ? CharEdit{1, target} : CharEdit{};
}

// Replaces the Han of one unit that compat changes in text[0, size), behind which there is room for as much again; returns the new
// size.
size_t replace_radicals(CodeUnit* text, size_t size);

}  // namespace hanflow
