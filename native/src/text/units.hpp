// Code units of 16 bits: what the core works on, whatever the text came as. UTF-8 and a Python str's own units (PEP 393: one,
// two or four bytes a code point) become code units and back.
//
// A code point beyond the Basic Multilingual Plane is a surrogate pair, as in UTF-16. What is no character has places of its own:
//   a lone surrogate of a str is U+FFFF (Substitutes), so that no repair makes a character of two of them;
//   a byte that is not UTF-8, under the preserve policy, is U+DC00 plus the byte, a lone low surrogate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hanflow/api.hpp"

namespace hanflow {

using CodeUnit = uint16_t;

constexpr bool is_surrogate(uint32_t u) { return (u & ~uint32_t(0x7FF)) == 0xD800; }
constexpr bool is_high_surrogate(uint32_t u) { return (u & ~uint32_t(0x3FF)) == 0xD800; }
constexpr bool is_low_surrogate(uint32_t u) { return (u & ~uint32_t(0x3FF)) == 0xDC00; }
constexpr uint32_t code_point_of(uint32_t high, uint32_t low) { return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00); }

// The place of a byte that is not UTF-8.
constexpr CodeUnit ESCAPE = 0xDC00;
constexpr bool is_escape(uint32_t u) { return u >= ESCAPE + 0x80 && u <= ESCAPE + 0xFF; }

inline void append_units(std::vector<CodeUnit>& text, uint32_t cp) {
    if (cp >= 0x10000) {
        text.push_back(CodeUnit(0xD800 + ((cp - 0x10000) >> 10)));
        cp = 0xDC00 + (cp & 0x3FF);
    }
    text.push_back(CodeUnit(cp));
}

// Units that a transcoder may write behind its result, and that a reader of code units may read behind a text.
constexpr size_t UNIT_SLACK = 64;

// What stands at the places of U+FFFF, in order: repairs neither delete nor move that character, so that the k-th one of a
// result is the k-th one of its text.
struct Substitutes {
    static constexpr CodeUnit PLACE = 0xFFFF;
    std::vector<CodeUnit> units;
    size_t next = 0;  // that is put back

    void clear() {
        units.clear();
        next = 0;
    }
    bool any() const { return !units.empty(); }
    // Those that were put back, of a text that comes in pieces.
    void forget() {
        units.erase(units.begin(), units.begin() + ptrdiff_t(next));
        next = 0;
    }
};

// How the bytes of a text are read.
enum class Reading : uint8_t {
    well_formed,  // UTF-8
    surrogates,   // ... with three-byte surrogates
    escaped,      // any bytes
};

// Writes data[0, size) as code units to out, which has room for size + UNIT_SLACK; returns how many. Linear.
// Under `surrogates` they go to `substitutes`, as U+FFFF does.
size_t utf8_to_units(const uint8_t* data, size_t size, Reading reading, CodeUnit* out, Substitutes& substitutes);

// Bytes of UTF-8 that so many code units make at most, and what may be written behind.
constexpr size_t utf8_room(size_t units) { return 3 * units + UNIT_SLACK; }

// Writes units[0, length) as UTF-8 to out, which has utf8_room() bytes; returns how many. Linear. No surrogate pair may be cut
// at the end. Escapes have one byte under `escaped`; units at the place of substitutes are put back.
size_t units_to_utf8(const CodeUnit* units, size_t length, Reading reading, uint8_t* out, Substitutes& substitutes);

// The bytes of UTF-8 of each code unit: of a pair, all stand at the first. For positions; the same policies.
size_t utf8_bytes_at(const CodeUnit* units, size_t i, size_t length, Reading reading);

// Of a str of one, two or four bytes a code point: writes code units to out, which has room for 2 * length; returns how many.
template <typename Unit>
size_t str_to_units(const Unit* text, size_t length, CodeUnit* out, Substitutes& substitutes);
// Whether a str of two bytes a code point is code units as it is: without surrogates.
bool is_units(const CodeUnit* text, size_t length);

// How many code points units[0, length) are, and the greatest.
Extent extent_of(const CodeUnit* units, size_t length);

// Writes code units as a str's units of one, two or four bytes. Of four, pairs are put together; else each unit is one.
// Returns how many code points. substitutes: as above.
size_t units_to_str(const CodeUnit* units, size_t length, void* out, int unit_bytes, Substitutes& substitutes);

}  // namespace hanflow
