// Which line ends are only the end of a column's line.
#pragma once

#include <algorithm>
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
    // What the best ways to the states of a line cost, and what they leave open; by measure. A cost is counted in sixteenths:
    // the rest is the state of the line before (ending * 4 + measure), so that the least is the best, and of equal ones the
    // one over the first state. Those of endings behind the last one hold nothing.
    struct States {
        Lanes cost[ENDINGS];
        Open open[ENDINGS];
        int last;
    };
    struct Step {
        Lanes sources[ENDINGS];          // the states of the line before, in the lowest four bits
        int32_t measures[MEASURES + 1];  // -1: none; the last of `count` is that
        int8_t count;
        int lender;                      // the line whose measures it takes, -1: its own
        int source(int state) const { return sources[state / 4][state % 4] & 15; }
    };

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
    static int best_state(const Step& step, const States& states);
    int cheapest(int i, bool joined, bool goes_on, Open& open) const;
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
