// Which line ends are only the end of a column's line.
#pragma once

#include <cstdint>
#include <vector>

#include "page.hpp"

namespace hanflow {

// Text lines either way that speak for a measure, for damage, for leading.
constexpr int WINDOW = 8;

class Unwrap {
public:
    // body: indexes into page.texts of the lines that may be joined; barriers[k]: line k cannot go on in line k + 1.
    // joins[k] = 1: line k goes on in line k + 1. Decisions look at most WINDOW lines back and 2 * LAG lines ahead
    // (LAG in unwrap.cpp). Linear in the lines.
    void decide(Page& page, const std::vector<uint32_t>& body, const std::vector<uint8_t>& barriers,
                std::vector<uint8_t>& joins);

private:
    // A line speaks for every measure in [low, high).
    struct Support {
        int low, high, weight;
        bool prose, mid;
    };
    struct Supports {
        int count = 0;
        Support list[2];
    };
    static constexpr int MEASURES = 3;
    static constexpr int STATES = (MEASURES + 1) * 2;  // state: measure index * 2 + goes on; the last measure is none
    struct Step {
        int measures[MEASURES + 1];  // -1: none
        int count;
        int8_t source[STATES];       // state of the line before, -1: not reached
    };
    struct State {
        int cost, open;
        bool reached;
    };

    void set_rhythm();
    void set_supports(const std::vector<uint8_t>& barriers);
    int candidates(int i, int* chosen);
    void slide(int line, int sign);

    std::vector<Line*> lines_;
    std::vector<Supports> supports_;
    std::vector<Step> steps_;
    std::vector<int> sums_;
    // How many of the supports in the window cover a measure: the sliding histogram behind candidates().
    struct Cover {
        int16_t lines, weight, prose, mid;
    };
    std::vector<Cover> cover_;
};

}  // namespace hanflow
