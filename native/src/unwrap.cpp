// A Viterbi pass over the text lines. A state is a measure (or none) and whether and how the line goes on in the next one. The
// fit test carries it: a line goes on when the first unit of the next line would not have fitted into it any more.
#include "unwrap.hpp"
#include "confidence.hpp"
#include "evidence.hpp"
#include "kernels/kernels.hpp"
#include "reasons.hpp"
#include "weights.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace hanflow {
namespace {

constexpr int LAG = 24;  // text lines after which a decision is final
constexpr int MIN_MEASURE = 8 * CELL;
constexpr int ROUNDING = 2;  // q by which kerning and narrow digits are misjudged
constexpr int GRAIN = 2;     // q; measures are tried in half cells
constexpr int PROSE = 2;  // in prose at least this part of the lines have a pause or sentence end near
constexpr int SHARE = 4;  // of so many lines in mid-sentence one at least speaks for a measure
constexpr int WEAK = 3;  // a candidate with less than this part of the best one's support is none
constexpr int LEND = 24;      // lines at most to one whose measures a line takes

#include "fit.inl"

// What a support adds to the histogram: counts of 16 bits.
constexpr uint64_t COVER_LINE = 1, COVER_WEIGHT = uint64_t(1) << 16, COVER_PROSE = uint64_t(1) << 32,
                   COVER_MID = uint64_t(1) << 48;
int cover_lines(uint64_t c) { return int(c & 0xFFFF); }
int cover_prose(uint64_t c) { return int(c >> 32 & 0xFFFF); }
// Bit 15 of each count of c + enough(...) is set if all counts reach what is asked. No count comes near 2^15.
constexpr uint64_t COVER_TOPS = 0x8000800080008000;
constexpr uint64_t enough(int lines, int weight) {
    return COVER_TOPS - (COVER_MID + COVER_PROSE + uint64_t(weight) * COVER_WEIGHT + uint64_t(lines) * COVER_LINE);
}

}  // namespace

// q of the pieces before line i that end in a mark, back to the last one that does not.
int Unwrap::folded(const std::vector<uint8_t>& barriers, int i) const {
    int width = 0;
    for (int k = i - 1; k >= 0 && i - k <= WINDOW && !barriers[k] && may_be_cut(*lines_[k], *lines_[k + 1]) && width <= MAX_MEASURE; --k)
        width += lines_[k]->width;
    return width;
}

void Unwrap::set_supports(const std::vector<uint8_t>& barriers) {
    const int n = int(lines_.size());
    supports_.assign(size_t(n), Supports{});
    const auto half = [](int q) { return int16_t((std::min(std::max(q, 0), MAX_MEASURE + GRAIN) + GRAIN - 1) / GRAIN); };
    for (int i = 0; i + 1 < n; ++i) {
        const Line &a = *lines_[i], &b = *lines_[i + 1];
        const bool mid = a.end_kind == EndKind::mid;
        if (barriers[i] || (!mid && a.end_kind != EndKind::pause) || (a.table | b.table | a.byline | b.byline)) continue;
        const int unit = std::max(b.unit, 1);
        const uint64_t prose = a.marks || b.marks || !mid || b.cut == Cut::word ? COVER_PROSE : 0;
        // Where lines are cut after marks, the typeset line is the pieces before it too.
        const int width = a.width + (mid && a.raw ? folded(barriers, i) : 0);
        const int low = width - a.letters / NARROW - ROUNDING, high = width + unit;
        Supports& s = supports_[i];
        const uint64_t weight = (mid && !a.spaced ? 2 : 1) * COVER_WEIGHT;
        const uint64_t count = COVER_LINE * (b.cut == Cut::word ? 2 : 1);  // one that parts a word is sure
        s.list[s.count++] = Support{half(low), half(high), count + weight + prose + (mid ? COVER_MID : 0)};
        const Line* before = i ? lines_[i - 1] : nullptr;
        const bool first = !before || (before->end_kind != EndKind::mid && before->end_kind != EndKind::pause) ||
                           before->width + a.unit < a.width;
        if (first && mid && !a.indent && !a.spaced)
            s.list[s.count++] = Support{half(std::max(low + INDENT, high)), half(high + INDENT),
                                        COVER_LINE + COVER_WEIGHT + prose};
    }
}

// Adds the supports of a line to the window's histogram.
void Unwrap::add(int line) {
    const Supports& s = supports_[line];
    for (int k = 0; k < s.count; ++k) {
        const Support& r = s.list[k];
        for (int m = r.low; m < r.high; ++m) cover_[m] += r.cover;
        const int16_t begin = int16_t(r.low + ROUNDING / GRAIN);
        if (begin < MIN_MEASURE / GRAIN || begin > MAX_MEASURE / GRAIN) continue;
        if (!begins_[begin]++) begins_list_.push_back(begin);
    }
}

// ... and takes them out.
void Unwrap::remove(int line) {
    const Supports& s = supports_[line];
    for (int k = 0; k < s.count; ++k) {
        const Support& r = s.list[k];
        for (int m = r.low; m < r.high; ++m) cover_[m] -= r.cover;
        const int16_t begin = int16_t(r.low + ROUNDING / GRAIN);
        if (begin < MIN_MEASURE / GRAIN || begin > MAX_MEASURE / GRAIN || --begins_[begin]) continue;
        *std::find(begins_list_.begin(), begins_list_.end(), begin) = begins_list_.back();
        begins_list_.pop_back();
    }
}

// How many lines of the window of line i are wider than q: four at a time, the top bit of 16 telling.
int Unwrap::wider(int i, int q) const {
    constexpr uint64_t ONES = 0x0001000100010001;
    const uint64_t bias = uint64_t(0x7FFF - q) * ONES;
    const int16_t* const around = &tight_[size_t(i)];  // padded by WINDOW lines of no width
    uint64_t sums = around[2 * WINDOW] > q;
    for (int y = 0; y < 2 * WINDOW; y += 4) {
        uint64_t four;
        std::memcpy(&four, around + y, sizeof four);
        sums += (four + bias) >> 15 & ONES;
    }
    return int(sums * ONES >> 48);
}

// The measures that the lines around line i speak for, best first; returns how many. Lines that are wider than a measure
// speak against it: a text of whole paragraphs has no measure. The histogram must stand at line i.
int Unwrap::candidates(int i, int32_t* chosen) const {
    if (begins_list_.empty()) return 0;
    // Weight in the upper half, 0xFFFF - measure in the lower: the greatest is the best, of equal ones the smaller measure.
    uint32_t scored[2 * (2 * WINDOW + 1) + 1];
    int count = 0;
    uint32_t best = 0;
    const uint64_t near = ends_.all_near(i);
    const bool stops = few_ || WindowCounts::of(near, STOPS);
    const int mid = few_ ? 0 : WindowCounts::of(near, MIDS);
    const uint64_t bias = few_ ? enough(0, 2) : enough(2, 2);
    const uint64_t* const cover = cover_.data();
    for (const int16_t m : begins_list_) {
        const uint64_t c = cover[m];
        const int lines = cover_lines(c), prose = cover_prose(c);
        const uint32_t score = (uint32_t(c) & 0xFFFF0000) | (0xFFFF - uint32_t(m));
        // Without marks at line ends it is verse.
        const bool speaks = (((c + bias) & COVER_TOPS) == COVER_TOPS) & (lines * SHARE >= mid) & (prose * PROSE >= lines) &
                            (stops | (prose * 5 >= lines * 4));
        scored[count] = score;
        count += speaks;
        best = std::max(best, speaks ? score : 0);
    }
    int found = 0, most = 0;
    while (best) {
        const int half = int(0xFFFF - (best & 0xFFFF)), m = half * GRAIN;
        const bool chosen_now = wider(i, m + CELL) <= 2 * cover_lines(cover[half]);
        if (chosen_now) {
            if (!found) most = int(best >> 16);
            chosen[found++] = m;
            if (found == MEASURES) break;
        }
        // What is left: neither weak nor near a chosen one.
        const uint32_t last = best;
        const int far = chosen_now ? FAR : 0, all = count;
        best = 0;
        count = 0;
        for (int y = 0; y < all; ++y) {
            const uint32_t score = scored[y];
            const int other = int(0xFFFF - (score & 0xFFFF)) * GRAIN;
            const bool left = score != last && std::abs(m - other) >= far && int(score >> 16) * WEAK >= most;
            scored[count] = score;
            count += left;
            best = std::max(best, left ? score : 0);
        }
    }
    return found;
}

// Where lines are cut after marks, few lines end where the column does: those that have no measure take the nearest line's.
void Unwrap::lend_measures() {
    const int n = int(lines_.size());
    const auto is_raw = [](const Line* line) { return line->raw; };
    if (std::none_of(lines_.begin(), lines_.end(), is_raw)) return;
    int before = -1;
    for (int i = 0; i < n; ++i) steps_[i].lender = -1;
    for (int i = 0; i < n; ++i) {
        before = lines_[i]->raw ? steps_[i].count ? i : before : -1;
        if (!steps_[i].count && before >= 0 && i - before <= LEND) steps_[i].lender = before;
    }
    int behind = -1;
    for (int i = n - 1; i >= 0; --i) {
        behind = lines_[i]->raw ? steps_[i].count ? i : behind : -1;
        if (!steps_[i].count && behind >= 0 && behind - i <= LEND && (steps_[i].lender < 0 || behind - i < i - steps_[i].lender))
            steps_[i].lender = behind;
    }
    for (int i = 0; i < n; ++i) {
        if (steps_[i].lender < 0) continue;
        const Step& lender = steps_[steps_[i].lender];
        steps_[i].count = lender.count;
        std::copy_n(lender.measures, lender.count, steps_[i].measures);
    }
}

void Unwrap::set_rows(const std::vector<uint8_t>& barriers) {
    const int n = int(lines_.size());
    rows_.resize(size_t(n));
    tight_.assign(size_t(n) + 2 * WINDOW, 0);
    for (int i = 0; i < n; ++i) {
        const Line& line = *lines_[i];
        const Line* a = i ? lines_[i - 1] : nullptr;
        const Line* next = i + 1 < n ? lines_[i + 1] : nullptr;
        Row& row = rows_[i];
        row.width = line.width;
        row.tight = line.tight;
        tight_[size_t(i) + WINDOW] = int16_t(std::min(std::max(line.tight, 0), 2 * MAX_MEASURE));  // wider than every measure
        row.unit = next ? next->unit : 0;
        row.dropped = line.dropped;
        row.end_kind = uint8_t(line.end_kind);
        row.spaced = line.spaced;
        row.marks = line.marks > 0;
        row.raw = line.raw;
        row.may_be_cut = next && may_be_cut(line, *next);
        row.flush = line.flush;
        row.stretched = line.stretched;
        row.indented = line.indent >= CELL;
        row.can_go_on = next && !barriers[i] && !line.table;
        row.forced = next && next->start_kind == StartKind::nostart;
        row.joins_freely = a && hanflow::joins_freely(*a, line);
        row.goes_on_title = a && title_cost(line) > 0;
        row.to_join = a ? join_cost(*a, line) : 0;
        row.to_break = a ? break_cost(*a, line) : 0;
    }
}

void Unwrap::decide(Page& page, const std::vector<uint32_t>& body, const std::vector<uint8_t>& barriers,
                    std::vector<uint8_t>& sure) {
    const int n = int(body.size());
    sure.assign(size_t(n), 0);
    if (n < 2) return;
    lines_.clear();
    for (uint32_t i : body) lines_.push_back(&page.text(i));
    few_ = n <= 3 && page.whole;
    evidence_.gather(page, lines_);
    set_supports(barriers);
    set_rows(barriers);
    ends_.fill(n, [&](int i) {
        return WindowCounts::lane(STOPS, lines_[i]->stops) | WindowCounts::lane(MIDS, lines_[i]->end_kind == EndKind::mid);
    });
    steps_.resize(size_t(n));
    path_.resize(size_t(n));
    cover_.assign(MAX_MEASURE / GRAIN + 2, 0);
    begins_.assign(MAX_MEASURE / GRAIN + 2, 0);
    begins_list_.clear();
    for (int i = 0; i < std::min(n, WINDOW); ++i) add(i);
    for (int i = 0; i < n; ++i) {
        if (i + WINDOW < n) add(i + WINDOW);
        if (i > WINDOW) remove(i - WINDOW - 1);
        steps_[i].count = int8_t(candidates(i, steps_[i].measures));
    }
    lend_measures();

    const auto reach = kernels().reach;
    Step start{};  // of what stands before the first line: a paragraph that ended, outside any measure
    start.last = END;
    start.measures[0] = -1;
    start.count = 1;
    for (int i = 0, done = 0; i < n; ++i) {
        Step& step = steps_[i];
        std::fill(step.measures + step.count, std::end(step.measures), -1);
        ++step.count;
        reach(rows_[i], i ? steps_[i - 1] : start, step);
        if (i + 1 < n && i + 1 - done < 2 * LAG) continue;
        // Decide all lines that are LAG lines back, or all at the end, on the best way to here.
        for (int k = i, state = best_state(step); k >= done; --k) {
            if (i + 1 == n || k <= i - LAG) {
                sure[k] = ending_of(state) == END ? 0 : confidence::CERTAIN;
                path_[k] = steps_[k].measure(state);
            }
            state = steps_[k].source(state);
        }
        done = i + 1 == n ? n : i - LAG + 1;
    }
    if (page.explained) set_confidences(sure);
}

// The cheapest state. Of equal costs: how it ends, then a measure, then the smaller one.
int Unwrap::best_state(const Step& step) {
    int best = state_of(END, 0);
    const auto better = [&](int s, int t) {
        if (step.cost(s) != step.cost(t)) return step.cost(s) < step.cost(t);
        if (ending_of(s) != ending_of(t)) return ending_of(s) < ending_of(t);
        const int p = step.measure(s), q = step.measure(t);
        return (p < 0) != (q < 0) ? q < 0 : p < q;
    };
    for (int ending = END; ending <= step.last; ++ending)
        for (int y = 0; y < step.count; ++y)
            if (better(state_of(ending, y), best)) best = state_of(ending, y);
    return best;
}

// The cheapest way of a line at the measure of its path, in all lanes.
Unwrap::Way Unwrap::cheapest(int i, bool joined, bool goes_on, const Open& before) const {
    const Row& row = rows_[i];
    if (goes_on && row.forced) return Way{all(0), with(before, row)};
    if (path_[i] < 0) return Way{all(free_cost(row, goes_on)), {all(0), all(0)}};
    const Lanes m = all(path_[i]);
    const auto way = [&](Way f, int more) {
        f.cost = f.cost + all(end_cost(row, joined, goes_on) + more);
        return f;
    };
    if (joined) return way(goes_on ? fit<true>(row, before, m) : fit<false>(row, before, m), 0);
    const auto first = [&](int indent, int more) {
        return way(goes_on ? first_fit<true>(row, indent, m) : first_fit<false>(row, indent, m), more);
    };
    if (row.indented) return first(0, 0);
    const Way indented = first(INDENT, indent_cost(row, true, goes_on)), full = first(0, indent_cost(row, false, goes_on));
    return full.cost[0] < indented.cost[0] ? full : indented;
}

// What the path would cost more if only this line ended a paragraph, as per cent.
void Unwrap::set_confidences(std::vector<uint8_t>& sure) const {
    const Open closed{all(0), all(0)};
    Open before = closed;
    for (size_t k = 0; k + 1 < sure.size(); ++k) {
        const int i = int(k);
        if (!sure[k]) {
            before = closed;
            continue;
        }
        const bool joined = k && sure[k - 1], goes_on = sure[k + 1] > 0;
        const int m = path_[i + 1], last = path_[i];
        const bool none = m < 0 || last < 0, near = none || std::abs(last - m) < FAR;
        const Row& next = rows_[i + 1];
        const Way on = cheapest(i, joined, true, before), end = cheapest(i, joined, false, before);
        const int join = on.cost[0] + next.to_join + (none ? FREE_JOIN : near ? 0 : SWITCH_INSIDE) +
                         cheapest(i + 1, true, goes_on, on.open).cost[0];
        const int part = end.cost[0] + next.to_break + (near ? 0 : SWITCH_BETWEEN) +
                         cheapest(i + 1, false, goes_on, closed).cost[0];
        before = on.open;
        sure[k] = confidence::of_margin(part - join);
    }
}

Why Unwrap::why(size_t k, const std::vector<uint8_t>& sure) const {
    namespace of = reasons::joint;
    if (!sure[k]) return Why{};
    const Row& row = rows_[k];
    const Line &a = *lines_[k], &b = *lines_[k + 1];
    const int m = path_[k];
    Why why{0, uint16_t(m < 0 ? 0 : (m + CELL / 2) / CELL)};
    const auto add = [&](bool holds, of::Number reason) { why.reasons |= uint32_t(holds) << reason; };
    const bool mid = a.end_kind == EndKind::mid, stop = a.end_kind == EndKind::stop;
    if (m >= 0 && !row.forced) {
        // What is left of the column, but for the indent that the extractor dropped from a first line.
        const bool first = !k || !sure[k - 1];
        const int left = m - row.width - row.dropped - row.unit;
        const bool full = left <= CELL || (first && !row.indented && left - INDENT <= CELL);
        if (row.spaced)
            add(true, of::STRETCHED);
        else
            add(true, full ? of::FULL : row.may_be_cut ? of::PIECE : of::SHORT);
    }
    add(row.forced, of::CANNOT_START);
    add(mid && a.opened && b.closed, of::QUOTED);
    add(mid && b.left_over, of::REMAINDER);
    add(a.ends_alnum && b.starts_alnum, of::LATIN_WORD);
    add(b.cut == Cut::word, of::HAN_WORD);
    add(m < 0 && (b.title_cut || b.rest_of_subtitle), of::TITLE);
    add(b.rest_of_caption, of::CAPTION);
    add(mid && !row.forced, of::NO_MARK);
    add(a.end_kind == EndKind::pause, of::PAUSE);
    add(!b.blanks && b.parted_by_blanks, of::NO_BLANK);
    add(stop && b.indent < CELL, of::NO_INDENT);
    add(stop, of::SENTENCE);
    add(b.blanks && b.rhythm > 0, of::BLANKS);
    add(b.indent >= 6 && b.indent > a.indent, of::INDENTED);
    add(b.start_kind == StartKind::item || b.start_kind == StartKind::dateline || b.start_kind == StartKind::dash, of::ITEM);
    add(a.table || b.table || a.byline || b.byline || a.in_rows || b.in_rows, of::ROW);
    return why;
}

}  // namespace hanflow
