#include "decide/unwrap.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "decide/confidence.hpp"
#include "evidence/weights.hpp"
#include "hanflow/reasons.hpp"
#include "simd/kernels.hpp"
#include "text/words.hpp"

namespace hanflow {

using namespace weights;
using lattice::FAR;
using lattice::INDENT;
using lattice::NEVER;
using lattice::OVER_FREE;
using lattice::shifted;
using lattice::STRETCH;

namespace {

constexpr int WINDOW = 8;

// The characters on both sides of the line end between two lines.
void read_ends(const Page& page, const Line& a, const Line& b, uint32_t& x, uint32_t& y) {
    const CodeUnit* const p = page.data;
    x = p[a.e - 1];
    y = p[b.s];
    if (is_low_surrogate(x) && a.e - a.s > 1 && is_high_surrogate(p[a.e - 2])) x = code_point_of(p[a.e - 2], x);
    if (is_high_surrogate(y) && b.e - b.s > 1 && is_low_surrogate(p[b.s + 1])) y = code_point_of(y, p[b.s + 1]);
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

// Whether a caption may begin so: by the lower half of the unit. A radical may, since it becomes another character.
bool may_open_caption(CodeUnit first) {
    static const struct Table {
        bool may[256] = {};
        Table() {
            for (const char32_t c : U"图圖左右上下题題") may[c & 0xFF] = true;
        }
    } table;
    return table.may[first & 0xFF] || compat_target(first);
}

// Whether the line begins with a role: 本报记者茅以宁.
bool starts_with_role(const Page& page, const Line& line) {
    uint32_t text[5];
    const uint32_t all = read_start(page, line, text, 5);
    for (uint32_t length = 2; length <= all; ++length)
        if (is_role(text, length)) return true;
    return false;
}

// A line behind the one that a dash opens, before a byline, body text or another title: no byline itself. As far as flags do not tell.
bool is_rest_of_subtitle(const Page& page, const Line& b, const Line* c) {
    return !b.single_name && !b.parted && !(c && c->single_name) && !starts_with_role(page, b);
}

// Two or three Han that are no name, behind a longer title line, before a byline, a subtitle or body text. As far as flags do not tell.
bool is_rest_of_title(const Line& a, const Line& b, const Line& c) {
    return a.cjks >= 2 * b.few_han + 2 && (c.marks || c.byline || c.start_kind == StartKind::dash || c.start_kind == StartKind::dateline);
}

// 一叶轻舟系柳根，半湖渔火近黄昏。
bool is_couplet(const Page& page, const Line& line) {
    const size_t length = line.e - line.s;
    if ((length != 12 && length != 16) || line.end_kind != EndKind::stop) return false;
    for (size_t i = line.s; i < line.e; ++i)
        if (page.data[i] < 0x800 || (is_surrogate(page.data[i]))) return false;
    return in(page.class_at(line.s + length / 2 - 1), class_bit(PAUSE) | class_bit(STOP));
}

bool is_forced(const Line& next) { return next.start_kind == StartKind::nostart; }

// What a kind of line end says in a row: of lines, and of those where lines are cut after marks.
struct KindCosts {
    int16_t on, last, alone, free_on, free_off;
};
struct KindTable {
    KindCosts costs[2][8] = {};
    KindTable() {
        for (int raw = 0; raw < 2; ++raw)
            for (int k = 0; k < 7; ++k)
                costs[raw][k] = KindCosts{int16_t(shifted(raw && EndKind(k) == EndKind::stop ? RAW_STOP : GOES_ON[k])), int16_t(shifted(LAST[k])),
                                          int16_t(shifted(ALONE[k])), int16_t(shifted(FREE + GOES_ON[k])), int16_t(shifted(FREE + FREE_END[k]))};
    }
};

}  // namespace

// Han as it becomes under compat, or 0.
static uint32_t han_of(uint32_t cp) {
    if (cp < 0x2E80) return 0;
    cp = plain(cp);
    return 0x4E00 <= cp && cp <= 0x9FFF ? cp : 0;
}

void SeenPairs::find(const Page& page, const std::vector<Line*>& lines) {
    size_t slots = 64;
    while (slots < 4 * lines.size()) slots *= 2;
    slots_.assign(slots, 0);
    seen_.assign(slots, 0);
    mask_ = uint32_t(slots - 1);
    std::memset(filter_, 0, sizeof filter_);
    for (size_t i = 1; i < lines.size(); ++i) {
        uint32_t x, y;
        read_ends(page, *lines[i - 1], *lines[i], x, y);
        x = han_of(x), y = han_of(y);
        if (!x || !y) continue;
        const uint32_t key = x << 16 | y, hash = hash_of(key);
        filter_[hash >> 18 & 255] |= uint64_t(1) << (hash >> 26);
        slots_[slot_of(key)] = key;
    }
    for (const Line* const line : lines) {
        uint32_t last = 0;
        for (size_t i = line->s; i < line->e; ++i) {
            const uint8_t c = page.classes()[i];
            uint32_t cp = page.data[i];
            if (is_high_surrogate(cp) && i + 1 < line->e) {  // a variation selector, perhaps
                if (!in(char_class(code_point_of(cp, page.data[++i])) & CLASS, UNSEEN)) last = 0;
                continue;
            }
            if (c & CHANGING) cp = plain(cp);
            // Without branches but for what is found: no key of a line end is half empty.
            const uint32_t han = cp - 0x4E00 <= 0x9FFF - 0x4E00 ? cp : 0, key = last << 16 | han, hash = hash_of(key);
            last = in(c & CLASS, UNSEEN) ? last : han;
            if (!(filter_[hash >> 18 & 255] >> (hash >> 26) & 1)) continue;
            const size_t at = slot_of(key);
            if (slots_[at] == key) seen_[at] = 1;
        }
    }
}

bool SeenPairs::has(uint32_t x, uint32_t y) const {
    x = han_of(x), y = han_of(y);
    if (!x || !y) return false;
    const size_t at = slot_of(x << 16 | y);
    return slots_[at] != 0 && seen_[at];
}

// Like what a line begins.
static uint16_t begins_like(const Page& page, const Line& line) {
    const CodeUnit first = page.data[line.s];
    if (line.key) return 1;
    switch (page.class_at(line.s)) {
        case DIGIT: return 2;
        case HAN: return uint16_t(han_of(first));
        case ASCII: return first;
        case OPEN: return is_one_of(U"“‘「『", first) ? 0 : first;
        case OTHER: return 3;
        default: return is_surrogate(first) ? 3 : 0;
    }
}

void Unwrap::read(const Page& page, const std::vector<uint8_t>& barriers) {
    constexpr uint32_t KIND_FLAG[] = {F_MID, F_PAUSE, 0, F_CLOSE, 0, F_STOP, 0};  // mid, pause, open, close, colon, stop, credit
    constexpr uint32_t START_FLAG[] = {F_PLAIN, F_NOSTART, F_ITEM, F_DATELINE, F_DASH, F_OPENING};
    const int n = int(lines_.size());
    facts_ = memory_.give(n);
    const Facts f = facts_;
    PairKey keys[32];
    seen_.find(page, lines_);
    const SeenPairs& seen = seen_;
    const auto resolve = [&](int begin, int end) {
        for (int i = begin; i < end; ++i) {
            const Cut cut = cut_of(keys[i % 32]);
            lines_[size_t(i)]->cut = cut;
            f.around[i] |= uint32_t(cut == Cut::word ? A_WORD : cut == Cut::none ? A_UNCUT : 0);
        }
    };
    keys[0] = PairKey{0, Cut::unknown};
    for (int i = 0; i < n; ++i) {
        const Line& line = *lines_[size_t(i)];
        if (i) {
            uint32_t x, y;
            read_ends(page, *lines_[size_t(i) - 1], line, x, y);
            keys[i % 32] = key_between(x, y);
            f.around[i] = seen.has(x, y) ? A_SEEN : 0;
        }
        const auto flag = [](bool holds, uint32_t bit) { return holds ? bit : 0; };
        const bool cjk = line.cjks > line.letters;
        const uint32_t start = START_FLAG[int(line.start_kind)];
        f.flags[i] = KIND_FLAG[int(line.end_kind)] | start | flag(line.table, F_TABLE | F_ROW) | flag(line.byline, F_ROW) | flag(line.code, F_CODE) |
                     flag(line.letters > 4 * line.cjks, F_LATIN) | flag(line.key, F_KEY) | flag(line.speaker, F_SPEAKER) |
                     flag(line.rowlike, F_ROWLIKE) | flag(line.parted, F_PARTED) | flag(line.spaced, F_SPACED) | flag(line.stops, F_STOPS) |
                     flag(line.opened, F_OPENED) | flag(line.closed, F_CLOSED) | flag(line.starts_alnum, F_STARTS_ALNUM) |
                     flag(line.ends_alnum, F_ENDS_ALNUM) | flag(line.marks > 0, F_MARKS) | flag(cjk, F_CJK) | flag(line.remainder, F_REMAINDER) |
                     flag(line.e != line.end, F_TRAIL) | flag(line.few_han != 0, F_FEW_HAN) | flag(may_open_caption(page.data[line.s]), F_PICTURE) |
                     flag((line.marks <= 1) & cjk & !(start & (F_NOSTART | F_ITEM | F_DATELINE)) & !(line.byline | line.table | line.code | line.key), F_TITLE);
        if (line.marks == 1 && is_couplet(page, line)) f.flags[i] |= F_COUPLET;
        f.width[i] = int16_t(line.width);
        f.tight[i] = int16_t(line.tight);
        f.unit[i] = int16_t(line.unit);
        f.indent[i] = int16_t(line.indent);
        f.dropped[i] = int16_t(line.dropped);
        f.narrow[i] = int16_t(line.letters / NARROW);
        f.blanks[i] = uint8_t(std::min(line.blanks, 4));
        f.kind[i] = uint8_t(line.end_kind);
        f.begins[i] = begins_like(page, line);
        if (i && f.begins[i] && f.begins[i] == f.begins[i - 1]) {
            f.around[i] |= A_ALIKE;
            if (i > 1 && (lines_[size_t(i) - 2]->end_kind == EndKind::stop || lines_[size_t(i) - 2]->end_kind == EndKind::colon)) f.around[i - 1] |= A_LIST;
        }
        f.ends[i] = uint8_t(barriers[size_t(i)] | (i + 1 == n));
        if (i % 32 == 31) resolve(i - 31, i + 1);
    }
    resolve(n / 32 * 32, n);
}

// What flags alone do not tell of lines; few are asked for.
void Unwrap::look_closer(const Page& page) {
    const int n = int(lines_.size());
    uint32_t* const around = facts_.around;
    for (int i = 1; i < n; ++i) {  // a closing quote that stands alone
        if (!(around[i] & A_ODD_CLOSE)) continue;
        lines_[size_t(i)]->end_kind = lines_[size_t(i) - 1]->end_kind;
        constexpr uint32_t kinds = F_MID | F_PAUSE | F_STOP | F_CLOSE;
        facts_.flags[i] = (facts_.flags[i] & ~kinds) | (facts_.flags[i - 1] & kinds);
        facts_.kind[i] = facts_.kind[i - 1];
    }
    kernels().titles(facts_);
    for (int i = 1; i < n; ++i) {
        if (!(around[i] & (A_SUBTITLE | A_CAPTION | A_LEFT_OVER))) continue;
        const Line &a = *lines_[size_t(i) - 1], &b = *lines_[size_t(i)];
        const Line* const c = i + 1 < n ? lines_[size_t(i) + 1] : nullptr;
        const auto clear = [&](uint32_t flag) { around[i] &= ~flag; };
        if ((around[i] & A_SUBTITLE) && !is_rest_of_subtitle(page, b, c)) clear(A_SUBTITLE);
        if ((around[i] & A_CAPTION) && !opens_caption(page, a)) clear(A_CAPTION);
        if ((around[i] & A_LEFT_OVER) && !(around[i] & A_ALONE) && !is_rest_of_title(a, b, *c)) clear(A_LEFT_OVER);
    }
}

// Extractors that cut lines do so behind marks; where they cut many, behind colons too and before opening marks.
bool Unwrap::may_be_cut(int i) const {
    const bool raw = (facts_.around[i] & A_RAW) != 0;
    if (facts_.flags[i] & F_MID) return raw && (facts_.flags[i + 1] & F_OPENING);
    return raw || facts_.kind[i] != uint8_t(EndKind::colon);
}

// Where lines are cut after marks, the typeset line that a line votes for is the pieces before it too.
void Unwrap::fold(const std::vector<uint8_t>& barriers) {
    Facts& f = facts_;
    for (int i = 0; i < f.n; ++i) {
        if (!(f.around[i] & A_RAW) || !(f.flags[i] & F_MID) || f.low[i] > f.high[i]) continue;
        int width = 0;
        for (int k = i - 1; k >= 0 && i - k <= WINDOW && !barriers[size_t(k)] && may_be_cut(k) && width <= MAX_MEASURE; --k) width += f.width[k];
        if (!width) continue;
        const auto more = [&](int16_t& q) { q = int16_t(std::min(q + width, 32766)); };
        more(f.low[i]);
        more(f.high[i]);
        f.exact[i] = int16_t((f.low[i] + 1) & ~1);
        if (f.low_indented[i] > f.high_indented[i]) continue;
        more(f.low_indented[i]);
        more(f.high_indented[i]);
    }
}

void Unwrap::set_rows() {
    FIXED KindTable kinds;
    struct IndentCosts {
        int16_t indent_on, full_on, indent_off, full_off;
    };
    const int16_t LOST = shifted(LOST_INDENT), ON = shifted(NO_INDENT), OFF = shifted(NO_INDENT / 2);
    const int16_t OPENS = shifted(FIRST_FULL), OPENS_OFF = shifted(FIRST_FULL / 2 / 5 * 5);
    const IndentCosts wide{NEVER, 0, NEVER, 0}, narrow{LOST, 0, LOST, 0};  // one that is there
    const IndentCosts flush{ON, LOST, OFF, LOST}, opens{LOST, OPENS, LOST, OPENS_OFF}, none{LOST, ON, LOST, OFF};
    const Facts& f = facts_;
    const int n = f.n;
    rows_.resize(size_t(n));
    bool column_before = false;
    for (int i = 0; i < n; ++i) {
        lattice::Row& row = rows_[size_t(i)];
        const uint32_t flags = f.flags[i], next = f.flags[i + 1];
        const bool raw = (f.around[i] & A_RAW) != 0;
        row.width = f.width[i];
        row.tight = f.tight[i];
        row.unit = f.unit[i + 1];
        row.need = int16_t(std::min(f.width[i] + f.unit[i + 1] + f.dropped[i], 32767));
        std::memcpy(&row.on, &kinds.costs[raw][f.kind[i]], sizeof(KindCosts));
        row.join = int16_t(shifted(f.join[i]));
        row.part = int16_t(shifted(f.part[i]));
        const int16_t* const measures = &measures_[size_t(i / Facts::BLOCK) * lattice::MEASURES];
        bool column = false;
        for (int k = 0; k < lattice::MEASURES; ++k) {
            const bool some = measures[k] != lattice::NO_MEASURE;
            row.measure[k] = measures[k];
            row.cost[k] = some ? int16_t(shifted(f.cost[k][i])) : NEVER;
            column |= some & (f.cost[k][i] <= lattice::CREDIBLE);
        }
        const bool free = f.free_join[i] == 1 || (f.free_join[i] == 2 && (column || column_before));
        column_before = column;
        row.free_join = free ? int16_t(row.join + shifted(FREE_JOIN)) : NEVER;
        const IndentCosts& indent = f.indent[i] >= INDENT ? wide
                                    : f.indent[i] >= CELL ? narrow
                                    : f.around[i] & A_FLUSH ? flush
                                    : f.around[i] & A_OPENS ? opens : none;
        std::memcpy(&row.indent_on, &indent, sizeof(IndentCosts));
        row.cut = i + 1 < n && may_be_cut(i) ? int16_t(raw ? shifted(RAW_CUT) : shifted(CUT)) : NEVER;
        row.heading = int16_t(flags & F_MID ? shifted(HEADING_CUT) : 0);
        row.spaced = int16_t(flags & F_SPACED ? -1 : 0);
        row.lost = int16_t(f.indent[i] >= CELL ? INDENT - f.indent[i] : INDENT);
        row.forced = int16_t(next & F_NOSTART ? -1 : 0);
        row.stays = f.ends[i] || (flags & F_TABLE) ? NEVER : int16_t(0);
    }
}

void Unwrap::prepare(Page& page, const std::vector<uint32_t>& body, const std::vector<uint8_t>& barriers,
                     std::vector<lattice::Run>& runs) {
    const int n = int(body.size());
    lines_.clear();
    states_.assign(size_t(n), 0);
    if (n < 2) return;
    for (const uint32_t i : body) lines_.push_back(&page.text(i));
    read(page, barriers);
    kernels().around(facts_);
    look_closer(page);
    kernels().weigh(facts_);
    fold(barriers);
    measures_.resize(size_t((n + Facts::BLOCK - 1) / Facts::BLOCK) * lattice::MEASURES);
    kernels().columns(facts_, measures_.data(), n <= 3 && page.whole);
    set_rows();
    for (int i = 0; i < n; ++i) lines_[size_t(i)]->rhythm = facts_.rhythm[i];
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
    const auto raw_at = [&](int i) { return (facts_.around[i] & A_RAW) != 0; };
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
        const int end = goes_on && raw_at(i) && line.end_kind == EndKind::stop ? RAW_STOP : (goes_on ? GOES_ON : joined ? LAST : ALONE)[kind];
        const auto way = [&](Open start, int extra) -> Cost {
            const int over = line.tight + start.tight - measure - OVER_FREE;
            int cost = end + extra + (over > 0 ? std::min(OVER * over, MOST) : 0);
            const int slack = measure - line.width - start.width - (next ? next->unit : 0);
            if (!goes_on) return {cost + (slack < 0 && over <= 0 && !line.spaced ? FULL_BY_CHANCE : 0), {0, 0}};
            const int room = slack - line.dropped;
            if (line.spaced) return {cost + loose(room - measure / STRETCH), {0, 0}};
            const int cut = raw_at(i) ? RAW_CUT : CUT;
            if (row.cut != NEVER && loose(room) >= cut)
                return {cost + cut + (!joined && line.end_kind == EndKind::mid ? HEADING_CUT : 0), with(start)};
            return {cost + loose(room), {0, 0}};
        };
        if (joined) return way(before, 0);
        if (line.indent >= INDENT) return way({0, 0}, 0);
        const int indent = goes_on ? row.indent_on : row.indent_off, none = goes_on ? row.full_on : row.full_off;
        const Cost indented = way({row.lost, row.lost}, (indent >> lattice::COST_BITS) * 5);
        const Cost full = way({0, 0}, (none >> lattice::COST_BITS) * 5);
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
        const Cost on = cost_of(i, joined, true, before), end = cost_of(i, joined, false, before);
        const int join = on.cost + facts_.join[i + 1] + (none ? FREE_JOIN : same ? 0 : SWITCH_INSIDE) +
                         cost_of(i + 1, true, goes_on, on.open).cost;
        const int part = end.cost + facts_.part[i + 1] + (same ? 0 : SWITCH_BETWEEN) +
                         cost_of(i + 1, false, goes_on, {0, 0}).cost;
        before = on.open;
        sure[size_t(i)] = confidence::of_margin(part - join);
    }
}

Why Unwrap::why(size_t k, const std::vector<uint8_t>& sure) const {
    namespace of = reasons::joint;
    if (!sure[k]) return Why{};
    const Line &a = *lines_[k], &b = *lines_[k + 1];
    const uint32_t around = facts_.around[k + 1];
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
    add(mid && (around & A_LEFT_OVER), of::REMAINDER);
    add(a.ends_alnum && b.starts_alnum, of::LATIN_WORD);
    add(b.cut == Cut::word, of::HAN_WORD);
    add(!in_column && (around & (A_TITLE_CUT | A_SUBTITLE)), of::TITLE);
    add(around & A_CAPTION, of::CAPTION);
    add(mid && !forced, of::NO_MARK);
    add(a.end_kind == EndKind::pause, of::PAUSE);
    add(!b.blanks && (around & A_BLANKS_PART), of::NO_BLANK);
    add(stop && b.indent < CELL, of::NO_INDENT);
    add(stop, of::SENTENCE);
    add(b.blanks && b.rhythm > 0, of::BLANKS);
    add(b.indent >= 6 && b.indent > a.indent, of::INDENTED);
    add(b.start_kind == StartKind::item || b.start_kind == StartKind::dateline || b.start_kind == StartKind::dash, of::ITEM);
    add(a.table || b.table || a.byline || b.byline || ((facts_.around[k] | around) & A_IN_ROWS), of::ROW);
    return why;
}

}  // namespace hanflow
