// How the lines of a page go together: vertical regions, joined lines, and what the lines around say of a line.
#pragma once

#include <cstdint>
#include <vector>

#include "decide/unwrap.hpp"
#include "decide/vertical.hpp"
#include "decide/window.hpp"
#include "lines/page.hpp"

namespace hanflow {

class Layout {
public:
    // All vectors are indexed like page.texts.
    std::vector<Joint> joints;          // between text line i and i + 1
    std::vector<uint8_t> by_vertical;   // ... which vertical decided; else unwrap
    std::vector<uint8_t> confidence;    // of the joint, in per cent
    std::vector<uint8_t> joined;        // on either side
    std::vector<uint8_t> damaged;       // a joined, vertical or letter-spaced line stands within the window
    std::vector<uint8_t> trimmed;       // white space at its ends is layout: it goes
    std::vector<uint8_t> near_spaced;   // a letter-spaced one does
    std::vector<uint8_t> tabular;       // a row of a table among others: its gaps part cells
    std::vector<uint8_t> prose;         // its paragraph has a pause or sentence end: headings have none
    std::vector<uint8_t> foreign;       // its paragraph is Latin text, or the line is program text
    std::vector<uint8_t> leading;       // the blank lines behind it are leading: they go; how sure that is, in per cent
    std::vector<uint8_t> leading_by_vertical;
    std::vector<uint32_t> grid_of;      // 1 + index into vertical.grids, or 0
    std::vector<Why> whys;              // of the joint, if the page is traced
    Vertical vertical;

    // Before the Viterbi pass of unwrap: adds its runs. All else behind it; the page is the same then.
    void prepare(Page& page, std::vector<lattice::Run>& runs);
    void finish(Page& page);

private:
    void decide_alone(const Line& line);
    void join_halves(const Page& page);
    void join_credits(Page& page);
    size_t credit_end(Page& page, size_t i);
    size_t names_end(Page& page, size_t i);
    void set_paragraphs(const Page& page);
    void set_trimmed(const Page& page);
    void set_joints(Page& page);
    void set_leading(const Page& page);
    void set_whys(const Page& page);

    Unwrap unwrap_;
    std::vector<uint32_t> body_;
    std::vector<uint8_t> barriers_, sure_;
    WindowCounts counts_;
};

}  // namespace hanflow
