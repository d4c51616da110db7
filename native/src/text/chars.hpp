// One line as characters: code points, their classes and where they stand. What the stages read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "text/tables/classes.hpp"
#include "text/tables/compat.hpp"
#include "text/units.hpp"

namespace hanflow {

// Room in quarter cells (q): a Han character is 4, an ASCII letter or digit 2, kerning between Han and Latin 1.
constexpr int CELL = 4;
constexpr int NARROW = 4;  // letters that are together one q narrower than half a cell each

// What an ill-formed byte sequence is read as under the preserve policy: a character of class OTHER.
constexpr uint32_t ILL_FORMED = 0x110000;

// Sets of classes as bit masks.
constexpr uint32_t class_bit(unsigned c) { return uint32_t(1) << c; }
constexpr uint32_t HAN_KANA = class_bit(HAN) | class_bit(KANA);
constexpr uint32_t CJK_MARKS = class_bit(OPEN) | class_bit(CLOSE) | class_bit(STOP) | class_bit(PAUSE) | class_bit(MARK);
constexpr uint32_t CJK = HAN_KANA | CJK_MARKS;
constexpr uint32_t ALNUM = class_bit(LETTER) | class_bit(DIGIT);
constexpr uint32_t ATTACHED = class_bit(DROP) | class_bit(EXTEND);
constexpr uint32_t UNSEEN = class_bit(GAP) | ATTACHED;
constexpr uint32_t WHITE = class_bit(GAP) | class_bit(PAGE) | class_bit(DROP);

inline bool in(uint8_t c, uint32_t set) { return (set >> c) & 1; }

inline bool is_one_of(const char32_t* set, uint32_t cp) {
    for (; *set; ++set)
        if (uint32_t(*set) == cp) return true;
    return false;
}

inline bool is_colon(uint32_t cp) { return cp == ':' || cp == 0xFF1A; }

// CJK that only CJK text has: curly quotes, dashes and ellipses also stand in English.
inline bool is_wide_evidence(uint32_t cp, uint8_t c) {
    if (in(c, HAN_KANA)) return true;
    if (in(c, CJK_MARKS)) return cp >= 0x2E80;
    return in(c, ALNUM | class_bit(ASCII)) && cp >= 0xFF00;
}

// Room of a character (East Asian Width; ambiguous signs are wide in Chinese type).
inline int cells(uint32_t cp, uint8_t c) {
    if (in(c, ATTACHED)) return 0;
    if (in(c, CJK | class_bit(HANGUL))) return CELL;
    if (in(c, ALNUM | class_bit(ASCII))) return cp >= 0xFF00 ? CELL : 2;
    return cp >= 0x2000 ? CELL : 2;
}

inline int gap_room(uint32_t cp) { return cp == 0x3000 ? CELL : cp == 0x09 ? 4 * CELL : 2; }

// What the character becomes under compat: ⾼ is read as 高.
inline uint32_t plain(uint32_t cp) {
    if (cp < 0x2E80) return cp;
    const uint32_t target = compat_target(cp);
    return target ? target : cp;
}

// A run of horizontal white space inside a line, [begin, end) in characters, and the room it takes in q.
struct Gap {
    int begin, end, room;
    int left, right;  // the visible characters before and after it
};

// The characters of one line without its line end; reused from line to line. Positions are indexes; at(i) is the code unit in the
// text, and at(n) the one behind the last character. [s, e) is the content: without white space at the ends; s == e: a blank line.
struct Chars {
    std::unique_ptr<uint32_t[]> cp;
    std::unique_ptr<uint8_t[]> cls;
    std::vector<Gap> gaps;
    int n = 0, s = 0, e = 0;
    bool ill_formed = false;  // holds escapes

    // Reads units[begin, end), whose class bytes are known.
    // A surrogate pair is one character. escapes: lone low surrogates are bytes that are not UTF-8. drop_is_other: compat is
    // off, so what it would drop is a character like any other.
    void read(const CodeUnit* units, const uint8_t* classes, size_t begin, size_t end, bool escapes, bool drop_is_other);
    void find_gaps();
    // Gives the memory of a very long line back.
    void trim();

    size_t at(int i) const { return origin_ + (mapped_ ? offset_[size_t(i)] : uint32_t(i)); }
    bool is(int i, uint32_t set) const { return in(cls[i], set); }
    bool between_han(const Gap& gap) const { return is(gap.left, HAN_KANA) && is(gap.right, HAN_KANA); }
    // Between Han and a Latin letter or digit.
    bool is_latin_gap(const Gap& gap) const {
        return (is(gap.left, HAN_KANA) && is(gap.right, ALNUM)) || (is(gap.left, ALNUM) && is(gap.right, HAN_KANA));
    }
    // The next visible character from i on inside [s, e), -1 when there is none.
    int visible(int i, int step) const {
        while (s <= i && i < e) {
            if (!in(cls[i], UNSEEN)) return i;
            i += step;
        }
        return -1;
    }

private:
    void reserve(size_t count);

    size_t room_ = 0, origin_ = 0;
    bool mapped_ = false;  // a character has two units: offset_ says where each stands
    std::vector<uint32_t> offset_;
};

}  // namespace hanflow
