// The scan: bytes -> bit masks, 64 bytes a word, by which the line table is filled without looking at characters.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hanflow {

// Kinds of characters as the masks tell them apart. A character's bit stands at its first byte.
enum ScanKind : uint8_t {
    SCAN_NEWLINE = 0,  // \n, \r
    SCAN_GAP,          // horizontal white space, one to three bytes
    SCAN_HAN,          // Han or kana, three bytes, which compat and width leave as it is
    SCAN_OPEN,         // CJK marks of three bytes, by class ...
    SCAN_CLOSE,
    SCAN_STOP,
    SCAN_PAUSE,
    SCAN_MARK,
    SCAN_DIGIT,        // ASCII
    SCAN_LETTER,
    SCAN_SIGN,
    SCAN_RARE,         // everything else: the line is looked at character by character
    SCAN_CHANGES,      // characters of three bytes that compat or width may change: Han, full-width forms; their bits are
                       // set among SCAN_HAN, SCAN_DIGIT, SCAN_LETTER or SCAN_SIGN too
    SCAN_KINDS,
    // What the table says of these; SCAN_CHANGES itself is Han there.
    SCAN_FULL_DIGIT = SCAN_KINDS,
    SCAN_FULL_LETTER,
    SCAN_FULL_SIGN,
    SCAN_TABLE_KINDS
};

// The mask that says what a character is, by its kind in the table.
constexpr ScanKind SCAN_MASK[SCAN_TABLE_KINDS] = {
    SCAN_NEWLINE, SCAN_GAP,  SCAN_HAN,    SCAN_OPEN, SCAN_CLOSE, SCAN_STOP,  SCAN_PAUSE,  SCAN_MARK,
    SCAN_DIGIT,   SCAN_LETTER, SCAN_SIGN, SCAN_RARE, SCAN_HAN,   SCAN_DIGIT, SCAN_LETTER, SCAN_SIGN};

// Adds the bits of a word's full-width forms, by kind from SCAN_FULL_DIGIT on, to its masks, and those of Han that change.
inline void add_changes(uint64_t* masks, const uint64_t* full) {
    masks[SCAN_HAN] |= masks[SCAN_CHANGES];
    masks[SCAN_DIGIT] |= full[0];
    masks[SCAN_LETTER] |= full[1];
    masks[SCAN_SIGN] |= full[2];
    masks[SCAN_CHANGES] |= full[0] | full[1] | full[2];
}

// Bytes that one scan covers. Its masks stay in the first-level cache.
constexpr size_t SCAN_BYTES = size_t(1) << 14;
constexpr size_t SCAN_WORDS = SCAN_BYTES / 64;

// Bit i % 64 of word[i / 64][k] is set if a character of kind k starts at byte i. One word more than needed is zero.
struct Masks {
    uint64_t word[SCAN_WORDS + 1][SCAN_KINDS];
};

// The kind of every code point of the Basic Multilingual Plane. All others are rare.
const uint8_t* scan_kinds();

// The kind of the well-formed character at p.
inline uint8_t scan_kind_at(const uint8_t* p, const uint8_t* kinds) {
    if (p[0] < 0x80) return kinds[p[0]];
    if (p[0] < 0xE0) return kinds[uint32_t(p[0] & 0x1F) << 6 | (p[1] & 0x3F)];
    if (p[0] < 0xF0) return kinds[uint32_t(p[0] & 0x0F) << 12 | uint32_t(p[1] & 0x3F) << 6 | (p[2] & 0x3F)];
    return SCAN_RARE;
}

// The newline mask alone; any bytes.
void scan_newlines(const uint8_t* data, size_t size, Masks& masks);

}  // namespace hanflow
