// Which line ends are only the end of a column's line: what is known of lines, and the Viterbi pass (lattice.hpp) before and after.
#pragma once

#include <cstdint>
#include <vector>

#include "evidence/facts.hpp"
#include "lines/page.hpp"
#include "simd/lattice.hpp"

namespace hanflow {

class Unwrap {
public:
    // Gathers what the pass needs of the lines and adds the runs of their blocks.
    // body: indexes into page.texts of the lines that may be joined; barriers[k]: line k cannot go on in line k + 1. Linear.
    void prepare(Page& page, const std::vector<uint32_t>& body, const std::vector<uint8_t>& barriers, std::vector<lattice::Run>& runs);
    // Behind the pass. sure[k]: how sure it is that line k goes on in line k + 1, in per cent; 0: it does not; CERTAIN where the page
    // is not to be explained.
    void finish(const Page& page, std::vector<uint8_t>& sure) const;

    // Why line k goes on in line k + 1, if `sure` says so: after finish().
    Why why(size_t k, const std::vector<uint8_t>& sure) const;

private:
    void read(const Page& page, const std::vector<uint8_t>& barriers);
    void look_closer(const Page& page);
    void fold(const std::vector<uint8_t>& barriers);
    void set_rows();
    bool may_be_cut(int i) const;
    int measure_of(size_t k) const;
    void set_confidences(std::vector<uint8_t>& sure) const;

    std::vector<Line*> lines_;
    FactsMemory memory_;
    Facts facts_{};
    std::vector<int16_t> measures_;  // of each block of lines
    std::vector<lattice::Row> rows_;
    std::vector<uint8_t> states_;
};

}  // namespace hanflow
