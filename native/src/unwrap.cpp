// A Viterbi pass over the text lines. A state is a measure (or none) and whether the line goes on in the next one. The
// fit test carries it: a line goes on when the first unit of the next line would not have fitted into it any more.
#include "unwrap.hpp"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <type_traits>

namespace hanflow {
namespace {

constexpr int LAG = 24;  // text lines after which a decision is final
constexpr int MIN_MEASURE = 8 * CELL;
constexpr int MAX_MEASURE = 64 * CELL;
constexpr int ROUNDING = 2;  // q by which kerning and narrow digits are misjudged
constexpr int GRAIN = 2;     // q; measures are tried in half cells
constexpr int FAR = 6;       // q; measures nearer than this are one measure
constexpr int INDENT = 2 * CELL;
constexpr int VERSE = 2;  // in prose at least this part of the lines have a pause or sentence end near
constexpr int RAW = 3;   // of so many lines one ends in a pause where lines are cut after marks
constexpr int SHARE = 4;  // of so many lines in mid-sentence one at least speaks for a measure
constexpr int WEAK = 3;  // a candidate with less than this part of the best one's support is none
constexpr int OPEN_LIMIT = 4 * MAX_MEASURE;  // q of one typeset line: more costs no more
constexpr int INFINITE = 1000000;  // more than all costs of a line
constexpr int UNREACHED = 1000000000;

// The evidence and its weights, in hundredths of a nat, so that they add up like negative log probabilities. Set by hand
// and then adjusted one at a time on the fitting pages; each must have its reason.
//
// How a line ends:                    mid pause open close colon stop credit
// Sentence ends are rare in mid-column,
constexpr int GOES_ON[] =             {  15,   20,    0,   35,   10,  195,  700};
// ... and the last line of a paragraph nearly always ends a sentence.
constexpr int LAST[] =                { 430,  420,  900,  160,  350,    0,    5};
// A line alone may be a heading (no sentence end, no pause inside) or a paragraph of one line.
constexpr int ALONE[] =               { 200,  600,  900,   90,  470,   60,   10};
// Outside any measure: headings, verse and lists end as they like.
constexpr int FREE_END[] =            { 150,  335,  900,   40,  420,   15,   10};

constexpr int OVER_FREE = 3;         // q that rounding and squeezed marks may hide
constexpr int OVER = 110;             // each q wider than the measure
constexpr int FULL_BY_CHANCE = 130;  // a last line that happens to fill the column
constexpr int LOST_INDENT = 20;
constexpr int NO_INDENT = 250;      // newspaper columns indent: a full first line is rare
constexpr int SWITCH_INSIDE = 370;  // the measure changes inside a paragraph
constexpr int SWITCH_BETWEEN = 160;
constexpr int FREE = 130;          // a line that no measure explains
constexpr int QUOTED = 300;       // a quotation opens in one line and closes in the next
constexpr int CUT_WORD = 150;     // Latin or digits on both sides
constexpr int NO_BLANK = 175;     // blank lines part paragraphs here, and there is none
constexpr int REMAINDER = 755;    // one character alone behind a line in mid-sentence
constexpr int FREE_JOIN = 370;    // a join that no measure supports
constexpr int FOREIGN = 900;      // program text, or two lines of Latin text
constexpr int KEYS = 500;         // two lines that begin with a key and a colon
constexpr int PARTED = 300;       // a separator inside: a heading of two halves
constexpr int CUT = 155;          // some extractors end a line after a mark
constexpr int RAW_CUT = 45;        // ... where many lines are
constexpr int RAW_STOP = 60;       // a sentence ends in mid-paragraph, there
constexpr int SPACED_LAST = 110;  // only a line that goes on is stretched
constexpr int STRETCH = 2;       // eighths of the measure that letter-spacing may fill
constexpr int SPEAKER = 500;     // the next line says who speaks
constexpr int ROWLIKE = 250;     // two lines that look like rows of a table
constexpr int NOT_PROSE = 60;     // two lines without any mark, joined
constexpr int CANNOT_START = 900;  // a mark that cannot start a line does
constexpr int ITEM = 685, DATELINE = 400, DASH = 100, INDENTED = 425, ROW = 665;  // how the next line starts; a table row or byline
constexpr int MOST = 2000;         // of the width of one line

// A line that goes on although `room` q more than needed were left.
int loose(int room) {
    static constexpr int16_t COST[] = {0,   70,  70,  160, 160, 380, 380, 380, 380,
                                       560, 560, 560, 560, 560, 560, 560, 560, 800};
    return COST[std::min(std::max(room, -1), 16) + 1];
}

struct Fit {
    int cost;
    int open;  // q of the typeset line that it leaves open when it was cut
};

// Row: Unwrap's own. before: q of the same typeset line that stand in lines before it.
template <typename Row>
inline Fit fit(const Row& row, int before, int measure, bool goes_on) {
    const int over = row.tight + before - measure;
    const int slack = measure - row.width - before;
    int cost = over > OVER_FREE ? std::min(over - OVER_FREE, MOST) * OVER : 0, open = 0;
    if (goes_on) {
        if (row.spaced) {  // stretched, but not by more than a long word may leave
            cost += loose(slack - row.unit - row.dropped - measure * STRETCH / 8);
        } else {
            int room = loose(slack - row.unit - row.dropped);
            const int cut = row.raw ? RAW_CUT : CUT;
            if (row.end_kind != uint8_t(EndKind::mid) && room >= cut) {
                room = cut;
                open = std::min(before + row.width, OPEN_LIMIT);
            }
            cost += room;
        }
    } else if (row.spaced) {
        cost += row.marks ? SPACED_LAST : 0;
    } else if (slack < row.unit && over <= OVER_FREE) {
        cost += FULL_BY_CHANCE;
    }
    return Fit{std::min(cost, MOST), open};
}

template <typename Row>
inline Fit row_cost(const Row& row, int measure, bool joined, bool goes_on, int before) {
    Fit best;
    if (joined || row.indented) {
        best = fit(row, before, measure, goes_on);
    } else {
        best = fit(row, INDENT, measure, goes_on);
        best.cost += LOST_INDENT;
        Fit full = fit(row, 0, measure, goes_on);
        full.cost += goes_on ? NO_INDENT : NO_INDENT / 2;
        if (full.cost < best.cost) best = full;
    }
    if (goes_on && row.raw && row.end_kind == uint8_t(EndKind::stop))
        best.cost += RAW_STOP;
    else
        best.cost += (goes_on ? GOES_ON : joined ? LAST : ALONE)[row.end_kind];
    return best;
}

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

bool is_latin(const Line& line) { return line.letters > 4 * line.cjks; }

int join_cost(const Line& a, const Line& b) {
    int cost = 0;
    if (b.start_kind == StartKind::item)
        cost += ITEM;
    else if (b.start_kind == StartKind::dash)
        cost += DASH;
    else if (b.start_kind == StartKind::dateline)
        cost += DATELINE;
    if (b.indent >= 6 && b.indent > a.indent) cost += INDENTED;
    if (!a.marks && !b.marks && a.end_kind == EndKind::mid) cost += NOT_PROSE;
    // Without branches: none of these is foreseeable.
    if (a.table | b.table | a.byline | b.byline) cost += ROW;
    if (a.code | b.code | (is_latin(a) & is_latin(b))) cost += FOREIGN;
    if (a.key & b.key) cost += KEYS;
    if (b.speaker) cost += SPEAKER;
    if (a.rowlike & b.rowlike) cost += ROWLIKE;
    if (a.parted) cost += PARTED;
    if (b.blanks) cost += b.rhythm;
    return cost;
}

bool is_quoted(const Line& a, const Line& b) { return a.opened && b.closed; }

// Evidence that needs no measure: a mark that cannot start a line, a quotation or a title cut in two.
bool joins_freely(const Line& a, const Line& b) {
    if (b.start_kind == StartKind::nostart) return true;
    return a.end_kind == EndKind::mid &&
           (is_quoted(a, b) || (b.left_over && a.width >= 4 * CELL && a.cjks > a.letters));
}

// Two or three Han that are no name, behind a longer title line, before a byline, a subtitle or body text.
bool is_rest_of_title(const Line& a, const Line& b, const Line& c) {
    return !a.marks && a.end_kind == EndKind::mid && a.cjks >= 2 * b.few_han + 2 && a.start_kind == StartKind::plain &&
           (c.marks || c.byline || c.start_kind == StartKind::dash || c.start_kind == StartKind::dateline);
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
    const auto continues = [&](int i) {
        if (!i) return false;
        const Line& a = *lines_[i - 1];
        return (a.end_kind == EndKind::mid || a.end_kind == EndKind::pause) && (a.marks || lines_[i]->marks);
    };
    continues_.fill(n, continues);
    continues_over_blank_.fill(n, [&](int i) { return lines_[i]->blanks && continues(i); });
    lines_[0]->parted_by_blanks = false;
    for (int i = 1; i < n; ++i) {
        const bool leading = continues_over_blank_.near(i) * 2 > continues_.near(i);
        Line& line = *lines_[i];
        line.parted_by_blanks = !leading && ((i > 1 && lines_[i - 1]->blanks) || (i + 1 < n && lines_[i + 1]->blanks));
        if (leading)
            line.rhythm = line.blanks <= 1 ? 0 : 250;
        else
            line.rhythm = 300 + 100 * std::min(line.blanks - 1, 3);
    }
}

void Unwrap::set_raw() {
    const int n = int(lines_.size());
    // Does the extractor end lines after marks here? A mark that cannot start a line does, or many lines end in a pause.
    starts_.fill(n, [&](int i) { return lines_[i]->start_kind == StartKind::nostart; });
    pauses_.fill(n, [&](int i) { return lines_[i]->end_kind == EndKind::pause; });
    for (int i = 0; i < n; ++i) {
        const int size = pauses_.size(i);
        lines_[i]->raw = starts_.near(i) || (size > WINDOW && pauses_.near(i) * RAW >= size);
    }
}

// q of the pieces before line i that end in a mark, back to the last one that does not.
int Unwrap::folded(const std::vector<uint8_t>& barriers, int i) const {
    int width = 0;
    for (int k = i - 1; k >= 0 && i - k <= WINDOW && !barriers[k] && lines_[k]->end_kind != EndKind::mid && width <= MAX_MEASURE; --k)
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
        const uint64_t prose = a.marks || b.marks || !mid ? COVER_PROSE : 0;
        // Where lines are cut after marks, the typeset line is the pieces before it too.
        const int width = a.width + (mid && a.raw ? folded(barriers, i) : 0);
        const int low = width - a.letters / NARROW - ROUNDING, high = width + unit;
        Supports& s = supports_[i];
        const uint64_t weight = mid && !a.spaced ? 2 * COVER_WEIGHT : COVER_WEIGHT;
        s.list[s.count++] = Support{half(low), half(high), COVER_LINE + weight + prose + (mid ? COVER_MID : 0)};
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
int Unwrap::candidates(int i, int16_t* chosen) const {
    // Weight in the upper half, 0xFFFF - measure in the lower: the greatest is the best, of equal ones the smaller measure.
    uint32_t scored[2 * (2 * WINDOW + 1) + 1];
    int count = 0;
    uint32_t best = 0;
    const bool stops = few_ || stops_.near(i);
    const int mid = few_ ? 0 : mids_.near(i);
    const uint64_t bias = few_ ? enough(0, 2) : enough(2, 3);
    const uint64_t* const cover = cover_.data();
    for (const int16_t m : begins_list_) {
        const uint64_t c = cover[m];
        const int lines = cover_lines(c), prose = cover_prose(c);
        const uint32_t score = (uint32_t(c) & 0xFFFF0000) | (0xFFFF - uint32_t(m));
        // Without marks at line ends it is verse.
        const bool speaks = (((c + bias) & COVER_TOPS) == COVER_TOPS) & (lines * SHARE >= mid) & (prose * VERSE >= lines) &
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
            chosen[found++] = int16_t(m);
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
        row.indented = line.indent >= CELL;
        row.can_go_on = next && !barriers[i] && !line.table;
        row.forced = next && next->start_kind == StartKind::nostart;
        row.joins_freely = a && hanflow::joins_freely(*a, line);
        row.to_join = a ? join_cost(*a, line) : 0;
        row.to_break = a ? break_cost(*a, line) : 0;
    }
}

void Unwrap::decide(Page& page, const std::vector<uint32_t>& body, const std::vector<uint8_t>& barriers,
                    std::vector<uint8_t>& joins) {
    const int n = int(body.size());
    joins.assign(size_t(n), 0);
    if (n < 2) return;
    lines_.clear();
    for (uint32_t i : body) lines_.push_back(&page.text(i));
    few_ = n <= 3 && page.whole;
    set_rhythm();
    set_raw();
    set_supports(barriers);
    for (int i = 0; i < n; ++i) {
        Line& line = *lines_[i];
        // One character alone, not one of several such lines.
        line.left_over = line.remainder && !(i && lines_[i - 1]->remainder) && !(i + 1 < n && lines_[i + 1]->remainder);
        if (line.few_han && i && i + 1 < n) line.left_over = is_rest_of_title(*lines_[i - 1], line, *lines_[i + 1]);
        // A closing quote that stands alone.
        if (i && line.start_kind == StartKind::nostart && line.end_kind == EndKind::close && line.width <= 2 * CELL)
            line.end_kind = lines_[i - 1]->end_kind;
    }
    set_rows(barriers);
    stops_.fill(n, [&](int i) { return lines_[i]->stops; });
    mids_.fill(n, [&](int i) { return lines_[i]->end_kind == EndKind::mid; });
    steps_.resize(size_t(n));
    cover_.assign(MAX_MEASURE / GRAIN + 2, 0);
    begins_.assign(MAX_MEASURE / GRAIN + 2, 0);
    begins_list_.clear();
    for (int i = 0; i < std::min(n, WINDOW); ++i) add(i);

    // Costs of the best ways to the states of the line before; UNREACHED where there is none. open: q of a typeset line
    // that was cut there.
    int cost[STATES] = {0, UNREACHED}, open[STATES] = {};
    const int16_t none = -1;
    const int16_t* measures = &none;
    int count = 1, done = 0;
    for (int i = 0; i < n; ++i) {
        if (i + WINDOW < n) add(i + WINDOW);
        if (i > WINDOW) remove(i - WINDOW - 1);
        Step& step = steps_[i];
        step.count = int8_t(candidates(i, step.measures) + 1);
        step.measures[step.count - 1] = -1;
        const Row& row = rows_[i];
        const int free = row.joins_freely ? FREE_JOIN : INFINITE;
        int new_cost[STATES], new_open[STATES];
        // The cheaper of the two ways to state s: from a line that went on (1), which is usually much the cheaper one, and
        // from one that did not (0), which needs no look where its base and the least that it may cost are too much. Of
        // equal ones the latter counts.
        const auto reach = [&](int s, const int* base, const int* from, int bound, const auto& way) {
            int least = UNREACHED, left = 0, source = -1;
            if (from[1] >= 0) {
                const Fit f = way(std::true_type());
                least = base[1] + f.cost;
                left = f.open;
                source = from[1];
            }
            if (base[0] + bound <= least) {
                const Fit f = way(std::false_type());
                if (base[0] + f.cost <= least) {
                    least = base[0] + f.cost;
                    left = f.open;
                    source = from[0];
                }
            }
            new_cost[s] = least;
            new_open[s] = left;
            step.source[s] = int8_t(source);
        };
        const int ends = std::min(LAST[row.end_kind], ALONE[row.end_kind]), goes_on = GOES_ON[row.end_kind];
        const int stays = std::min(goes_on, row.raw ? RAW_STOP : goes_on);
        int floor = UNREACHED;
        for (int x = 0; x < step.count; ++x) {
            const int m = step.measures[x];
            // A line that did not go on is always reached, at a cost far below INFINITE.
            int entry[2] = {UNREACHED, INFINITE}, from[2] = {0, -1};
            const auto enter = [&](int y, int apart, int on) {
                if (cost[2 * y] + apart < entry[0]) {
                    entry[0] = cost[2 * y] + apart;
                    from[0] = 2 * y;
                }
                if (cost[2 * y + 1] + on < entry[1]) {
                    entry[1] = cost[2 * y + 1] + on;
                    from[1] = 2 * y + 1;
                }
            };
            for (int y = 0; y + 1 < count; ++y) {
                if (m < 0)
                    enter(y, 0, free);
                else if (std::abs(measures[y] - m) < FAR)
                    enter(y, 0, 0);
                else
                    enter(y, SWITCH_BETWEEN, SWITCH_INSIDE);
            }
            enter(count - 1, 0, free);  // no measure
            const int base[2] = {entry[0] + row.to_break, entry[1] + row.to_join};
            const auto before = [&](bool joined) { return joined ? open[from[1]] : 0; };
            if (m < 0)
                reach(2 * x, base, from, 0, [&](auto) { return Fit{FREE + FREE_END[row.end_kind], 0}; });
            else
                reach(2 * x, base, from, ends, [&](auto joined) { return row_cost(row, m, joined, false, before(joined)); });
            floor = std::min(floor, new_cost[2 * x]);
            if (!row.can_go_on) {
                new_cost[2 * x + 1] = UNREACHED;
                new_open[2 * x + 1] = 0;
                step.source[2 * x + 1] = -1;
                continue;
            }
            if (row.forced)  // a mark that cannot start a line was cut off
                reach(2 * x + 1, base, from, 0,
                      [&](auto joined) { return Fit{0, std::min(before(joined) + row.width, OPEN_LIMIT)}; });
            else if (m < 0)
                reach(2 * x + 1, base, from, 0, [&](auto) { return Fit{FREE + goes_on, 0}; });
            else
                reach(2 * x + 1, base, from, stays, [&](auto joined) { return row_cost(row, m, joined, true, before(joined)); });
            floor = std::min(floor, new_cost[2 * x + 1]);
        }
        count = step.count;
        for (int s = 0; s < 2 * count; ++s) {
            cost[s] = new_cost[s] == UNREACHED ? UNREACHED : new_cost[s] - floor;
            open[s] = new_open[s];
        }
        measures = step.measures;
        if (i + 1 < n && i + 1 - done < 2 * LAG) continue;
        // Decide all lines that are LAG lines back, or all at the end, on the best way to here.
        int best = 0;
        const auto better = [&](int s, int t) {  // cost, then not going on, then a measure, then the smaller one
            if (cost[s] != cost[t]) return cost[s] < cost[t];
            if ((s & 1) != (t & 1)) return (s & 1) < (t & 1);
            const int p = measures[s / 2], q = measures[t / 2];
            return (p < 0) != (q < 0) ? q < 0 : p < q;
        };
        for (int s = 1; s < 2 * count; ++s)
            if (better(s, best)) best = s;
        for (int k = i, state = best; k >= done; --k) {
            if (i + 1 == n || k <= i - LAG) joins[k] = state & 1;
            state = steps_[k].source[state];
        }
        done = i + 1 == n ? n : i - LAG + 1;
    }
}

}  // namespace hanflow
