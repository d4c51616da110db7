// What the Viterbi pass needs of lines, as small integers, and what it says of them. The pass itself stands in decide/decode.inl.
//
// Problem. A Viterbi step asks little of a line but a chain of comparisons, each with the result of the last: done line after line
// it costs a thousand cycles, nearly all of them spent waiting.
// Idea. Lines are decided in blocks that do not depend on each other (unwrap.cpp): so 8, 16 or 32 blocks go through the pass side by
// side, one in each lane of a vector, in numbers of 16 bits. A number holds a cost in its upper 12 bits, in twentieths of a nat,
// and in its lower 4 the state that it came from. So one signed minimum finds the cheapest way, where it came from, and of equal
// costs the state that stands first.
// Guaranteed. The result is that of the reference, tests/reference/unwrap.py, line end for line end, on every CPU path.
// Example. Cost 30 from state END outside of any measure (number 3) is 30 * 16 + 3 = 483. A way that costs 22 more becomes 483 + 352.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace hanflow {

namespace lattice {

constexpr int MEASURES = 3;      // of a block of lines, at most; behind them stands "none"
constexpr int INDEXES = MEASURES + 1;
constexpr int ENDINGS = 4;       // END, FULL, PIECE, OTHER_PIECE
constexpr int STATES = ENDINGS * INDEXES;  // a state is ending * INDEXES + index
enum Ending : uint8_t { END, FULL, PIECE, OTHER_PIECE };

constexpr int BLOCK = 64;       // lines that are decided together
constexpr int WARM_UP = 16;     // ... with so many before them
constexpr int READ_AHEAD = 16;  // ... and behind them
constexpr int STEPS = WARM_UP + BLOCK + READ_AHEAD;
constexpr int COLUMN_BLOCK = 32;  // lines that have their measures together: they change at these steps of a run, and so many on
static_assert(BLOCK % COLUMN_BLOCK == 0 && WARM_UP < COLUMN_BLOCK, "measures change at the same steps in all lanes");

constexpr int COST_BITS = 4;     // below a cost
// A cost in hundredths of a nat, as weights are written.
constexpr int shifted(int hundredths) { return hundredths / 5 << COST_BITS; }
constexpr int16_t NEVER = 32767;  // a way that there is not
constexpr int16_t UNREACHED = NEVER - 15;  // ... with any state in it
constexpr int FORGOTTEN = 300 << COST_BITS;  // a state that costs more than this above the cheapest is given up
constexpr int OPEN_LIMIT = 1024;  // q, wider than any measure by far: more costs no more
constexpr int INDENT = 8;      // q of a paragraph's first line
constexpr int FAR = 6;         // q; measures nearer than this are one measure
constexpr int OVER_FREE = 3;   // q that rounding and squeezed marks may hide
constexpr int STRETCH = 4;     // one part of so many of the measure may be filled by letter-spacing
constexpr int ROUNDING = 2;    // q by which kerning and narrow digits are misjudged
constexpr int MIN_MEASURE = 32;  // q; no column is narrower
constexpr int LEAST = 2;       // weight of the votes for a measure at least
constexpr int CREDIBLE = 150;  // a measure that costs no more, in hundredths, says that a column is around
constexpr int MOST_JOINT = 3000;  // hundredths of a nat at most, of what two lines say of the end between them
constexpr int NO_MEASURE = -4096;  // far from all

constexpr int UNUSED = 4;  // numbers of a row, so that it fills a cache line

// One line. Costs are shifted by COST_BITS. `on`: the line goes on in the next one; `off`: it ends its paragraph.
struct Row {
    int16_t width, tight;
    int16_t unit;   // q of the first unit of the next line
    int16_t need;   // width, unit, and the kerning that the extractor did not print
    int16_t on, last, alone;       // how it ends: going on; as the last line of several; as the only one
    int16_t free_on, free_off;     // ... outside of any measure
    int16_t join, part;            // it and the line before are joined, or parted
    int16_t free_join;             // ... joined outside of any measure, or NEVER
    int16_t cost[MEASURES];        // of the measures
    int16_t measure[MEASURES];     // or NO_MEASURE
    int16_t indent_on, full_on;    // a first line that goes on: with an indent that was lost, and without
    int16_t indent_off, full_off;  // ... and that ends its paragraph
    int16_t cut;      // it may be cut after a mark, and goes on as a piece; or NEVER
    int16_t heading;  // ... and it is a first line
    int16_t spaced;   // -1: letter-spaced; else 0
    int16_t forced;   // -1: what the next line begins with cannot begin a line
    int16_t lost;     // q of an indent that was lost from a first line
    int16_t stays;    // NEVER: it cannot go on; else 0
    int16_t unused[UNUSED];
};
constexpr int FIELDS = sizeof(Row) / sizeof(int16_t);
static_assert(FIELDS == 32, "");

// A block to decide: the rows of its lines and of those around, [0, lines); its own are [own, own + count).
struct Run {
    const Row* rows;
    int32_t lines;
    int32_t own, count;  // own is WARM_UP, or 0 where the text begins
    uint8_t* states;     // of its own lines
};

constexpr int MOST_LANES = 32;

// Memory of a pass.
struct Scratch {
    std::unique_ptr<int16_t[]> rows{new int16_t[STEPS * FIELDS * MOST_LANES + 32]}, states{new int16_t[STEPS * STATES * MOST_LANES + 32]};
    int16_t* aligned_rows() { return align(rows.get()); }
    int16_t* aligned_states() { return align(states.get()); }

private:
    static int16_t* align(int16_t* p) { return p + (64 - reinterpret_cast<uintptr_t>(p) % 64) % 64 / 2; }
};

}  // namespace lattice
}  // namespace hanflow
