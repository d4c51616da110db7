// What the lines around a line say: how many of them, WINDOW either way, have a property.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hanflow {

// Text lines either way that speak for a measure, for damage, for leading.
constexpr int WINDOW = 8;

// Memory is kept from one fill to the next. Up to four properties are counted at once, in lanes of 16 bits: a segment has fewer
// lines than that.
class WindowCounts {
public:
    static constexpr uint64_t lane(int k, bool property) { return uint64_t(property) << (16 * k); }
    static int of(uint64_t counts, int k) { return int(counts >> (16 * k) & 0xFFFF); }

    // has(i): the lanes of line i of n that have their property. Linear.
    template <typename Property>
    void fill(int n, Property has) {
        sums_.resize(size_t(n) + 1);
        uint64_t sum = sums_[0] = 0;
        for (int i = 0; i < n; ++i) sums_[size_t(i) + 1] = sum += uint64_t(has(i));
    }
    int lines() const { return int(sums_.size()) - 1; }
    // How many lines of all have the first property.
    int total() const { return of(sums_.back(), 0); }
    // How many near line i: in lanes, or the first property only.
    uint64_t all_near(int i, int window = WINDOW) const { return sums_[size_t(end(i, window))] - sums_[size_t(begin(i, window))]; }
    int near(int i, int window = WINDOW) const { return of(all_near(i, window), 0); }
    // How many lines the window of line i has.
    int size(int i) const { return end(i) - begin(i); }

private:
    int begin(int i, int window = WINDOW) const { return std::max(0, i - window); }
    int end(int i, int window = WINDOW) const { return std::min(lines(), i + window + 1); }

    std::vector<uint64_t> sums_ = {0};
};

}  // namespace hanflow
