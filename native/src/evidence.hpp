// What speaks for and against a line end, but for the widths: what the lines around say of a line, and what two lines say of
// the end between them. The weights are in weights.hpp.
#pragma once

#include <vector>

#include "lattice.hpp"
#include "page.hpp"
#include "window.hpp"

namespace hanflow {

constexpr int INDENT = lattice::INDENT;
static_assert(INDENT == 2 * CELL, "");

class Evidence {
public:
    // Sets what the lines around say of each of the lines that may be joined. Looks at most 24 lines either way. Linear.
    void gather(const Page& page, const std::vector<Line*>& lines);

private:
    std::vector<uint16_t> facts_;  // of each line; the windows count some of them
    WindowCounts usual_, flush_, shorter_, trailing_, couplets_;
};

// Of the line end between a and b, once it is gathered: what it costs to join and to part them.
int join_cost(const Line& a, const Line& b);
int break_cost(const Line& a, const Line& b);
// ... the part of break_cost that only a column around makes credible.
int title_cost(const Line& b);
bool joins_freely(const Line& a, const Line& b);
bool may_be_cut(const Line& a, const Line& b);

}  // namespace hanflow
