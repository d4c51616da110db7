// The scan: code units -> a class for each, and bit planes, 64 units a word, by which lines are measured without looking at
// characters.
#pragma once

#include <cstddef>
#include <cstdint>

#include "text/tables/classes.hpp"

namespace hanflow {

// A class byte: the class of the character (tables/classes.hpp), and what the class does not tell.
enum ClassByte : uint8_t {
    CLASS = 0x1F,
    SPECIAL = 0x20,  // of a gap: no ASCII space; of a CJK mark: one that English has too (“—…)
    CHANGING = 0x40,  // compat or width may change it: Han, full-width letters, digits, signs
    RARE_UNIT = 0x80,     // the planes don't tell what it is: its line is looked at character by character
};

// Bit i % 64 of word[i / 64].plane[k] says that unit i is of kind k.
enum Plane : uint8_t {
    P_NEWLINE = 0,
    P_GAP,      // horizontal white space
    P_HAN,      // Han and kana
    P_OPEN,     // CJK marks, by class
    P_CLOSE,
    P_STOP,
    P_PAUSE,
    P_MARK,
    P_DIGIT,
    P_LETTER,
    P_SIGN,     // ASCII punctuation and symbols, full-width ones too
    P_ODD,      // of gaps: no ASCII spaces
    P_OTHER,    // signs of one cell that nothing asks about: ℃, ①
    P_LOW,      // of CJK marks: those that English has too
    P_CHANGES,
    P_RARE,
    P_PLAIN,    // Han, kana and CJK marks that nothing changes: most of most lines
    PLANES
};

struct PlaneWord {
    uint64_t plane[PLANES];
};

constexpr size_t words_of(size_t units) { return (units + 63) / 64; }

// The class byte of every code unit; of surrogates RARE_UNIT.
const uint8_t* class_bytes();

// The planes 0 to 13 of a class byte without CHANGING and RARE_UNIT, as bits: eight in each.
struct PlaneBits {
    alignas(64) uint8_t low[64];
    alignas(64) uint8_t high[64];
};
const PlaneBits& plane_bits();

}  // namespace hanflow
