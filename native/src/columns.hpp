// The measures of columns: how wide the typeset lines were, and how credible each width is at each line.
//
// Problem. A line end means nothing by itself, only against the measure at which the column was set; but the text does not say it,
// pages have several, and headings, lists and verse have none.
// Idea. A line that ends in mid-sentence was cut, because the first unit of the next line did not fit any more. So it votes for the
// measures between its own width and that with the unit. What many lines vote for is a measure. Lines vote in blocks, with the
// lines around; whether a line stands in such a column is a cost, not a yes or no.
// Guaranteed. The measures of a block follow from its lines and HALO lines either way, the costs at a line from WINDOW lines either
// way. Measures of a block are multiples of GRAIN and stand FAR apart. As in tests/reference/columns.py, which has an example.
#pragma once

#include <cstdint>
#include <vector>

#include "lattice.hpp"
#include "page.hpp"
#include "window.hpp"

namespace hanflow {

class Columns {
public:
    static constexpr int BLOCK = lattice::COLUMN_BLOCK, HALO = 24;
    static constexpr int GRAIN = 2, MIN_MEASURE = 8 * CELL;  // q

    // Sets the measures and their costs at each line. lines: gathered (evidence.hpp). barriers[i]: line i cannot go on in line i + 1.
    // few: the text is too short for votes to count. Linear.
    void find(const std::vector<Line*>& lines, const std::vector<uint8_t>& barriers, bool few);
    // The measures of a line's block, best first; behind the last one NO_MEASURE.
    const int16_t* measures(int line) const { return &measures_[size_t(line / BLOCK) * lattice::MEASURES]; }
    // What they cost there, in hundredths of a nat.
    const int16_t* costs(int line) const { return &costs_[size_t(line) * lattice::MEASURES]; }
    // Whether some measure is credible at the line.
    bool is_column(int line) const;

private:
    // A line speaks for every measure in [low, high).
    struct Vote {
        int16_t low, high;
        int8_t weight;  // where measures are chosen
        int8_t lines;   // that it counts for where they are judged: one that parts a word is sure
        bool prose;     // pauses or sentence ends stand in it or in the next line, or its end parts a word
        int8_t exact;   // the bin of the measure that it fills, when it ends in mid-sentence; or -1
    };
    static constexpr int BINS = (MAX_MEASURE - MIN_MEASURE) / GRAIN + 1;

    int folded(const std::vector<Line*>& lines, const std::vector<uint8_t>& barriers, int i) const;
    void vote(const std::vector<Line*>& lines, const std::vector<uint8_t>& barriers);
    void choose(size_t from, size_t to, int16_t* measures);
    void judge(const std::vector<Line*>& lines, int begin, int end, int measure, int16_t* costs);

    std::vector<Vote> votes_;
    std::vector<uint32_t> first_;  // of each line's votes, and one more
    std::vector<int16_t> measures_, costs_;
    std::vector<int16_t> tight_;
    enum { MIDS, STOPS };
    WindowCounts ends_;
};

}  // namespace hanflow
