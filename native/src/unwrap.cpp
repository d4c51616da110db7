#include "unwrap.hpp"

#include <algorithm>

#include "confidence.hpp"
#include "reasons.hpp"
#include "weights.hpp"

namespace hanflow {

using namespace weights;
using lattice::FAR;
using lattice::NEVER;
using lattice::OVER_FREE;
using lattice::STRETCH;
using lattice::shifted;

namespace {

constexpr int MOST_JOINT = 3000;  // of what two lines say of the end between them

int16_t of_width(int q) { return int16_t(std::min(std::max(q, -lattice::MOST_WIDTH), lattice::MOST_WIDTH)); }

bool is_forced(const Line& next) { return next.start_kind == StartKind::nostart; }

}  // namespace

void Unwrap::set_row(int i, const std::vector<uint8_t>& barriers) {
    const int n = int(lines_.size());
    const Line& line = *lines_[size_t(i)];
    const Line* const before = i ? lines_[size_t(i) - 1] : nullptr;
    const Line* const next = i + 1 < n ? lines_[size_t(i) + 1] : nullptr;
    const int kind = int(line.end_kind);
    lattice::Row& row = rows_[size_t(i)];
    row.width = of_width(line.width);
    row.tight = of_width(line.tight);
    row.unit = of_width(next ? next->unit : 0);
    row.need = int16_t(row.width + row.unit + std::min(line.dropped, lattice::MOST_WIDTH));
    row.on = int16_t(shifted(line.raw && line.end_kind == EndKind::stop ? RAW_STOP : GOES_ON[kind]));
    row.last = int16_t(shifted(LAST[kind]));
    row.alone = int16_t(shifted(ALONE[kind]));
    row.free_on = int16_t(shifted(FREE + GOES_ON[kind]));
    row.free_off = int16_t(shifted(FREE + FREE_END[kind]));
    row.join = row.part = 0;
    row.free_join = NEVER;
    if (before) {
        const int join = std::min(join_cost(*before, line), MOST_JOINT);
        row.join = int16_t(shifted(join));
        row.part = int16_t(shifted(std::min(break_cost(*before, line), MOST_JOINT)));
        const bool free = joins_freely(*before, line) || (title_cost(line) && (columns_.is_column(i) || columns_.is_column(i - 1)));
        if (free) row.free_join = int16_t(shifted(join + FREE_JOIN));
    }
    const int16_t *const measures = columns_.measures(i), *const costs = columns_.costs(i);
    for (int k = 0; k < lattice::MEASURES; ++k) {
        row.measure[k] = measures[k];
        row.cost[k] = measures[k] == lattice::NO_MEASURE ? NEVER : int16_t(shifted(costs[k]));
    }
    if (line.indent >= CELL) {
        row.indent_on = row.indent_off = NEVER;
        row.full_on = row.full_off = 0;
    } else {
        const auto lost = int16_t(shifted(LOST_INDENT)), on = int16_t(shifted(NO_INDENT)), off = int16_t(shifted(NO_INDENT / 2));
        row.indent_on = line.flush ? on : lost;
        row.indent_off = line.flush ? off : lost;
        row.full_on = line.flush ? lost : on;
        row.full_off = line.flush ? lost : off;
    }
    const bool may_be_cut = next && hanflow::may_be_cut(line, *next);
    row.cut = may_be_cut ? int16_t(shifted(line.raw ? RAW_CUT : CUT)) : NEVER;
    row.heading = int16_t(line.end_kind == EndKind::mid ? shifted(HEADING_CUT) : 0);
    row.spaced = int16_t(-int(line.spaced));
    row.forced = int16_t(-int(next && is_forced(*next)));
    row.stays = next && !barriers[size_t(i)] && !line.table ? int16_t(0) : NEVER;
}

void Unwrap::prepare(Page& page, const std::vector<uint32_t>& body, const std::vector<uint8_t>& barriers,
                     std::vector<lattice::Run>& runs) {
    const int n = int(body.size());
    lines_.clear();
    states_.assign(size_t(n), 0);
    if (n < 2) return;
    for (const uint32_t i : body) lines_.push_back(&page.text(i));
    evidence_.gather(page, lines_);
    columns_.find(lines_, barriers, n <= 3 && page.whole);
    rows_.resize(size_t(n));
    for (int i = 0; i < n; ++i) set_row(i, barriers);
    for (int at = 0; at < n; at += lattice::BLOCK) {
        const int low = std::max(0, at - lattice::WARM_UP), high = std::min(n, at + lattice::BLOCK + lattice::READ_AHEAD);
        runs.push_back(lattice::Run{&rows_[size_t(low)], high - low, at - low, std::min(lattice::BLOCK, n - at), &states_[size_t(at)]});
    }
}

void Unwrap::finish(const Page& page, std::vector<uint8_t>& sure) const {
    sure.resize(states_.size());
    for (size_t k = 0; k < sure.size(); ++k) sure[k] = states_[k] / lattice::INDEXES == lattice::END ? 0 : confidence::CERTAIN;
    if (page.explained && sure.size() > 1) set_confidences(sure);
}

// The measure of a line on the path, or NO_MEASURE.
int Unwrap::measure_of(size_t k) const {
    const int index = states_[k] % lattice::INDEXES;
    return index == lattice::MEASURES ? lattice::NO_MEASURE : rows_[k].measure[index];
}

// What the path would cost more if only this line ended a paragraph, as per cent. What its measures cost is the same then.
void Unwrap::set_confidences(std::vector<uint8_t>& sure) const {
    struct Open {
        int width, tight;
    };
    struct Cost {
        int cost;
        Open open;  // behind the line
    };
    const int n = int(sure.size());
    const auto loose = [](int room) {
        return LOOSE[room < 0 ? 0 : 1 + (room >= 2) + (room >= 4) + (room >= 8) + (room >= 16)];
    };
    const auto cost_of = [&](int i, bool joined, bool goes_on, Open before) -> Cost {
        const Line& line = *lines_[size_t(i)];
        const Line* const next = i + 1 < n ? lines_[size_t(i) + 1] : nullptr;
        const lattice::Row& row = rows_[size_t(i)];
        const auto with = [&](Open open) {
            return Open{std::min(open.width + line.width, lattice::OPEN_LIMIT), std::min(open.tight + line.tight, lattice::OPEN_LIMIT)};
        };
        if (goes_on && is_forced(*next)) return {0, with(before)};
        const int kind = int(line.end_kind), measure = measure_of(size_t(i));
        if (measure == lattice::NO_MEASURE) return {FREE + (goes_on ? GOES_ON : FREE_END)[kind], {0, 0}};
        const int end = goes_on && line.raw && line.end_kind == EndKind::stop ? RAW_STOP : (goes_on ? GOES_ON : joined ? LAST : ALONE)[kind];
        const auto way = [&](Open start, int extra) -> Cost {
            const int over = line.tight + start.tight - measure - OVER_FREE;
            int cost = end + extra + (over > 0 ? std::min(OVER * over, MOST) : 0);
            const int slack = measure - line.width - start.width - (next ? next->unit : 0);
            if (!goes_on) return {cost + (slack < 0 && over <= 0 && !line.spaced ? FULL_BY_CHANCE : 0), {0, 0}};
            const int room = slack - line.dropped;
            if (line.spaced) return {cost + loose(room - measure / STRETCH), {0, 0}};
            const int cut = line.raw ? RAW_CUT : CUT;
            if (row.cut != NEVER && loose(room) >= cut)
                return {cost + cut + (!joined && line.end_kind == EndKind::mid ? HEADING_CUT : 0), with(start)};
            return {cost + loose(room), {0, 0}};
        };
        if (joined) return way(before, 0);
        if (line.indent >= CELL) return way({0, 0}, 0);
        const int no_indent = goes_on ? NO_INDENT : NO_INDENT / 2;
        const Cost indented = way({INDENT, INDENT}, line.flush ? no_indent : LOST_INDENT);
        const Cost full = way({0, 0}, line.flush ? LOST_INDENT : no_indent);
        return full.cost < indented.cost ? full : indented;
    };
    Open before{0, 0};
    for (int i = 0; i < n; ++i) {
        if (!sure[size_t(i)]) {
            before = {0, 0};
            continue;
        }
        const bool joined = i && sure[size_t(i) - 1], goes_on = sure[size_t(i) + 1] > 0;
        const int m = measure_of(size_t(i)), next_m = measure_of(size_t(i) + 1);
        const bool none = m == lattice::NO_MEASURE || next_m == lattice::NO_MEASURE, same = none || std::abs(m - next_m) < FAR;
        const Line &a = *lines_[size_t(i)], &b = *lines_[size_t(i) + 1];
        const Cost on = cost_of(i, joined, true, before), end = cost_of(i, joined, false, before);
        const int join = on.cost + std::min(join_cost(a, b), MOST_JOINT) + (none ? FREE_JOIN : same ? 0 : SWITCH_INSIDE) +
                         cost_of(i + 1, true, goes_on, on.open).cost;
        const int part = end.cost + std::min(break_cost(a, b), MOST_JOINT) + (same ? 0 : SWITCH_BETWEEN) +
                         cost_of(i + 1, false, goes_on, {0, 0}).cost;
        before = on.open;
        sure[size_t(i)] = confidence::of_margin(part - join);
    }
}

Why Unwrap::why(size_t k, const std::vector<uint8_t>& sure) const {
    namespace of = reasons::joint;
    if (!sure[k]) return Why{};
    const Line &a = *lines_[k], &b = *lines_[k + 1];
    const int m = measure_of(k);
    const bool in_column = m != lattice::NO_MEASURE, forced = is_forced(b);
    Why why{0, uint16_t(in_column ? (m + CELL / 2) / CELL : 0)};
    const auto add = [&](bool holds, of::Number reason) { why.reasons |= uint32_t(holds) << reason; };
    const bool mid = a.end_kind == EndKind::mid, stop = a.end_kind == EndKind::stop;
    if (in_column && !forced) {
        // What is left of the column, but for the indent that the extractor dropped from a first line.
        const bool first = !k || !sure[k - 1];
        const int left = m - a.width - a.dropped - b.unit;
        const bool full = left <= CELL || (first && a.indent < CELL && left - INDENT <= CELL);
        if (a.spaced)
            add(true, of::STRETCHED);
        else
            add(true, full ? of::FULL : rows_[k].cut != NEVER ? of::PIECE : of::SHORT);
    }
    add(forced, of::CANNOT_START);
    add(mid && a.opened && b.closed, of::QUOTED);
    add(mid && b.left_over, of::REMAINDER);
    add(a.ends_alnum && b.starts_alnum, of::LATIN_WORD);
    add(b.cut == Cut::word, of::HAN_WORD);
    add(!in_column && (b.title_cut || b.rest_of_subtitle), of::TITLE);
    add(b.rest_of_caption, of::CAPTION);
    add(mid && !forced, of::NO_MARK);
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
