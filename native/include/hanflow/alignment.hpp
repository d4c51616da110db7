// Which character of the source each character of the result is: out of the edit list of a traced plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hanflow/api.hpp"

namespace hanflow {

// Positions count bytes or code points, as build() is told.
class AlignmentTable {
public:
    // Of source data[0, size) and the plan made of it. Linear; false when there is no memory.
    bool build(const uint8_t* data, size_t size, const Plan& plan, bool code_points) noexcept;

    // Pairs: where a run begins in the source and in the output; the last pair is the ends of both. A run of one length on
    // both sides goes character by character, any other one was replaced, deleted or inserted as a whole.
    const std::vector<int64_t>& runs() const noexcept { return runs_; }
    // Fours: begin and end in the source, begin and end in the output, of each character that a grid moved, in the order of
    // the output. Each grid is one run.
    const std::vector<int64_t>& moved() const noexcept { return moved_; }
    // Fours: the same of each edit.
    const std::vector<int64_t>& spans() const noexcept { return spans_; }

private:
    struct Cell {
        uint32_t cp;
        int64_t begin, end;
    };
    int64_t units(const uint8_t* text, size_t size) const;
    void put(int64_t source, int64_t output);
    void add(const uint8_t* source, size_t size, const uint8_t* text, size_t length);
    void add_white(const uint8_t* source, size_t size, const uint8_t* text, size_t length);
    bool walk(const uint8_t* source, size_t size, const uint8_t* text, size_t length);
    bool read_columns(const uint8_t* source, size_t size, const uint8_t* text, size_t length);

    bool code_points_ = false;
    int64_t source_ = 0, output_ = 0;  // how far it is
    bool even_ = false;                // the last run has one length on both sides
    std::vector<int64_t> runs_, moved_, spans_;
    std::vector<Cell> cells_;
};

// For each offset of one side, its end included, the offset on the other: the k-th of a run goes with the k-th, and what one
// side has more with the last of the other. here, there: where the `count` runs begin on both sides, the ends last. Linear.
void spread_runs(const int64_t* here, const int64_t* there, size_t count, int64_t* out) noexcept;

}  // namespace hanflow
