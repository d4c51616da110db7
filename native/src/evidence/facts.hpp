// What the decision about line ends knows of lines, in arrays by line: reckoned with for many lines at once (weigh.inl).
//
// A fact of a line is one bit of its flags; a fact of a line end is an expression over the flags and widths of the two lines beside
// it and, for a few, of counts over the lines around. Each has its weight in weights.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "simd/lattice.hpp"

namespace hanflow {

enum LineFlag : uint32_t {
    F_MID = 1u << 0,          // how it ends: in mid-sentence,
    F_PAUSE = 1u << 1,        // ... with a pause,
    F_STOP = 1u << 2,         // ... with a sentence end,
    F_CLOSE = 1u << 3,        // ... with a closing mark
    F_NOSTART = 1u << 4,      // how it begins: with a mark that cannot start a line,
    F_ITEM = 1u << 5,         // ... like a list item,
    F_DASH = 1u << 6,         // ... with a dash,
    F_DATELINE = 1u << 7,     // ... like a news item,
    F_OPENING = 1u << 8,      // ... with an opening mark,
    F_PLAIN = 1u << 9,        // ... with none of these
    F_TABLE = 1u << 10,
    F_ROW = 1u << 11,         // a table row or a byline
    F_CODE = 1u << 12,
    F_LATIN = 1u << 13,       // more than four letters for each CJK character
    F_KEY = 1u << 14,
    F_SPEAKER = 1u << 15,
    F_ROWLIKE = 1u << 16,
    F_PARTED = 1u << 17,
    F_SPACED = 1u << 18,
    F_STOPS = 1u << 19,       // holds a sentence end
    F_OPENED = 1u << 20,
    F_CLOSED = 1u << 21,
    F_STARTS_ALNUM = 1u << 22,
    F_ENDS_ALNUM = 1u << 23,
    F_MARKS = 1u << 24,       // CJK pauses or sentence ends inside
    F_TITLE = 1u << 25,       // may be a line of a title, but for rows around
    F_CJK = 1u << 26,         // more CJK characters than letters
    F_REMAINDER = 1u << 27,
    F_TRAIL = 1u << 28,       // white space at its end
    F_COUPLET = 1u << 29,     // two clauses of five or seven characters
    F_FEW_HAN = 1u << 30,
    F_PICTURE = 1u << 31,     // may begin the caption of a picture
};

// Facts that the lines around tell, and facts of the line end before a line.
enum AroundFlag : uint32_t {
    A_RAW = 1 << 0,         // lines are cut after marks here
    A_FLUSH = 1 << 1,       // paragraphs begin without an indent here
    A_COUPLET = 1 << 2,     // a couplet among others
    A_TRAILS = 1 << 3,      // white space at its end, which few lines around have
    A_IN_ROWS = 1 << 4,     // like a row, beside another such line
    A_BLANKS_PART = 1 << 5, // blank lines part paragraphs here, and there are some
    A_WORD = 1 << 6,        // the line end before it parts a word
    A_UNCUT = 1 << 7,       // ... nothing that the table knows
    A_TITLE_CUT = 1 << 8, A_SUBTITLE = 1 << 9, A_CAPTION = 1 << 10,
    A_LEFT_OVER = 1 << 11,
    A_LONE_SPACED = 1 << 12,
    A_ALONE = 1 << 14,      // a remainder, not one of several such lines
    A_ODD_CLOSE = 1 << 15,  // a closing mark that stands alone ends as the line before does
    A_SEEN = 1 << 16,       // the characters on both sides of the line end stand side by side inside a line of the text
    A_ALIKE = 1 << 17,      // it begins like the line before
    A_INDENTS = 1 << 18,    // paragraphs around have an indent
    A_OPENS = 1 << 19,      // it must begin a paragraph, and is no heading
    A_LIST = 1 << 20,       // it begins like the next line, behind a sentence end or a colon
};

// What is counted over the lines around for the columns: where it stands in a number, five bits each.
enum NearField {
    NEAR_MID = 0,       // lines that end in mid-sentence,
    NEAR_STOPS = 5,     // ... that hold a sentence end,
    NEAR_STOP = 10,     // ... that end in one,
    NEAR_PARTING = 15,  // ... whose end parts a word,
    NEAR_UNCUT = 20,    // ... and those whose end does not, both as far as they vote,
    NEAR_DAMAGED = 25,  // ... that are letter-spaced, or begin with what cannot begin a line
};

// The arrays; the memory behind them is FactsMemory's.
struct Facts {
    static constexpr int BLOCK = lattice::COLUMN_BLOCK, HALO = 24;  // lines whose measures are found together, and that vote with them
    static constexpr int PAD = 32;  // lines of no facts before and behind, so that windows need no care

    int n = 0;
    // By line.
    uint32_t* flags;
    uint32_t* around;
    int16_t *width, *tight, *unit, *indent, *dropped, *narrow;
    uint16_t* begins;  // like what it begins: lines of their own often begin alike. 0: like nothing  // q; narrow: that its letters may be less
    uint8_t *blanks, *kind;                                     // blank lines before it, at most 4; how it ends
    int16_t *rhythm, *join, *part;  // costs of the line end before it, in hundredths of a nat
    uint8_t* free_join;             // it may be joined outside of any measure; 2: if a column is around
    // What it votes for: every measure in [low, high); twice, once with an indent.
    int16_t *low, *high, *low_indented, *high_indented, *exact;
    uint8_t *weight, *lines_of, *prose;
    int16_t* cost[lattice::MEASURES];  // of the measures of its block
    uint8_t* ends;                  // it cannot go on: it is the last one, or another text stands behind it
    uint32_t *sums, *more, *near;   // room for counts
    uint16_t* found;                // ... and for flags

};

class FactsMemory {
public:
    // Arrays for so many lines; all cleared.
    Facts give(int lines);

private:
    std::vector<uint64_t> memory_;
};

}  // namespace hanflow
