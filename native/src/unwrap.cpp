// A Viterbi pass over the text lines. A state is a measure (or none) and whether the line goes on in the next one. The
// fit test carries it: a line goes on when the first unit of the next line would not have fitted into it any more.
#include "unwrap.hpp"

#include <algorithm>
#include <climits>
#include <cstdlib>

namespace hanflow {
namespace {

constexpr int LAG = 24;  // text lines after which a decision is final
constexpr int MIN_MEASURE = 8 * CELL;
constexpr int MAX_MEASURE = 64 * CELL;
constexpr int ROUNDING = 2;  // q by which kerning and narrow digits are misjudged
constexpr int FAR = 6;       // q; measures nearer than this are one measure
constexpr int INDENT = 2 * CELL;
constexpr int OPEN_LIMIT = 4 * MAX_MEASURE;  // q of one typeset line: more costs no more
constexpr int INFINITE = 1000000;

// The evidence and its weights, in hundredths of a nat, so that they add up like negative log probabilities. Set by hand
// and then adjusted one at a time on the fitting pages; each must have its reason.
//
// How a line ends:                    mid pause open close colon stop credit
// Sentence ends are rare in mid-column,
constexpr int GOES_ON[] =              {  15,    5,    0,   15,   60,  195,  700};
// ... and the last line of a paragraph nearly always ends a sentence.
constexpr int LAST[] =                 { 430,  480,  900,  365,  350,   15,    5};
// A line alone may be a heading (no sentence end, no pause inside) or a paragraph of one line.
constexpr int ALONE[] =                { 335,  600,  900,  130,  150,   30,   10};
// Outside any measure: headings, verse and lists end as they like.
constexpr int FREE_END[] =             { 150,  280,  900,   70,  100,   15,   10};

constexpr int OVER_FREE = 3;         // q that rounding and squeezed marks may hide
constexpr int OVER = 120;             // each q wider than the measure
constexpr int FULL_BY_CHANCE = 150;  // a last line that happens to fill the column
constexpr int LOST_INDENT = 20;
constexpr int NO_INDENT = 250;      // newspaper columns indent: a full first line is rare
constexpr int SWITCH_INSIDE = 370;  // the measure changes inside a paragraph
constexpr int SWITCH_BETWEEN = 215;
constexpr int FREE = 130;          // a line that no measure explains
constexpr int QUOTED = 300;       // a quotation opens in one line and closes in the next
constexpr int CUT_WORD = 150;     // Latin or digits on both sides
constexpr int NO_BLANK = 120;     // blank lines part paragraphs here, and there is none
constexpr int REMAINDER = 875;    // one character alone behind a line in mid-sentence
constexpr int FREE_JOIN = 370;    // a join that no measure supports
constexpr int FOREIGN = 900;      // program text, or two lines of Latin text
constexpr int KEYS = 500;         // two lines that begin with a key and a colon
constexpr int PARTED = 300;       // a separator inside: a heading of two halves
constexpr int CUT = 130;          // some extractors end a line after a mark
constexpr int SPACED_LAST = 110;  // only a line that goes on is stretched
constexpr int NOT_PROSE = 60;     // two lines without any mark, joined
constexpr int CANNOT_START = 900;  // a mark that cannot start a line does
constexpr int ITEM = 400, DASH = 150, INDENTED = 500, ROW = 900;  // how the next line starts; a table row or byline
constexpr int MOST = 2000;         // of the width of one line

// A line that goes on although `room` q more than needed were left.
int loose(int room) {
    if (room < 0) return 0;
    if (room < 2) return 70;
    if (room < 4) return 160;
    if (room < 8) return 380;
    if (room < 16) return 560;
    return 800;
}

int kind(const Line& line) { return int(line.end_kind); }

struct Fit {
    int cost;
    int open;  // q of the typeset line that it leaves open when it was cut
};

// before: q of the same typeset line that stand in lines before it.
Fit fit(const Line& line, int before, int unit, int measure, bool goes_on) {
    const int over = line.tight + before - measure;
    const int slack = measure - line.width - before;
    int cost = over > OVER_FREE ? std::min(over - OVER_FREE, MOST) * OVER : 0, open = 0;
    if (goes_on) {
        if (!line.spaced) {
            int room = loose(slack - unit - line.dropped);
            if (line.end_kind != EndKind::mid && room >= CUT) {
                room = CUT;
                open = std::min(before + line.width, OPEN_LIMIT);
            }
            cost += room;
        }
    } else if (line.spaced) {
        cost += SPACED_LAST;
    } else if (slack < unit && over <= OVER_FREE) {
        cost += FULL_BY_CHANCE;
    }
    return Fit{std::min(cost, MOST), open};
}

Fit line_cost(const Line& line, int unit, int measure, bool joined, bool goes_on, int before) {
    Fit best;
    if (joined) {
        best = fit(line, before, unit, measure, goes_on);
    } else if (line.indent >= CELL) {
        best = fit(line, 0, unit, measure, goes_on);
    } else {
        best = fit(line, INDENT, unit, measure, goes_on);
        best.cost += LOST_INDENT;
        Fit full = fit(line, 0, unit, measure, goes_on);
        full.cost += goes_on ? NO_INDENT : NO_INDENT / 2;
        if (full.cost < best.cost) best = full;
    }
    best.cost += (goes_on ? GOES_ON : joined ? LAST : ALONE)[kind(line)];
    return best;
}

bool is_latin(const Line& line) { return line.letters > 4 * line.cjks; }

int join_cost(const Line& a, const Line& b) {
    int cost = 0;
    if (b.start_kind == StartKind::item)
        cost += ITEM;
    else if (b.start_kind == StartKind::dash)
        cost += DASH;
    if (b.indent >= 6 && b.indent > a.indent) cost += INDENTED;
    if (!a.marks && !b.marks && a.end_kind == EndKind::mid) cost += NOT_PROSE;
    if (a.table || b.table || a.byline || b.byline) cost += ROW;
    if (a.code || b.code || (is_latin(a) && is_latin(b))) cost += FOREIGN;
    if (a.key && b.key) cost += KEYS;
    if (a.parted) cost += PARTED;
    if (b.blanks) {
        cost += b.rhythm;
        if (b.blanks >= 4) return INFINITE;
    }
    return cost;
}

bool is_quoted(const Line& a, const Line& b) { return a.opened && b.closed; }

// Evidence that needs no measure: a mark that cannot start a line, a quotation or a title cut in two.
bool joins_freely(const Line& a, const Line& b) {
    if (b.start_kind == StartKind::nostart) return true;
    return a.end_kind == EndKind::mid &&
           (is_quoted(a, b) || (b.left_over && a.width >= 4 * CELL && a.cjks > a.letters));
}

int break_cost(const Line& a, const Line& b) {
    int cost = 0;
    if (b.start_kind == StartKind::nostart) cost += CANNOT_START;
    if (a.end_kind == EndKind::mid) cost += (is_quoted(a, b) ? QUOTED : 0) + (b.left_over ? REMAINDER : 0);
    if (a.ends_alnum && b.starts_alnum) cost += CUT_WORD;
    if (!b.blanks && b.parted_by_blanks) cost += NO_BLANK;
    return cost;
}

}  // namespace

// What a blank line says here. Where most lines that end in mid-sentence are followed by one, it is leading.
void Unwrap::set_rhythm() {
    const int n = int(lines_.size());
    sums_.assign(size_t(2) * (n + 1), 0);
    int* blank = sums_.data();
    int* mid = blank + n + 1;
    lines_[0]->parted_by_blanks = false;
    for (int i = 0; i < n; ++i) {
        bool counts = false;
        if (i) {
            const Line& a = *lines_[i - 1];
            counts = (a.end_kind == EndKind::mid || a.end_kind == EndKind::pause) && (a.marks || lines_[i]->marks);
        }
        blank[i + 1] = blank[i] + (counts && lines_[i]->blanks > 0);
        mid[i + 1] = mid[i] + counts;
    }
    for (int i = 1; i < n; ++i) {
        const int low = std::max(0, i - WINDOW), high = std::min(n, i + WINDOW + 1);
        const bool leading = (blank[high] - blank[low]) * 2 > mid[high] - mid[low];
        Line& line = *lines_[i];
        line.parted_by_blanks = !leading && ((i > 1 && lines_[i - 1]->blanks) || (i + 1 < n && lines_[i + 1]->blanks));
        if (leading)
            line.rhythm = line.blanks <= 1 ? 0 : 250;
        else
            line.rhythm = 300 + 100 * std::min(line.blanks - 1, 3);
    }
}

void Unwrap::set_supports(const std::vector<uint8_t>& barriers) {
    const int n = int(lines_.size());
    supports_.assign(size_t(n), Supports{});
    for (int i = 0; i + 1 < n; ++i) {
        const Line &a = *lines_[i], &b = *lines_[i + 1];
        const bool mid = a.end_kind == EndKind::mid;
        if (barriers[i] || (!mid && a.end_kind != EndKind::pause) || a.table || b.table || a.byline || b.byline) continue;
        const int unit = std::max(b.unit, 1);
        const bool prose = a.marks || b.marks || !mid;
        const int low = a.width - a.letters / NARROW - ROUNDING, high = a.width + unit;
        Supports& s = supports_[i];
        s.list[s.count++] = Support{low, high, mid && !a.spaced ? 2 : 1, prose, mid};
        const Line* before = i ? lines_[i - 1] : nullptr;
        const bool first = !before || (before->end_kind != EndKind::mid && before->end_kind != EndKind::pause) ||
                           before->width + a.unit < a.width;
        if (first && mid && !a.indent && !a.spaced)
            s.list[s.count++] = Support{std::max(low + INDENT, high), high + INDENT, 1, prose, false};
    }
}

// Adds the supports of a line to the window's histogram, or takes them out.
void Unwrap::slide(int line, int sign) {
    const Supports& s = supports_[line];
    for (int k = 0; k < s.count; ++k) {
        const Support& r = s.list[k];
        for (int m = std::max(r.low, 0), high = std::min(r.high, MAX_MEASURE + 1); m < high; ++m) {
            cover_[m].lines = int16_t(cover_[m].lines + sign);
            cover_[m].weight = int16_t(cover_[m].weight + sign * r.weight);
            cover_[m].prose = int16_t(cover_[m].prose + sign * r.prose);
            cover_[m].mid = int16_t(cover_[m].mid + sign * r.mid);
        }
    }
}

// The measures that the lines around line i speak for, best first; returns how many. Lines that are wider than a measure
// speak against it: a text of whole paragraphs has no measure. The histogram must stand at line i.
int Unwrap::candidates(int i, int* chosen) {
    const int n = int(lines_.size());
    const int low = std::max(0, i - WINDOW), high = std::min(n, i + WINDOW + 1);
    const bool few = n <= 3;
    struct Scored {
        int weight, measure;
    } scored[2 * (2 * WINDOW + 1)];
    int count = 0;
    for (int k = low; k < high; ++k) {
        for (int x = 0; x < supports_[k].count; ++x) {
            const int m = supports_[k].list[x].low + ROUNDING;
            if (m < MIN_MEASURE || m > MAX_MEASURE) continue;
            const Cover& c = cover_[m];
            if (c.weight < (few ? 2 : 3) || !c.prose || !c.mid || (!few && c.lines < 2)) continue;
            bool seen = false;
            for (int y = 0; y < count && !seen; ++y) seen = scored[y].measure == m;
            if (seen) continue;
            int wide = 0;
            for (int y = low; y < high; ++y) wide += lines_[y]->tight > m + CELL;
            if (wide <= 2 * c.lines) scored[count++] = Scored{c.weight, m};
        }
    }
    int found = 0;
    while (found < MEASURES) {
        const Scored* best = nullptr;
        for (int y = 0; y < count; ++y) {
            bool near = false;
            for (int z = 0; z < found; ++z) near = near || std::abs(scored[y].measure - chosen[z]) < FAR;
            if (near) continue;
            if (!best || scored[y].weight > best->weight ||
                (scored[y].weight == best->weight && scored[y].measure < best->measure))
                best = &scored[y];
        }
        if (!best) break;
        chosen[found++] = best->measure;
    }
    return found;
}

void Unwrap::decide(Page& page, const std::vector<uint32_t>& body, const std::vector<uint8_t>& barriers,
                    std::vector<uint8_t>& joins) {
    const int n = int(body.size());
    joins.assign(size_t(n), 0);
    if (n < 2) return;
    lines_.clear();
    for (uint32_t i : body) lines_.push_back(&page.text(i));
    set_rhythm();
    set_supports(barriers);
    for (int i = 0; i < n; ++i) {
        Line& line = *lines_[i];
        // One character alone, not one of several such lines.
        line.left_over = line.remainder && !(i && lines_[i - 1]->remainder) && !(i + 1 < n && lines_[i + 1]->remainder);
        // A closing quote that stands alone.
        if (i && line.start_kind == StartKind::nostart && line.end_kind == EndKind::close && line.width <= 2 * CELL)
            line.end_kind = lines_[i - 1]->end_kind;
    }
    steps_.resize(size_t(n));
    cover_.assign(MAX_MEASURE + 1, Cover{});
    for (int i = 0; i < std::min(n, WINDOW); ++i) slide(i, 1);

    State previous[STATES] = {};
    int previous_measures[MEASURES + 1] = {-1, -1, -1, -1};
    int previous_count = 1;
    previous[0] = State{0, 0, true};
    int done = 0;
    for (int i = 0; i < n; ++i) {
        if (i + WINDOW < n) slide(i + WINDOW, 1);
        if (i > WINDOW) slide(i - WINDOW - 1, -1);
        Step& step = steps_[i];
        step.count = candidates(i, step.measures) + 1;
        step.measures[step.count - 1] = -1;
        const Line& line = *lines_[i];
        const Line* a = i ? lines_[i - 1] : nullptr;
        const int unit = i + 1 < n ? lines_[i + 1]->unit : 0;
        const bool can_go_on = i + 1 < n && !barriers[i] && !line.table;
        const bool forced = i + 1 < n && lines_[i + 1]->start_kind == StartKind::nostart;
        const int to_join = a ? join_cost(*a, line) : 0, to_break = a ? break_cost(*a, line) : 0;
        const int free = a && joins_freely(*a, line) ? FREE_JOIN : INFINITE;
        State current[STATES] = {};
        int floor = INT_MAX;
        for (int x = 0; x < step.count; ++x) {
            const int m = step.measures[x];
            step.source[2 * x] = step.source[2 * x + 1] = -1;
            for (int joined = 0; joined < 2; ++joined) {
                int entry = INT_MAX, before = 0, source = -1;
                for (int y = 0; y < previous_count; ++y) {
                    const State& p = previous[2 * y + joined];
                    if (!p.reached) continue;
                    const int pm = previous_measures[y];
                    const bool one = pm >= 0 && m >= 0, same = one && std::abs(pm - m) < FAR;
                    int c = p.cost;
                    if (joined)
                        c += to_join + (!one ? free : same ? 0 : SWITCH_INSIDE);
                    else
                        c += to_break + (!one || same ? 0 : SWITCH_BETWEEN);
                    if (c < entry) {
                        entry = c;
                        before = p.open;
                        source = 2 * y + joined;
                    }
                }
                if (source < 0) continue;
                for (int goes_on = 0; goes_on < (can_go_on ? 2 : 1); ++goes_on) {
                    Fit f;
                    if (goes_on && forced)
                        f = Fit{0, std::min(before + line.width, OPEN_LIMIT)};  // a mark that cannot start a line was cut off
                    else if (m < 0)
                        f = Fit{FREE + (goes_on ? GOES_ON : FREE_END)[kind(line)], 0};
                    else
                        f = line_cost(line, unit, m, joined, goes_on, before);
                    State& state = current[2 * x + goes_on];
                    if (state.reached && state.cost <= entry + f.cost) continue;
                    state = State{entry + f.cost, f.open, true};
                    step.source[2 * x + goes_on] = int8_t(source);
                    floor = std::min(floor, state.cost);
                }
            }
        }
        previous_count = step.count;
        for (int x = 0; x < step.count; ++x) {
            previous_measures[x] = step.measures[x];
            for (int g = 0; g < 2; ++g) {
                previous[2 * x + g] = current[2 * x + g];
                previous[2 * x + g].cost -= floor;
            }
        }
        if (i + 1 < n && i + 1 - done < 2 * LAG) continue;
        // Decide all lines that are LAG lines back, or all at the end, on the best way to here.
        int best = -1;
        const auto better = [&](int s, int t) {  // cost, then not going on, then a measure, then the smaller one
            if (previous[s].cost != previous[t].cost) return previous[s].cost < previous[t].cost;
            if ((s & 1) != (t & 1)) return (s & 1) < (t & 1);
            const int p = previous_measures[s / 2], q = previous_measures[t / 2];
            if ((p < 0) != (q < 0)) return q < 0;
            return p < q;
        };
        for (int s = 0; s < 2 * previous_count; ++s)
            if (previous[s].reached && (best < 0 || better(s, best))) best = s;
        for (int k = i, state = best; k >= done; --k) {
            if (i + 1 == n || k <= i - LAG) joins[k] = state & 1;
            state = steps_[k].source[state];
        }
        done = i + 1 == n ? n : i - LAG + 1;
    }
}

}  // namespace hanflow
