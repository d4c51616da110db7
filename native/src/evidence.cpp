#include "evidence.hpp"

#include <algorithm>

#include "weights.hpp"

namespace hanflow {

using namespace weights;

namespace {

constexpr int RAW = 4;  // of so many lines one ends in a pause where lines are cut after marks
constexpr int TRAILING_SHARE = 3;  // of so many lines one at most has white space at its end where that means something
constexpr int COUPLETS = 2;        // lines of verse near each other at least: one may be chance
constexpr int AHEAD = 6;  // lines by which the table of pairs is fetched early: it is larger than the first cache
constexpr int FIRST_LINES = 24;  // lines either way among which first and last lines of paragraphs are looked for

bool is_latin(const Line& line) { return line.letters > 4 * line.cjks; }

// The characters on both sides of the line end between two lines.
void read_ends(const Page& page, const Line& a, const Line& b, uint32_t& x, uint32_t& y) {
    const CodeUnit* const p = page.data;
    x = p[a.e - 1];
    y = p[b.s];
    if (!page.source.pairs) return;
    if (is_low_surrogate(x) && a.e - a.s > 1 && is_high_surrogate(p[a.e - 2])) x = code_point_of(p[a.e - 2], x);
    if (is_high_surrogate(y) && b.e - b.s > 1 && is_low_surrogate(p[b.s + 1])) y = code_point_of(y, p[b.s + 1]);
}

// What the line end between two lines parts.
Cut cut_at(const Page& page, const Line& a, const Line& b) {
    uint32_t x, y;
    read_ends(page, a, b, x, y);
    return cut_between(x, y);
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

// The first characters of the line, as they become under compat: up to `most`. Returns how many.
uint32_t read_start(const Page& page, const Line& line, uint32_t* text, uint32_t most) {
    uint32_t length = 0;
    for (size_t at = line.s; length < most && at < line.e; ++at) text[length++] = plain(page.data[at]);
    return length;
}

// Whether the line begins like the caption of a picture: 图为, 左图：
bool opens_caption(const Page& page, const Line& line) {
    uint32_t text[3];
    if (line.marks > 3 || read_start(page, line, text, 3) < 3) return false;
    const auto picture = [&](int k) { return is_one_of(U"图圖", text[k]); };
    const auto is = [&](int k) { return is_one_of(U"为為", text[k]); };
    return (picture(0) && is(1)) || (is_one_of(U"左右上下题題", text[0]) && picture(1) && (is(2) || is_colon(text[2])));
}

// Whether the line begins with a role: 本报记者茅以宁.
bool starts_with_role(const Page& page, const Line& line) {
    uint32_t text[5];
    const uint32_t all = read_start(page, line, text, 5);
    for (uint32_t length = 2; length <= all; ++length)
        if (is_role(text, length)) return true;
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
           b.start_kind == StartKind::plain &&
           (c.marks || c.byline || c.start_kind == StartKind::dash || c.start_kind == StartKind::dateline);
}

}  // namespace

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
    if ((a.couplet | b.couplet) && a.end_kind == EndKind::stop) cost += VERSE;
    if (a.trails) cost += TRAILING;
    if (b.blanks) cost += b.rhythm;
    return cost;
}

// Extractors that cut lines do so behind marks, and many before opening ones.
bool may_be_cut(const Line& a, const Line& b) {
    return a.end_kind != EndKind::mid || (a.raw && b.start_kind == StartKind::open);
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

namespace {

// What a line and its neighbours show, as bits: counted over windows.
enum Fact : uint16_t {
    CONTINUES = 1,             // it seems to continue the line before
    CONTINUES_OVER_BLANK = 2,  // ... behind a blank line
    NOSTART = 4,               // it begins with what cannot start a line
    PAUSES = 8,                // it ends in a pause
    FLUSH = 16,                // certainly the first line of a paragraph, as wide as the column
    SHORTER = 32,              // ... shorter by an indent that the extractor dropped
    TRAILS = 64,               // white space at its end
    COUPLET = 128,             // two clauses of five or seven characters
};

bool ends_mid(const Line& line) { return line.end_kind == EndKind::mid; }

// 一叶轻舟系柳根，半湖渔火近黄昏。
bool is_couplet(const Page& page, const Line& line) {
    const size_t length = line.e - line.s;
    if ((length != 12 && length != 16) || line.end_kind != EndKind::stop) return false;
    for (size_t i = line.s; i < line.e; ++i)
        if (page.data[i] < 0x800 || (page.source.pairs && is_surrogate(page.data[i]))) return false;
    return in(page.class_at(line.s + length / 2 - 1), class_bit(PAUSE) | class_bit(STOP));
}

uint16_t facts_of(const Page& page, const Line* a, const Line& b, const Line* c) {
    unsigned facts = 0;
    if (a && (ends_mid(*a) || a->end_kind == EndKind::pause) && (a->marks || b.marks))
        facts |= b.blanks ? CONTINUES | CONTINUES_OVER_BLANK : CONTINUES;
    if (b.start_kind == StartKind::nostart) facts |= NOSTART;
    if (b.end_kind == EndKind::pause) facts |= PAUSES;
    if (b.e != b.end) facts |= TRAILS;
    if (b.marks == 1 && is_couplet(page, b)) facts |= COUPLET;
    // A first line, behind a short line that ends a sentence, before a line that goes on.
    if (a && c && a->end_kind == EndKind::stop && ends_mid(b) && ends_mid(*c) && b.indent < CELL && !b.spaced && !c->spaced &&
        a->width + b.unit + INDENT <= c->width && b.width < c->width + CELL) {
        const int narrower = c->width - b.width;
        if (narrower < CELL) facts |= FLUSH;
        if (narrower >= INDENT - CELL / 2 && narrower < INDENT + CELL) facts |= SHORTER;
    }
    return uint16_t(facts);
}

}  // namespace

void Evidence::gather(const Page& page, const std::vector<Line*>& lines) {
    const int n = int(lines.size());
    facts_.resize(size_t(n));
    unsigned all = 0;
    uint32_t x, y;
    for (int i = 0; i < n; ++i) {
        if (i + AHEAD < n) {
            read_ends(page, *lines[i + AHEAD - 1], *lines[i + AHEAD], x, y);
            expect_cut(x, y);
        }
        Line& line = *lines[i];
        const Line *const before = i ? lines[i - 1] : nullptr, *const next = i + 1 < n ? lines[i + 1] : nullptr;
        if (before) line.cut = cut_at(page, *before, line);
        line.in_rows = line.rowlike && ((before && before->rowlike) || (next && next->rowlike));
        facts_[i] = facts_of(page, before, line, next);
        all |= facts_[i];
    }
    const auto count = [&](WindowCounts& counts, Fact fact) { counts.fill(n, [&](int i) { return (facts_[i] & fact) != 0; }); };
    // Those that nearly all texts have, in four lanes.
    enum { CONTINUING, OVER_BLANK, STARTING, PAUSING };
    static_assert(CONTINUES == 1 && CONTINUES_OVER_BLANK == 2 && NOSTART == 4 && PAUSES == 8, "bit k of the facts for lane k");
    usual_.fill(n, [&](int i) {
        const uint64_t f = facts_[i];
        return (f & 1) | (f & 2) << 15 | (f & 4) << 30 | (f & 8) << 45;
    });
    if (all & FLUSH) {
        count(flush_, FLUSH);
        count(shorter_, SHORTER);
    }
    if (all & TRAILS) count(trailing_, TRAILS);
    if (all & COUPLET) count(couplets_, COUPLET);
    for (int i = 0; i < n; ++i) {
        Line& line = *lines[i];
        const Line *const before = i ? lines[i - 1] : nullptr, *const next = i + 1 < n ? lines[i + 1] : nullptr;
        const uint64_t near = usual_.all_near(i);
        const auto count_of = [&](int lane) { return WindowCounts::of(near, lane); };
        // What a blank line says here. Where most lines that end in mid-sentence are followed by one, it is leading.
        if (before) {
            const bool leading = count_of(OVER_BLANK) * 2 > count_of(CONTINUING);
            line.parted_by_blanks = !leading && ((i > 1 && before->blanks) || (next && next->blanks));
            if (leading)
                line.rhythm = line.blanks <= 1 ? 0 : LEADING_MORE;
            else
                line.rhythm = BLANK + BLANK_MORE * std::min(line.blanks - 1, 3);
        }
        // Does the extractor end lines after marks here? A mark that cannot start a line does, or many lines end in a pause.
        line.raw = count_of(STARTING) || (usual_.size(i) > WINDOW && count_of(PAUSING) * RAW >= usual_.size(i));
        line.flush = (all & FLUSH) && flush_.near(i, FIRST_LINES) > shorter_.near(i, FIRST_LINES);
        line.couplet = (facts_[i] & COUPLET) && couplets_.near(i) >= COUPLETS;
        // White space at the end of a line, where few have any: some extractors print it at the ends of paragraphs.
        line.trails = (facts_[i] & TRAILS) && trailing_.near(i) * TRAILING_SHARE <= trailing_.size(i);
    }
    // Last, as it changes how lines end.
    for (int i = 0; i < n; ++i) {
        Line& line = *lines[i];
        const Line *const before = i ? lines[i - 1] : nullptr, *const next = i + 1 < n ? lines[i + 1] : nullptr;
        // One character alone, not one of several such lines.
        line.left_over = line.remainder && !(before && before->remainder) && !(next && next->remainder);
        if (!before) continue;
        if (may_go_on(*before, line)) {
            line.title_cut = line.cut == Cut::word;
            line.rest_of_subtitle = is_rest_of_subtitle(page, *before, line, next);
        }
        line.rest_of_caption = ends_mid(*before) && line.start_kind == StartKind::plain && line.stops && opens_caption(page, *before);
        // Behind a sentence end, letter-spaced without marks, among lines that are not: a heading.
        line.lone_spaced = line.spaced && !line.marks && before->end_kind == EndKind::stop && !before->spaced && !(next && next->spaced);
        if (line.few_han && next) line.left_over = is_rest_of_title(*before, line, *next);
        // A closing quote that stands alone.
        if (line.start_kind == StartKind::nostart && line.end_kind == EndKind::close && line.width <= 2 * CELL)
            line.end_kind = before->end_kind;
    }
}

}  // namespace hanflow
