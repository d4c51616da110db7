// Which line ends are only the end of a column's line.
#pragma once

#include <cstdint>
#include <vector>

#include "evidence.hpp"
#include "lanes.hpp"
#include "page.hpp"
#include "window.hpp"

namespace hanflow {

class Unwrap {
public:
    // body: indexes into page.texts of the lines that may be joined; barriers[k]: line k cannot go on in line k + 1.
    // sure[k]: how sure it is that line k goes on in line k + 1, in per cent; 0: it does not; CERTAIN where the page is not to
    // be explained. Decisions look at most 24 lines back and 2 * LAG lines ahead (LAG in unwrap.cpp). Linear in the lines.
    void decide(Page& page, const std::vector<uint32_t>& body, const std::vector<uint8_t>& barriers,
                std::vector<uint8_t>& sure);

    // Why line k goes on in line k + 1, if `sure` says so: after decide().
    Why why(size_t k, const std::vector<uint8_t>& sure) const;

    static constexpr int MEASURES = 3;  // candidates a line
    // The line is the last of its paragraph; or it goes on, at the end of its typeset line, or cut after a mark: the best
    // two ways to that which leave more or less of the typeset line. A state is one of these and a measure, or none.
    enum { END, FULL, PIECE, OTHER_PIECE, ENDINGS };

    // What the pass needs of a line, close together.
    struct Row {
        int32_t width, tight;
        int32_t unit, dropped;
        uint8_t end_kind;
        bool spaced, marks, raw, may_be_cut, flush, stretched, indented, can_go_on, forced, joins_freely, goes_on_title;
        int32_t to_join, to_break;  // costs of the boundary before it
    };
    // q of a typeset line that stand in lines before, at their own width and with marks squeezed; by measure.
    struct Open {
        Lanes width, tight;
    };
    // A way to a state, by measure: what it costs, and what it leaves open.
    struct Way {
        Lanes cost;
        Open open;
    };
    // A state is a number: its ending, and in the lowest MEASURE_BITS which measure of its line it has.
    static constexpr int MEASURE_BITS = 2, STATE_BITS = 4;
    struct Step {
        // Of the best ways to the states of the line, up to the last ending that some have. In its lowest STATE_BITS a cost has
        // the state of the line before: so the least is the best, and of equal ones the one over the first state.
        Lanes costs[ENDINGS];
        Open open[ENDINGS - PIECE];  // only pieces leave something open
        int last;
        int32_t measures[MEASURES + 1];  // -1: none; the last of `count` is that
        int8_t count;
        int lender;                      // the line whose measures it takes, -1: its own
        int packed_cost(int state) const { return costs[ending_of(state)][measure_of(state)]; }
        int cost(int state) const { return packed_cost(state) >> STATE_BITS; }
        int source(int state) const { return packed_cost(state) & ((1 << STATE_BITS) - 1); }
        int measure(int state) const { return measures[measure_of(state)]; }
    };
    static constexpr int state_of(int ending, int measure) { return ending << MEASURE_BITS | measure; }
    static constexpr int ending_of(int state) { return state >> MEASURE_BITS; }
    static constexpr int measure_of(int state) { return state & ((1 << MEASURE_BITS) - 1); }

private:
    // A line speaks for every measure in [low, high), in half cells.
    struct Support {
        int16_t low, high;
        uint64_t cover;  // what it adds to each
    };
    struct Supports {
        int count = 0;
        Support list[2];
    };

    int folded(const std::vector<uint8_t>& barriers, int i) const;
    void set_supports(const std::vector<uint8_t>& barriers);
    static int best_state(const Step& step);
    Way cheapest(int i, bool joined, bool goes_on, const Open& before) const;
    void set_confidences(std::vector<uint8_t>& sure) const;
    void set_rows(const std::vector<uint8_t>& barriers);
    int candidates(int i, int32_t* chosen) const;
    int wider(int i, int q) const;
    void lend_measures();
    void add(int line);
    void remove(int line);

    bool few_ = false;  // a text of two or three lines: one that is cut is enough
    Evidence evidence_;
    std::vector<Line*> lines_;
    std::vector<Row> rows_;
    std::vector<Supports> supports_;
    std::vector<Step> steps_;
    std::vector<int32_t> path_;  // the measure of each line, -1: none
    enum { STOPS, MIDS };
    WindowCounts ends_;  // lines that hold a sentence end, that end in mid-sentence
    std::vector<int16_t> tight_;  // of each line, WINDOW zeros before and behind
    // The sliding histogram behind candidates(), by measure in half cells: four counts of 16 bits a word, and how many
    // supports begin there; begins_list_ has each of those once.
    std::vector<uint64_t> cover_;
    std::vector<int16_t> begins_, begins_list_;
};

}  // namespace hanflow
