// A Viterbi pass over the text lines. A state is a measure (or none) and whether and how the line goes on in the next one. The
// fit test carries it: a line goes on when the first unit of the next line would not have fitted into it any more.
#include "unwrap.hpp"
#include "confidence.hpp"
#include "weights.hpp"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <type_traits>

namespace hanflow {
namespace {

using namespace weights;

constexpr int LAG = 24;  // text lines after which a decision is final
constexpr int MIN_MEASURE = 8 * CELL;
constexpr int MAX_MEASURE = 64 * CELL;
constexpr int ROUNDING = 2;  // q by which kerning and narrow digits are misjudged
constexpr int GRAIN = 2;     // q; measures are tried in half cells
constexpr int FAR = 6;       // q; measures nearer than this are one measure
constexpr int INDENT = 2 * CELL;
constexpr int VERSE = 2;  // in prose at least this part of the lines have a pause or sentence end near
constexpr int RAW = 4;   // of so many lines one ends in a pause where lines are cut after marks
constexpr int SHARE = 4;  // of so many lines in mid-sentence one at least speaks for a measure
constexpr int WEAK = 3;  // a candidate with less than this part of the best one's support is none
constexpr int OVER_FREE = 3;  // q that rounding and squeezed marks may hide
constexpr int STRETCH = 2;    // eighths of the measure that letter-spacing may fill
constexpr int FIRST_LINES = 24;  // lines either way among which first lines of paragraphs are looked for
constexpr int LEND = 24;      // lines at most to one whose measures a line takes
constexpr int INFINITE = 1000000;  // more than all costs of a line
constexpr int UNREACHED = 1000000000;

// The cost of a line that goes on although `room` q more than needed were left.
int loose(int room) {
    static constexpr uint8_t GRADE[] = {0, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5};
    return LOOSE[GRADE[std::min(std::max(room, -1), 16) + 1]];
}

struct Fit {
    int cost;
    Unwrap::Open open;  // of the typeset line, where it was cut
};

// Row: Unwrap's own. before: what stands in lines before it of the same typeset line.
template <bool goes_on, typename Row>
inline Fit fit(const Row& row, Unwrap::Open before, int measure) {
    const int over = row.tight + before.tight - measure;
    const int slack = measure - row.width - before.width;
    Fit f{over > OVER_FREE ? std::min(over - OVER_FREE, MOST) * OVER : 0, {}};
    if constexpr (goes_on) {
        if (row.spaced) {  // stretched, but not by more than a long word may leave
            f.cost += loose(slack - row.unit - row.dropped - measure * STRETCH / 8);
        } else {
            int room = loose(slack - row.unit - row.dropped);
            const int cut = row.raw ? RAW_CUT : CUT;
            if (row.may_be_cut && room >= cut) {
                room = cut;
                f.open = before.with(row.width, row.tight);
            }
            f.cost += room;
        }
    } else if (row.spaced) {
        f.cost += row.stretched ? STRETCHED_LAST : row.marks ? SPACED_LAST : 0;
    } else if (slack < row.unit && over <= OVER_FREE) {
        f.cost += FULL_BY_CHANCE;
    }
    f.cost = std::min(f.cost, MOST);
    return f;
}

// ... of the first line of a paragraph.
template <bool goes_on, typename Row>
inline Fit first_fit(const Row& row, Unwrap::Open indent, int measure) {
    Fit f = fit<goes_on>(row, indent, measure);
    if (f.open.width && row.end_kind == uint8_t(EndKind::mid)) f.cost += HEADING_CUT;
    return f;
}

// What the way a line ends costs, whatever its width.
template <typename Row>
inline int end_cost(const Row& row, bool joined, bool goes_on) {
    if (goes_on && row.raw && row.end_kind == uint8_t(EndKind::stop)) return RAW_STOP;
    return (goes_on ? GOES_ON : joined ? LAST : ALONE)[row.end_kind];
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
    if (b.cut == Cut::none) cost += UNCUT;
    if (a.in_rows | b.in_rows) cost += ROWLIKE;
    if (a.parted) cost += PARTED;
    if (a.lone_spaced) cost += SPACED_HEADING;
    if (b.blanks) cost += b.rhythm;
    return cost;
}

// What the line end between two lines parts.
Cut cut_at(const Page& page, const Line& a, const Line& b) {
    const auto three_bytes = [&](size_t at, const Line& line) { return at >= line.s && at + 3 <= line.e && page.data[at] >> 4 == 0xE; };
    if (!three_bytes(a.e - 3, a) || !three_bytes(b.s, b)) return Cut::unknown;
    uint32_t x, y;
    decode(page.data + a.e - 3, x);
    decode(page.data + b.s, y);
    return cut_between(x, y);
}

// Extractors that cut lines do so behind marks, and many before opening ones.
bool may_be_cut(const Line& a, const Line& b) {
    return a.end_kind != EndKind::mid || (a.raw && b.start_kind == StartKind::open);
}

bool is_quoted(const Line& a, const Line& b) { return a.opened && b.closed; }

// A line of a title: one that no sentence, list, byline or table has.
bool is_title_line(const Line& line) {
    return line.marks <= 1 && line.cjks > line.letters && line.start_kind != StartKind::nostart && line.start_kind != StartKind::item &&
           line.start_kind != StartKind::dateline && !(line.byline | line.table | line.code | line.key | line.in_rows);
}

// Whether b may go on the title line a. A title goes on in a line that is not wider: else its first unit had fitted into a.
bool may_go_on(const Line& a, const Line& b) {
    return a.end_kind == EndKind::mid && is_title_line(a) && is_title_line(b) && b.start_kind != StartKind::dash &&
           a.width >= 4 * CELL && b.width <= a.width + CELL / 2;
}

// Evidence that needs no measure: a mark that cannot start a line, a quotation or a title cut in two.
bool joins_freely(const Line& a, const Line& b) {
    if (b.start_kind == StartKind::nostart) return true;
    return a.end_kind == EndKind::mid &&
           (is_quoted(a, b) || (b.left_over && a.width >= 4 * CELL && a.cjks > a.letters));
}

// ... that a column around makes credible: a word of a title is parted, a line behind a subtitle's first, or one behind the
// first of a caption, which is a sentence.
int title_cost(const Line& b) {
    return (b.title_cut ? TITLE_CUT : 0) + (b.rest_of_subtitle ? SUBTITLE : 0) + (b.rest_of_caption ? CAPTION : 0);
}

// Whether the line begins like the caption of a picture: 图为, 左图：
bool opens_caption(const Page& page, const Line& line) {
    if (line.e - line.s < 9 || line.marks > 3) return false;
    uint32_t text[3];
    for (int k = 0; k < 3; ++k) {
        if (page.data[line.s + 3 * size_t(k)] >> 4 != 0xE) return false;
        decode(page.data + line.s + 3 * size_t(k), text[k]);
        text[k] = plain(text[k]);
    }
    const auto picture = [&](int k) { return is_one_of(U"图圖", text[k]); };
    const auto is = [&](int k) { return is_one_of(U"为為", text[k]); };
    return (picture(0) && is(1)) || (is_one_of(U"左右上下题題", text[0]) && picture(1) && (is(2) || is_colon(text[2])));
}

// Whether the line begins with a role: 本报记者茅以宁.
bool starts_with_role(const Page& page, const Line& line) {
    uint32_t text[5];
    size_t at = line.s;
    for (uint32_t length = 0; length < 5 && at + 3 <= line.e && page.data[at] >> 4 == 0xE; ++length) {
        at += size_t(decode(page.data + at, text[length]));
        text[length] = plain(text[length]);
        if (length && is_role(text, length + 1)) return true;
    }
    return false;
}

// A line behind the one that a dash opens, before a byline, body text or another title: no byline itself.
bool is_rest_of_subtitle(const Page& page, const Line& a, const Line& b, const Line* c) {
    return a.start_kind == StartKind::dash && !a.marks && !b.marks && b.start_kind == StartKind::plain &&
           (b.end_kind == EndKind::mid || b.end_kind == EndKind::close) && !b.single_name && !b.parted && !(c && c->single_name) &&
           !starts_with_role(page, b);
}

// Two or three Han that are no name, behind a longer title line, before a byline, a subtitle or body text.
bool is_rest_of_title(const Line& a, const Line& b, const Line& c) {
    return !a.marks && a.end_kind == EndKind::mid && a.cjks >= 2 * b.few_han + 2 && a.start_kind == StartKind::plain &&
           b.start_kind == StartKind::plain && (c.marks || c.byline || c.start_kind == StartKind::dash || c.start_kind == StartKind::dateline);
}

int break_cost(const Line& a, const Line& b) {
    int cost = 0;
    if (b.start_kind == StartKind::nostart) cost += CANNOT_START;
    if (a.end_kind == EndKind::mid) cost += (is_quoted(a, b) ? QUOTED : 0) + (b.left_over ? REMAINDER : 0);
    if (a.ends_alnum && b.starts_alnum) cost += CUT_WORD;
    if (b.cut == Cut::word) cost += CUT_HAN;
    cost += title_cost(b);
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
            line.rhythm = line.blanks <= 1 ? 0 : weights::LEADING_MORE;
        else
            line.rhythm = weights::BLANK + weights::BLANK_MORE * std::min(line.blanks - 1, 3);
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

// The first lines of paragraphs around a line, where that is certain: behind a short line that ends a sentence, before a line
// that goes on. Are they as wide as the next line, or shorter by an indent that the extractor dropped?
void Unwrap::set_flush() {
    const int n = int(lines_.size());
    const auto narrower = [&](int i) {  // q, -1 where nothing is certain
        if (!i || i + 1 == n) return -1;
        const Line &a = *lines_[i - 1], &b = *lines_[i], &c = *lines_[i + 1];
        const bool certain = a.end_kind == EndKind::stop && b.end_kind == EndKind::mid && c.end_kind == EndKind::mid &&
                             b.indent < CELL && !b.spaced && !c.spaced && a.width + b.unit + INDENT <= c.width &&
                             b.width < c.width + CELL;
        return certain ? std::max(c.width - b.width, 0) : -1;
    };
    narrower_.resize(size_t(n));
    for (int i = 0; i < n; ++i) narrower_[i] = int16_t(std::min(narrower(i), INT16_MAX));
    flush_.fill(n, [&](int i) { return narrower_[i] >= 0 && narrower_[i] < CELL; });
    if (!flush_.total()) {
        for (Line* line : lines_) line->flush = false;
        return;
    }
    shorter_.fill(n, [&](int i) { return narrower_[i] >= INDENT - CELL / 2 && narrower_[i] < INDENT + CELL; });
    for (int i = 0; i < n; ++i) lines_[i]->flush = flush_.near(i, FIRST_LINES) > shorter_.near(i, FIRST_LINES);
}

// The short last lines of paragraphs around a line: where they are solid, a letter-spaced line was stretched to fill its column,
// and so goes on.
void Unwrap::set_stretched() {
    const int n = int(lines_.size());
    const auto is_last = [&](int i, bool spaced) {
        if (!i || lines_[i]->end_kind != EndKind::stop || lines_[i]->spaced != spaced) return false;
        const Line& before = *lines_[i - 1];
        return before.end_kind == EndKind::mid && lines_[i]->width + INDENT + CELL <= before.width;
    };
    for (Line* line : lines_) line->stretched = false;
    if (std::none_of(lines_.begin(), lines_.end(), [](const Line* line) { return line->spaced; })) return;
    solid_.fill(n, [&](int i) { return is_last(i, false); });
    if (!solid_.total()) return;
    spread_.fill(n, [&](int i) { return is_last(i, true); });
    for (int i = 0; i < n; ++i) {
        Line& line = *lines_[i];
        line.stretched = line.spaced && line.end_kind == EndKind::stop && solid_.near(i, FIRST_LINES) > spread_.near(i, FIRST_LINES);
    }
}

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
        s.list[s.count++] = Support{half(low), half(high), COVER_LINE * (b.cut == Cut::word ? 2 : 1) + weight + prose + (mid ? COVER_MID : 0)};
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
    const uint64_t bias = few_ ? enough(0, 2) : enough(2, 2);
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
    for (int i = 0; i < n; ++i) {
        Line& line = *lines_[i];
        if (i) line.cut = cut_at(page, *lines_[i - 1], line);
        line.in_rows = line.rowlike && ((i && lines_[i - 1]->rowlike) || (i + 1 < n && lines_[i + 1]->rowlike));
    }
    set_rhythm();
    set_raw();
    set_flush();
    set_stretched();
    set_supports(barriers);
    for (int i = 0; i < n; ++i) {
        Line& line = *lines_[i];
        const Line* const next = i + 1 < n ? lines_[i + 1] : nullptr;
        if (i && may_go_on(*lines_[i - 1], line)) {
            line.title_cut = line.cut == Cut::word;
            line.rest_of_subtitle = is_rest_of_subtitle(page, *lines_[i - 1], line, next);
        }
        line.rest_of_caption = i && lines_[i - 1]->end_kind == EndKind::mid && line.start_kind == StartKind::plain && line.stops &&
                               opens_caption(page, *lines_[i - 1]);
        line.lone_spaced = line.spaced && !line.marks && i && lines_[i - 1]->end_kind == EndKind::stop && !lines_[i - 1]->spaced && !(i + 1 < n && lines_[i + 1]->spaced);
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

    // The best ways to the states of the line before and of this one: cost, and what is open of the typeset line, where it was
    // cut. Endings behind the last one that some state has hold nothing.
    struct States {
        int cost[STATES];
        Open open[STATES];
    } both[2];
    States *before = &both[0], *now = &both[1];
    before->cost[END] = 0;
    before->open[END] = Open{};
    const int16_t none = -1;
    const int16_t* measures = &none;
    int count = 1, done = 0, last_ending = END;
    for (int i = 0; i < n; ++i) {
        Step& step = steps_[i];
        step.measures[step.count++] = -1;
        const Row& row = rows_[i];
        const bool column = step.count > 1 || count > 1;
        const int free = row.joins_freely || (row.goes_on_title && column) ? FREE_JOIN : INFINITE;
        const bool may_be_piece = row.can_go_on && (row.forced || row.may_be_cut);
        const int usual = row.flush ? NO_INDENT : LOST_INDENT;  // of an indent that the extractor dropped; ...
        const int full_end = row.flush ? LOST_INDENT : NO_INDENT / 2, full_on = row.flush ? LOST_INDENT : NO_INDENT;  // ... of none
        const int usual_end = row.flush ? NO_INDENT / 2 : LOST_INDENT;
        int new_last = row.can_go_on ? FULL : END;
        for (int x = 0; x < step.count; ++x) {
            const int m = step.measures[x];
            // The cheapest ways into the line, by how the line before ended.
            int entry[ENDINGS] = {UNREACHED, UNREACHED, UNREACHED, UNREACHED}, from[ENDINGS] = {-1, -1, -1, -1};
            for (int y = 0; y < count; ++y) {
                const bool apart = m >= 0 && y + 1 < count && std::abs(measures[y] - m) >= FAR;
                const int part = apart ? SWITCH_BETWEEN : 0, join = m < 0 || y + 1 == count ? free : apart ? SWITCH_INSIDE : 0;
                const int* const cost = before->cost + ENDINGS * y;
                if (cost[END] + part < entry[END]) {
                    entry[END] = cost[END] + part;
                    from[END] = ENDINGS * y + END;
                }
                if (join == INFINITE) continue;
                const auto enter = [&](int came) {
                    if (cost[came] + join >= entry[came]) return;
                    entry[came] = cost[came] + join;
                    from[came] = ENDINGS * y + came;
                };
                if (last_ending == END) continue;
                enter(FULL);
                for (int came = PIECE; came <= last_ending; ++came) enter(came);
            }
            int* const cost = now->cost + ENDINGS * x;
            Open* const open = now->open + ENDINGS * x;
            int8_t* const source = step.source + ENDINGS * x;
            cost[END] = cost[FULL] = UNREACHED;
            open[END] = open[FULL] = Open{};
            // Ways to a piece, in the order in which equal ones count: over a line that ended for good (with an indent or
            // without), over a full one, over pieces.
            Way pieces[ENDINGS + 1];
            unsigned found = 0;
            const auto reach = [&](int slot, int came, bool goes_on, int c, const Fit& f) {
                const int total = c + f.cost;
                if (goes_on && f.open.width) {
                    pieces[slot] = Way{total, f.open, from[came]};
                    found |= 1u << slot;
                } else if (total < cost[goes_on] || (came == END && total == cost[goes_on] && source[goes_on] % ENDINGS != END)) {
                    cost[goes_on] = total;
                    source[goes_on] = int8_t(from[came]);
                }
            };
            const auto over = [&](auto ended, int came) {
                constexpr bool joined = !decltype(ended)::value;
                if (from[came] < 0) return;
                const Open start = before->open[from[came]];
                const int base = entry[came] + (joined ? row.to_join : row.to_break);
                const auto extend = [&](auto on) {
                    constexpr bool goes_on = decltype(on)::value;
                    if (goes_on && row.forced)  // a mark that cannot start a line was cut off
                        return reach(came + 1, came, true, base, Fit{0, start.with(row.width, row.tight)});
                    if (m < 0)
                        return reach(came + 1, came, goes_on, base, Fit{FREE + (goes_on ? GOES_ON : FREE_END)[row.end_kind], {}});
                    const int c = base + end_cost(row, joined, goes_on);
                    // Too much whatever its width: never so where it may be a piece.
                    if (c > cost[goes_on] && (!goes_on || !row.may_be_cut)) return;
                    if (joined) {
                        reach(came + 1, came, goes_on, c, fit<goes_on>(row, start, m));
                    } else if (row.indented) {
                        reach(1, came, goes_on, c, first_fit<goes_on>(row, Open{}, m));
                    } else {
                        reach(0, came, goes_on, c + (goes_on ? usual : usual_end), first_fit<goes_on>(row, Open{INDENT, INDENT}, m));
                        reach(1, came, goes_on, c + (goes_on ? full_on : full_end), first_fit<goes_on>(row, Open{}, m));
                    }
                };
                extend(std::false_type());
                if (row.can_go_on) extend(std::true_type());
            };
            // Over a full line first: that is usually the cheapest, and the others need no look then.
            over(std::false_type(), FULL);
            for (int came = PIECE; came <= last_ending; ++came) over(std::false_type(), came);
            over(std::true_type(), END);
            if (!may_be_piece) continue;
            cost[PIECE] = cost[OTHER_PIECE] = UNREACHED;
            if (!found) continue;
            // The best one, and the best of those that leave the typeset line clearly more or less open.
            int best = -1, second = -1;
            for (int slot = 0; slot <= ENDINGS; ++slot)
                if (found >> slot & 1 && (best < 0 || pieces[slot].cost < pieces[best].cost)) best = slot;
            for (int slot = 0; slot <= ENDINGS; ++slot)
                if (found >> slot & 1 && std::abs(pieces[slot].open.width - pieces[best].open.width) >= CELL &&
                    (second < 0 || pieces[slot].cost < pieces[second].cost))
                    second = slot;
            const auto keep = [&](int ending, const Way& way) {
                cost[ending] = way.cost;
                open[ending] = way.open;
                source[ending] = int8_t(way.source);
                new_last = std::max(new_last, ending);
            };
            keep(PIECE, pieces[best]);
            if (second >= 0) keep(OTHER_PIECE, pieces[second]);
        }
        last_ending = new_last;
        count = step.count;
        measures = step.measures;
        std::swap(before, now);
        if (i + 1 < n && i + 1 - done < 2 * LAG) continue;
        // Decide all lines that are LAG lines back, or all at the end, on the best way to here. Of equal costs: how it ends, then
        // a measure, then the smaller one.
        const int* const cost = before->cost;
        int best = END;
        const auto better = [&](int s, int t) {
            if (cost[s] != cost[t]) return cost[s] < cost[t];
            if (s % ENDINGS != t % ENDINGS) return s % ENDINGS < t % ENDINGS;
            const int p = measures[s / ENDINGS], q = measures[t / ENDINGS];
            return (p < 0) != (q < 0) ? q < 0 : p < q;
        };
        for (int y = 0; y < count; ++y)
            for (int ending = END; ending <= last_ending; ++ending)
                if (better(ENDINGS * y + ending, best)) best = ENDINGS * y + ending;
        for (int k = i, state = best; k >= done; --k) {
            if (i + 1 == n || k <= i - LAG) {
                sure[k] = state % ENDINGS == END ? 0 : confidence::CERTAIN;
                path_[k] = steps_[k].measures[state / ENDINGS];
            }
            state = steps_[k].source[state];
        }
        done = i + 1 == n ? n : i - LAG + 1;
    }
    if (page.explained) set_confidences(sure);
}

// The cheapest way of a line at the measure of its path.
Unwrap::Way Unwrap::cheapest(int i, bool joined, bool goes_on, Open before) const {
    const Row& row = rows_[i];
    const int m = path_[i];
    if (goes_on && row.forced) return Way{0, before.with(row.width, row.tight), 0};
    if (m < 0) return Way{FREE + (goes_on ? GOES_ON : FREE_END)[row.end_kind], {}, 0};
    const int end = end_cost(row, joined, goes_on);
    const auto way = [&](int extra, Open start) {
        const Fit f = joined ? goes_on ? fit<true>(row, start, m) : fit<false>(row, start, m)
                             : goes_on ? first_fit<true>(row, start, m) : first_fit<false>(row, start, m);
        return Way{f.cost + extra + end, f.open, 0};
    };
    if (joined || row.indented) return way(0, before);
    const int rare = goes_on ? NO_INDENT : NO_INDENT / 2;
    const Way indented = way(row.flush ? rare : LOST_INDENT, Open{INDENT, INDENT}), full = way(row.flush ? LOST_INDENT : rare, Open{});
    return full.cost < indented.cost ? full : indented;
}

// What the path would cost more if only this line ended a paragraph, as per cent.
void Unwrap::set_confidences(std::vector<uint8_t>& sure) const {
    Open before;
    for (size_t k = 0; k + 1 < sure.size(); ++k) {
        const int i = int(k);
        if (!sure[k]) {
            before = Open{};
            continue;
        }
        const bool joined = k && sure[k - 1], goes_on = sure[k + 1] > 0;
        const int m = path_[i + 1], last = path_[i];
        const bool none = m < 0 || last < 0, near = none || std::abs(last - m) < FAR;
        const Row& next = rows_[i + 1];
        const Way on = cheapest(i, joined, true, before), end = cheapest(i, joined, false, before);
        const int join = on.cost + next.to_join + (none ? FREE_JOIN : near ? 0 : SWITCH_INSIDE) + cheapest(i + 1, true, goes_on, on.open).cost;
        const int part = end.cost + next.to_break + (near ? 0 : SWITCH_BETWEEN) + cheapest(i + 1, false, goes_on, Open{}).cost;
        before = on.open;
        sure[k] = confidence::of_margin(part - join);
    }
}

}  // namespace hanflow
