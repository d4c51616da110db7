// Which line ends are only the end of a column's line: what is known of lines, and the Viterbi pass (lattice.hpp) before and after.
#pragma once

#include <cstdint>
#include <vector>

#include "evidence/facts.hpp"
#include "lines/page.hpp"
#include "simd/lattice.hpp"

namespace hanflow {

// Which pairs of Han that a line end parts stand side by side inside a line of the same text: there the line end is only the column's.
// The pairs of the line ends are few; all pairs of the text are looked up among them.
class SeenPairs {
public:
    void find(const Page& page, const std::vector<Line*>& lines);  // linear in the text
    bool has(uint32_t x, uint32_t y) const;  // of characters on both sides of a line end

private:
    static uint32_t hash_of(uint32_t key) { return key * 0x9E3779B1u; }
    size_t slot_of(uint32_t key) const {
        size_t at = hash_of(key) >> 7 & mask_;
        while (slots_[at] && slots_[at] != key) at = (at + 1) & mask_;
        return at;
    }

    uint64_t filter_[256];         // a bit for each hash of a pair
    std::vector<uint32_t> slots_;  // the pairs; 0: free
    std::vector<uint8_t> seen_;
    uint32_t mask_ = 0;
};

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
    SeenPairs seen_;
    FactsMemory memory_;
    Facts facts_{};
    std::vector<int16_t> measures_;  // of each block of lines
    std::vector<lattice::Row> rows_;
    std::vector<uint8_t> states_;
};

}  // namespace hanflow
