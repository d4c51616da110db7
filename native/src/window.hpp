// What the lines around a line say: how many of them, WINDOW either way, have a property.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace hanflow {

// Text lines either way that speak for a measure, for damage, for leading.
constexpr int WINDOW = 8;

// Memory is kept from one fill to the next.
class WindowCounts {
public:
    // has(i): whether line i of n has the property. Linear.
    template <typename Property>
    void fill(int n, Property has) {
        sums_.resize(size_t(n) + 1);
        sums_[0] = 0;
        for (int i = 0; i < n; ++i) sums_[size_t(i) + 1] = sums_[size_t(i)] + (has(i) ? 1 : 0);
    }
    int lines() const { return int(sums_.size()) - 1; }
    int total() const { return sums_.back(); }
    int near(int i, int window = WINDOW) const { return sums_[size_t(end(i, window))] - sums_[size_t(begin(i, window))]; }
    // How many lines the window of line i has.
    int size(int i) const { return end(i) - begin(i); }

private:
    int begin(int i, int window = WINDOW) const { return std::max(0, i - window); }
    int end(int i, int window = WINDOW) const { return std::min(lines(), i + window + 1); }

    std::vector<int> sums_ = {0};
};

}  // namespace hanflow
