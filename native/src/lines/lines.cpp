// The line table: splits a text into lines, marks literal blocks, and measures each line.
#include <algorithm>
#include <cstring>
#include <new>

#include "lines/byline.hpp"
#include "lines/features.hpp"
#include "lines/page.hpp"
#include "simd/kernels.hpp"

namespace hanflow {

constexpr uint32_t CLOSING = class_bit(CLOSE) | class_bit(STOP) | class_bit(PAUSE);

constexpr char32_t BULLETS[] = U"•●○■◆▪◇□★☆※◎▲△►▶◦‣·✓✔-*+–#>";
constexpr char32_t GAPPED_BULLETS[] = U"-*+–#>·";  // markers only with a gap behind them
constexpr char32_t COUNTED[] = U"月日年时点个、项条类种级期";

bool is_numeral(uint32_t cp) {
    switch (cp) {
        case U'一': case U'二': case U'三': case U'四': case U'五': case U'六': case U'七': case U'八': case U'九': case U'十':
        case U'百': case U'〇': case U'零': return true;
        default: return false;
    }
}

bool is_syntax(uint32_t cp) {
    switch (cp) {
        case '{': case '}': case '[': case ']': case ';': case '=': case '<': case '>': case '\\': case '_':
        case '#': case '$': case '|': case '&': case '*': case '/': case '"': case '\'': case '`': return true;
        default: return false;
    }
}

// Behind 19:30 that opens a line and has a gap after it, or 0.
static int clock_end(const Chars& t, int i) {
    int k = i, colons = 0;
    for (; k < t.e && k - i < 8 && (t.cls[k] == DIGIT || is_colon(t.cp[k])); ++k) colons += is_colon(t.cp[k]);
    return colons && k < t.e && t.cls[k] == GAP ? k : 0;
}

// A numeral and what it counts: 六月, 七个, 八、
static bool counts_something(const Chars& t, int i) {
    int k = i;
    while (k < t.e && is_numeral(t.cp[k])) ++k;
    return k > i && k < t.e && is_one_of(COUNTED, t.cp[k]);
}

// Two Han or more on both sides without a gap.
static bool is_solid(const Chars& t, const Gap& g) {
    const int a = g.begin - 2, b = g.end + 1;
    return a >= t.s && b < t.e && t.is(a, HAN_KANA) && t.is(b, HAN_KANA);
}

// An ASCII mark that stands for a Chinese one: 年轻时扛过米袋,后来改行.
static bool is_ascii_pause(uint32_t cp) { return cp == ',' || cp == ';' || cp == ':'; }

static int skip_unseen(const Chars& t, int i) {
    while (i < t.e && t.is(i, UNSEEN)) ++i;
    return i;
}

// Room of what could not be parted at the head of the line: opening marks, one character or one Latin word or number,
// and the marks that must follow it.
static int first_unit(const Chars& t) {
    int i = t.s, room = 0;
    while (i < t.e && t.cls[i] == OPEN) {
        room += CELL;
        i = skip_unseen(t, i + 1);
    }
    if (i < t.e) {
        constexpr uint32_t latin = ALNUM | class_bit(ASCII);
        if (t.is(i, latin)) {
            for (; i < t.e && t.is(i, latin); ++i) room += cells(t.cp[i], t.cls[i]);
        } else {
            room += cells(t.cp[i], t.cls[i]);
            ++i;
        }
        i = skip_unseen(t, i);
        if (i < t.e && is_ascii_pause(t.cp[i])) {
            room += 2;
            i = skip_unseen(t, i + 1);
        }
    }
    while (i < t.e && t.is(i, CLOSING)) {
        room += CELL;
        i = skip_unseen(t, i + 1);
    }
    return room;
}

// What opens a news item: 本报讯, 新华社 ...
bool is_dateline(uint32_t a, uint32_t b, uint32_t c) {
    switch (a) {
        case U'本':
            return c == U'讯' ? b == U'报' || b == U'刊' || b == U'网' || b == U'台' : c == U'訊' && b == U'報';
        case U'新': return c == U'社' && (b == U'华' || b == U'華');
        case U'中': return b == U'新' && (c == U'社' || c == U'网');
        case U'人': return b == U'民' && c == U'网';
        default: return false;
    }
}

StartKind start_kind(const Chars& t) {
    const uint8_t c = t.cls[t.s];
    const uint32_t cp = t.cp[t.s];
    if (is_ascii_pause(cp)) {
        const int next = t.visible(t.s + 1, 1);
        if (next >= 0 && t.is(next, HAN_KANA)) return StartKind::nostart;
    }
    if (c == CLOSE || c == PAUSE || (c == STOP && cp != 0x2026)) return StartKind::nostart;
    if (list_marker(t) > t.s) return StartKind::item;
    if (is_dateline(cp, t.s + 2 < t.n ? t.cp[t.s + 1] : 0, t.s + 2 < t.n ? t.cp[t.s + 2] : 0)) return StartKind::dateline;
    if (cp == 0x2014) return StartKind::dash;
    return c == OPEN ? StartKind::open : StartKind::plain;
}

// The last character before a note that stands behind a sentence end: 。[12] 。[^2-3] 。① Else i, which is the last character.
static int before_note(const Chars& t, int i) {
    int k = i;
    if (t.cp[i] == ']' || t.cp[i] == 0x3015) {
        const uint32_t opening = t.cp[i] == ']' ? '[' : 0x3014;
        int digits = 0;
        for (--k; k > t.s && i - k <= 8 && t.cp[k] != opening; --k) {
            digits += t.cls[k] == DIGIT;
            if (t.cls[k] != DIGIT && !is_one_of(U"-–,^", t.cp[k])) return i;
        }
        if (!digits || t.cp[k] != opening) return i;
    } else if (!(0x2460 <= t.cp[i] && t.cp[i] <= 0x2473)) {
        return i;
    }
    k = t.visible(k - 1, -1);
    if (k < 0) return i;
    int stop = k;
    while (stop > t.s && t.cls[stop] == CLOSE) --stop;
    return t.cls[stop] == STOP ? k : i;
}

EndKind end_kind(const Chars& t, Bylines& bylines) {
    int i = t.visible(t.e - 1, -1);
    if (i < 0) return EndKind::mid;
    i = before_note(t, i);
    const uint8_t c = t.cls[i];
    const uint32_t cp = t.cp[i];
    if (c == CLOSE || cp == ')' || cp == '"') {
        int j = i;
        while (j >= t.s && (t.is(j, class_bit(CLOSE) | class_bit(GAP)) || t.cp[j] == ')' || t.cp[j] == '"')) --j;
        if (j >= t.s && t.cls[j] == STOP) return EndKind::stop;
        if (cp == 0xFF09 || cp == ')') {  // a byline or source in parentheses behind the sentence
            for (j = i - 1; j >= std::max(t.s, i - 40); --j) {
                if (t.cp[j] != 0xFF08 && t.cp[j] != '(') continue;
                int k = t.visible(j - 1, -1);
                while (k >= 0 && t.cls[k] == CLOSE) k = t.visible(k - 1, -1);
                if (k >= 0 && t.cls[k] == STOP)
                    return bylines.is_names(t, j + 1, i) ? EndKind::credit : EndKind::stop;
                if (k < 0 && bylines.is_names(t, j + 1, i)) return EndKind::credit;
                break;
            }
        }
        return EndKind::close;
    }
    if (c == STOP) return EndKind::stop;
    if (bylines.is_credit(t)) return EndKind::credit;
    if (c == OPEN) return EndKind::open;
    if (c == PAUSE) return cp == 0xFF1A || cp == 0xFE30 ? EndKind::colon : EndKind::pause;
    if (is_ascii_pause(cp)) {
        const int before = t.visible(i - 1, -1);
        if (before >= 0 && t.is(before, HAN_KANA)) return cp == ':' ? EndKind::colon : EndKind::pause;
    }
    return cp == '!' || cp == '?' ? EndKind::stop : EndKind::mid;
}

// A heading, leaders, and its page number.
static bool is_contents(const Chars& t) {
    int k = t.e;
    while (k > t.s && t.cls[k - 1] == DIGIT) --k;
    if (k == t.e) return false;
    int leaders = 0;
    for (; k > t.s && (t.cls[k - 1] == GAP || is_one_of(U"….·‥", t.cp[k - 1])); --k)
        leaders += t.cp[k - 1] == 0x2026 ? 3 : t.cp[k - 1] == 0x2025 ? 2 : t.cls[k - 1] != GAP;
    return leaders >= 3 && k > t.s;
}

static bool is_number(const Chars& t, int a, int b) {
    int digits = 0;
    for (int k = a; k < b; ++k) {
        digits += t.cls[k] == DIGIT;
        if (!t.is(k, class_bit(DIGIT) | class_bit(ASCII)) && t.cp[k] != 0x2014) return false;
    }
    return digits > 0;
}

// | a | b |: a row of Markdown.
static bool is_barred(const Chars& t) {
    if (t.cp[t.s] != '|' || t.cp[t.e - 1] != '|') return false;
    return std::count(t.cp.get() + t.s, t.cp.get() + t.e, uint32_t('|')) >= 3;
}

// Two numeric cells side by side, or parted by wide gaps, or a row of a table of contents.
bool is_table(const Chars& t, const Line& line) {
    if (is_contents(t) || is_barred(t)) return true;
    int wide = 0;
    for (const Gap& g : t.gaps) wide += g.room >= 6 || t.cp[g.begin] == 9;
    const int gaps = int(t.gaps.size());
    if (wide && !line.spaced && !line.marks && wide >= 2 && gaps - wide <= wide) return true;
    if (line.spaced || gaps < 2) return false;
    if (line.marks || line.end_kind == EndKind::stop || line.end_kind == EndKind::pause) return false;
    for (const Gap& g : t.gaps)
        if (t.between_han(g) && !is_solid(t, g)) return false;
    bool single = true, beside = false, before = false, number = false, attached = false, all = true;
    for (int k = 0; k <= gaps; ++k) {
        const int a = k ? t.gaps[k - 1].end : t.s, b = k < gaps ? t.gaps[k].begin : t.e;
        number = is_number(t, a, b);
        all = all && number;
        if (number && b - a != 1) single = false;
        beside = beside || (number && before);
        before = number;
        attached = attached || (!number && k < gaps && t.cls[b - 1] == DIGIT &&
                                is_number(t, t.gaps[k].end, k + 1 < gaps ? t.gaps[k + 1].begin : t.e));
    }
    if (beside && !line.cjk && !all) return true;  // 1 1 5 5 | 6 6 5 - |
    return beside && !(single && (!number || attached));  // 等举措 4 6 条, 建于1 9 8 9 are spread numbers
}

// A separator in a line without sentence marks: a heading of two halves, a row of labels.
bool is_parted(const Chars& t, const Line& line) {
    if (line.spaced || line.marks || line.end_kind == EndKind::stop || line.end_kind == EndKind::pause) return false;
    bool any = false;
    for (const Gap& g : t.gaps) {
        if (!t.between_han(g)) continue;
        if (!is_solid(t, g)) return false;
        any = true;
    }
    return any;
}

static bool is_key(const Chars& t) {
    for (int k = t.s; k < std::min(t.s + 7, t.e); ++k) {
        if (is_colon(t.cp[k])) return k > t.s;
        if (t.cls[k] != HAN) return false;
    }
    return false;
}

// What a gap takes in the column: nothing where it is letter-spacing.
static int kerning(const Chars& t, const Gap& g, bool spaced) {
    if (t.is(g.left, CJK_MARKS) || t.is(g.right, CJK_MARKS)) return 0;
    const bool a = t.is(g.left, CJK), b = t.is(g.right, CJK);
    if (a && b) return spaced ? 0 : std::max(g.room, CELL);
    if (a || b) return g.room <= CELL ? 1 : g.room;
    if (spaced && t.cls[g.left] == DIGIT && t.cls[g.right] == DIGIT) return 0;  // a number is spread like the rest
    return g.room;
}

// Two to four one-character cells: a row of a grid.
static bool is_row(const Chars& t, int seen) {
    if (t.e - t.s > 16 || seen < 2 || seen > 4 || int(t.gaps.size()) != seen - 1) return false;
    for (int i = t.s; i < t.e; ++i)
        if (!t.is(i, CJK | class_bit(GAP) | class_bit(DROP))) return false;
    return true;
}

static bool is_dash(uint32_t cp) { return cp == 0x2014 || cp == 0x2015 || cp == 0xFE31; }

// What the line is in a vertical run. seen: its visible characters, the first four of them in first.
Unit unit_of(const Chars& t, int seen, const int* first) {
    Unit unit;
    if (t.e - t.s > 24 || seen == 0 || seen > 4) return unit;
    uint32_t classes = 0;
    bool dashes = true;
    for (int k = 0; k < seen; ++k) {
        classes |= class_bit(t.cls[first[k]]);
        dashes = dashes && is_dash(t.cp[first[k]]);
    }
    const bool solid = t.gaps.empty();
    if (dashes)
        unit.kind = UnitKind::dash;
    else if (seen == 1 && (!(classes & ~HAN_KANA) || !(classes & ~CJK_MARKS)))
        unit.kind = UnitKind::chr;
    else if ((seen == 1 && classes == class_bit(ASCII)) || (!(classes & ~ALNUM) && solid))
        unit.kind = UnitKind::number;
    else if (classes == class_bit(HAN) && seen >= 2 && solid)
        unit.kind = UnitKind::name;
    else
        return unit;
    for (int i = t.s; i < t.e; ++i) {
        if (t.is(i, class_bit(GAP) | class_bit(DROP))) continue;
        unit.last = plain(t.cp[i]);
        if (unit.length < Unit::KEPT) unit.text[unit.length] = unit.last;
        ++unit.length;
    }
    return unit;
}

// More signs of programs and mark-up than Chinese text has; or time codes, rules, long numbers; or # to ###### and a gap,
// which open a comment or a heading of Markdown.
bool is_code(const Line& line, const CodeUnit* data, const uint8_t* classes, int syntax, int length) {
    if (!line.cjks && !line.letters && length >= 12) return true;
    const CodeUnit first = data[line.s];
    if (first == '#') {
        size_t behind = line.s;
        while (behind < line.e && data[behind] == '#') ++behind;
        if (behind <= line.s + 6 && behind < line.e && (classes[behind] & CLASS) == GAP) return true;
    }
    return (syntax >= 2 && syntax * 4 > line.cjks) || ((first == '#' || first == '\\') && line.letters > line.cjks);
}

int list_marker(const Chars& t) {
    const int i = t.s, e = t.e;
    if (i >= e) return i;
    const uint32_t first = t.cp[i];
    constexpr uint32_t no_bullet = class_bit(HAN) | class_bit(DIGIT);
    if (!t.is(i, no_bullet) && (is_one_of(BULLETS, first) || (0x2460 <= first && first <= 0x24FF) || (0x2776 <= first && first <= 0x2793))) {
        int j = i;
        while (j < e && t.cp[j] == first) ++j;
        if (is_one_of(GAPPED_BULLETS, first) && !(j < e && t.cls[j] == GAP)) return i;
        return j;
    }
    if (t.cls[i] == DIGIT)
        if (const int behind = clock_end(t, i)) return behind;
    const bool opened = first == 0xFF08 || first == '(';
    const int j = i + opened;
    int k = j;
    while (k < e && k - j < 4 && (t.cls[k] == DIGIT || is_numeral(t.cp[k]))) ++k;
    if (k == j) return i;
    const bool paren = k < e && (t.cp[k] == 0xFF09 || t.cp[k] == ')');
    // （12）日清晨 is a date, （1）日常管理 is not.
    if (opened && paren && t.cls[k - 1] == DIGIT && k + 2 < e && is_one_of(U"日月年", t.cp[k + 1]) &&
        !in_word(t.cp[k + 1], t.cp[k + 2]))
        return i;
    if (opened) return paren ? k + 1 : i;
    if (k + 1 < e && t.cls[k] == GAP && t.cp[k + 1] == 0x3001) return k + 2;  // 一 、 in a letter-spaced line
    if (k < e && (paren || is_one_of(U"、.．", t.cp[k]))) {
        if (k + 1 < e && (t.cls[k + 1] == DIGIT || (t.cp[k] == 0x3001 && counts_something(t, k + 1))))
            return i;  // 3.5, 五、六月
        if (t.cp[k] == 0x3001 || t.cls[j] == DIGIT || paren) return k + 1;
    }
    return i;
}

// Whether compat or width may change the character; last: the visible one before it, or -1.
bool Page::may_change(const Chars& t, int i, int last) const {
    const uint32_t cp = t.cp[i];
    if (cp >= 0x10000) return compat_target(cp) != 0;
    if (cp < 0x2FE0 || (cp >= 0xF900 && cp < 0xFF01) || cp > 0xFF5E) return true;
    if (cp < 0xFF01) return false;
    if (options.width == Width::all || t.is(i, ALNUM)) return true;
    switch (cp) {
        case 0xFF01: case 0xFF08: case 0xFF09: case 0xFF1B: case 0xFF1F: return false;  // ！（）；？
        case 0xFF0C: case 0xFF0E: case 0xFF1A: case 0xFF5E: return last >= 0 && t.is(last, ALNUM);  // ，．：～
        default: return true;
    }
}

void Page::read(const Line& line) {
    chars.read(data, classes(), line.begin, line.end, source.escapes, !options.compat);
    chars.find_gaps();
}

void Page::start(const CodeUnit* text, size_t length, const Options& opts, Source kind, uint8_t fence, bool first) {
    if (length >= UINT32_MAX - UNIT_SLACK) throw std::bad_alloc();
    data = text;
    size = length;
    options = opts;
    source = kind;
    at_ = 0;
    inside_ = false;
    fence_ = fence;
    first_ = first;
    chars.trim();
    constexpr size_t KEPT = size_t(1) << 14;  // words
    const size_t words = words_of(length) + 1;
    if (words > room_ || (room_ > KEPT && words < room_ / 4)) {
        room_ = 0;
        words_.reset(new PlaneWord[words]);
        classes_.reset(new uint8_t[words * 64]);
        room_ = words;
    }
    scanned_ = 0;
    words_[words - 1] = PlaneWord();
}

// Sets classes and planes for the line at at_ and what stands behind it, some lines at once.
void Page::scan() {
    constexpr size_t STEP = size_t(1) << 12;  // units
    const size_t from = std::max(scanned_, at_ / 64 * 64), to = std::min(size, from + LONG + STEP);
    kernels().classify(data + from, to - from, classes_.get() + from, words_.get() + from / 64);
    scanned_ = to == size ? size : to / 64 * 64;
}

void Page::skip(size_t to, uint8_t fence) {
    at_ = to;
    fence_ = fence;
    first_ = false;
}

// The end of the line, or of the piece of a long one, that starts at at_, and of its line end.
void Page::find_end(size_t& end, size_t& next) {
    const PlaneWord* const word = words();
    size_t w = at_ / 64;
    const size_t most = std::min(size, at_ + LONG);
    uint64_t bits = word[w].plane[P_NEWLINE] >> (at_ % 64) << (at_ % 64);
    while (!bits && ++w * 64 < most) bits = word[w].plane[P_NEWLINE];
    end = bits ? w * 64 + size_t(__builtin_ctzll(bits)) : size;
    if (end > most) {
        end = next = piece_end();
        return;
    }
    if (!bits && most < size) {  // LONG units, and the line goes on
        const bool ends = word[most / 64].plane[P_NEWLINE] >> (most % 64) & 1;
        if (!ends) {
            end = next = piece_end();
            return;
        }
        end = most;
    }
    next = end;
    if (next < size) ++next;
    if (next < size && data[end] == '\r' && data[next] == '\n') ++next;
}

// Where the long line at at_ is cut: between two Han if possible, else where no white space is and no mark attaches.
size_t Page::piece_end() const {
    const auto is_start = [&](size_t i) { return !(is_low_surrogate(data[i]) && is_high_surrogate(data[i - 1])); };
    const auto is_han = [&](size_t i) { return data[i] >= 0x4000 && data[i] <= 0x9FFF; };
    const auto is_seen = [&](size_t i) {
        uint8_t c = class_at(i);
        if (is_high_surrogate(data[i]) && i + 1 < size && is_low_surrogate(data[i + 1]))
            c = char_class(code_point_of(data[i], data[i + 1]));
        return !in(c, UNSEEN | class_bit(PAGE));
    };
    size_t start = 0, seen = 0;
    for (size_t i = at_ + LONG / 2; i >= at_ + LONG / 4; --i) {
        if (!is_start(i)) continue;
        if (is_han(i) && is_han(i - 1)) return i;
        if (!start) start = i;
        if (!seen && is_seen(i) && is_seen(is_start(i - 1) ? i - 1 : i - 2)) seen = i;
    }
    return seen ? seen : start;
}

// The next line, appended to texts and units; false at the end of the text.
bool Page::next_line() {
    if (at_ == size) return false;
    if (at_ + LONG + 64 > scanned_ && scanned_ < size) scan();
    size_t end = 0, next = 0;
    find_end(end, next);
    texts.emplace_back();
    units.emplace_back();
    Line& line = texts.back();
    Unit& unit = units.back();
    const auto place = [&] {
        line.begin = uint32_t(at_);
        line.end = uint32_t(end);
        line.next = uint32_t(next);
        line.continues = inside_;
        line.continued = end == next && next < size;
    };
    place();
    if (at_ == end) {
        line.s = line.e = uint32_t(end);
        line.blank = true;
    } else if (!kernels().measure(*this, line, unit, at_, end)) {
        line = Line();
        unit = Unit();
        place();
        measure(line, unit);
    }
    if (!line.blank) HANFLOW_COUNT_LINE();
    line.unit_line = unit.kind != UnitKind::none;
    line.rowlike = line.digit_gap && !line.spaced && !line.marks && !line.byline &&
                   (line.end_kind == EndKind::mid || line.end_kind == EndKind::close);
    line.speaker = line.key && is_speaker(line);
    if (unit.kind == UnitKind::name) {
        const bool role = is_role(unit.text, unit.length), name = is_name(unit.text, unit.length, false);
        line.single_name = role || name;
        // 公告 is a word although 公 is a surname; 高明 is a name although it is a word.
        const bool word = !name || (!is_name(unit.text, unit.length, true) && is_word(unit.text, unit.length));
        if (unit.length <= 3 && !role && word) line.few_han = unit.length;
    }
    inside_ = line.continued;
    at_ = next;
    return true;
}

// The key that opens the line is who speaks.
bool Page::is_speaker(const Line& line) {
    uint32_t key[8];
    uint32_t length = 0;
    for (size_t at = line.s; at < line.e && length < 8 && !is_colon(data[at]); ++at) {
        uint32_t cp = data[at];
        if (is_high_surrogate(cp) && at + 1 < line.e && is_low_surrogate(data[at + 1])) cp = code_point_of(cp, data[++at]);
        key[length++] = plain(cp);
    }
    if (length == 1) return key[0] == U'问' || key[0] == U'答' || key[0] == U'問';
    if (!length || is_one_of(U"说道导導曰称示问答想喊認為說問", key[length - 1])) return false;
    return is_role(key, length) || is_name(key, length, false);
}

// The first piece of a long line stands for it among the lines around.
void Page::end_long_line() {
    size_t first = texts.size() - 1;
    while (first && texts[first].continues && texts[first - 1].continued) --first;
    texts[first].end_kind = texts.back().end_kind;
}

// Takes the last line out, which is blank; whether it was a line, not a piece of a long one.
bool Page::drop_blank() {
    const Line blank = texts.back();
    texts.pop_back();
    units.pop_back();
    if (blank.continued) return false;
    if (!blank.continues || texts.empty() || !texts.back().continued) return true;
    Line& last = texts.back();  // whose white space it is
    last.end = blank.end;
    last.next = blank.next;
    last.continued = false;
    last.page = last.page || blank.page;
    end_long_line();
    return false;
}

// Two lines wider than any column, the first one with a sentence end: whole paragraphs, which do not depend on each other.
static bool are_paragraphs(const Line& a, const Line& b) {
    return a.end_kind == EndKind::stop && a.width > MAX_MEASURE && b.width > MAX_MEASURE;
}

// Whether a segment may end between two lines where none seems to end.
static bool is_place(CodeUnit last, CodeUnit first) {
    const auto is_han = [](CodeUnit u) { return u >= 0x4E00 && u <= 0x9FFF; };
    return is_han(last) && is_han(first) && ((uint32_t(last) * 0x9E37 + uint32_t(first) * 0x79B9) >> 7) % 16 == 0;
}

bool Page::next_segment() {
    constexpr int MAX_RUN_BLANKS = 3;  // blank lines between two lines of a vertical run
    constexpr int SHORT_LINE = 8 * CELL;  // a line that leaves most of any column empty
    texts.clear();
    units.clear();
    if (at_ == size) return false;
    int blanks = 0;
    bool page = false, full = false;
    bool listed = fence_ & LISTED;  // inside a long list
    size_t run = 0;  // lines at the end of texts that may stand in a vertical run
    for (;;) {
        for (; at_ < size && (data[at_] == '\n' || data[at_] == '\r'); ++at_) {  // empty lines
            at_ += data[at_] == '\r' && at_ + 1 < size && data[at_ + 1] == '\n';
            blanks = std::min(blanks + 1, MANY_BLANKS);
        }
        if (!next_line()) break;
        Line& line = texts.back();
        if (line.blank) {
            page = page || line.page;
            if (drop_blank()) blanks = std::min(blanks + 1, MANY_BLANKS);
            continue;
        }
        if (line.continues && !line.continued) end_long_line();
        line.blanks = blanks;
        line.page_before = line.page_before || page;  // so far: in the white space before its content
        size_t count = texts.size() - 1;
        const bool goes_on = line.unit_line && blanks <= MAX_RUN_BLANKS;
        if (!count) listed = listed && goes_on;
        if (listed && !goes_on) full = true;  // the list ends
        run = goes_on || !count ? run + line.unit_line : size_t(line.unit_line);
        if (!listed && run == LONG_LIST) {
            if (count + 1 == run) {
                listed = true;
            } else {  // read its first lines again, as a segment of their own
                texts.resize(count + 2 - run);
                units.resize(count + 2 - run);
                full = true;
            }
        }
        if (full) break;
        if (count && !line.continues) {
            const Line& last = texts[count - 1];
            full = blanks >= 4 || count >= 3 * SEGMENT || (count >= PARAGRAPHS && !blanks && are_paragraphs(last, line));
            full = full || (count >= ANYWHERE && is_place(data[last.e - 1], data[line.s]));
            if (count >= SEGMENT && (last.end_kind == EndKind::stop || last.end_kind == EndKind::credit) &&
                !last.unit_line && !line.unit_line && last.width <= SHORT_LINE && (last.cjk || line.cjk || blanks))
                full = true;
            if (full) break;
        }
        blanks = 0;
        page = false;
        for (size_t i = line.e; i < line.end; ++i) page |= data[i] == 0x0C;
    }
    whole = first_ && !full;
    closed = full;
    Line following;
    if (full) {  // the line that was read too many is read again
        following = texts.back();
        texts.pop_back();
        units.pop_back();
        at_ = texts.back().next;
        inside_ = false;
    }
    // Behind so many lines the list may go on.
    const bool more = listed && following.unit_line && following.blanks <= MAX_RUN_BLANKS;
    fence_ = uint8_t(fence_ & ~LISTED);
    mark_literal(full ? &following : nullptr, listed);
    if (more) fence_ |= LISTED;
    if (!texts.empty()) first_ = false;
    return true;
}

// Fenced code, box drawing, long lists, programs, and runs of lines without CJK (contract, "Literal blocks"). following: the text line behind
// the segment. listed: its lines are of a long list.
void Page::mark_literal(const Line* following, bool listed) {
    for (Line& line : texts) {
        line.literal = line.literal || listed;
        const CodeUnit* p = data + line.s;
        const size_t length = line.e - line.s;
        const bool marked = !line.continues && length >= 3 && (p[0] == '`' || p[0] == '~') && p[1] == p[0] && p[2] == p[0];
        if (fence_) {
            line.literal = true;
            if (marked && p[0] == fence_ && std::all_of(p, p + length, [&](CodeUnit c) { return c == fence_; })) fence_ = 0;
        } else if (marked) {
            fence_ = uint8_t(p[0]);
            line.literal = true;
        }
    }
    mark_programs();
    const size_t n = texts.size();
    const auto foreign = [&](size_t i) { return !texts[i].cjk && !texts[i].literal; };
    for (size_t i = 0; i < n;) {
        if (!foreign(i)) {
            ++i;
            continue;
        }
        size_t j = i + 1;
        // Short numbers and dashes between blank lines may be cut from a sentence or belong to a vertical run.
        bool lone = texts[i].number_or_dash;
        size_t lines = 1;
        for (; j < n && foreign(j) && !texts[j].blanks; ++j) {
            lone = lone && texts[j].number_or_dash;
            lines += !texts[j].continues;
        }
        const Line* after = j < n ? &texts[j] : following;
        const bool at_start = first_ && i == 0;
        const bool bounded = (texts[i].blanks || at_start) && (!after || after->blanks);
        if ((lines >= 4 && !lone) || (bounded && ((at_start && !after) || !lone || lines >= 4)))
            for (size_t k = i; k < j; ++k) texts[k].literal = true;
        i = j;
    }
}

// Blocks, parted by blank lines, most of whose lines carry the signs of a program, and none is a sentence of prose.
void Page::mark_programs() {
    const size_t n = texts.size();
    for (size_t i = 0, j; i < n; i = j) {
        bool signs = false, literal = false, cjk = false, prose = false;
        for (j = i; j == i || (j < n && !texts[j].blanks); ++j) {
            prose = prose || (!signs && !texts[j].signs && texts[j].prose);  // no comment has been opened
            signs = signs || texts[j].signs;
            literal = literal || texts[j].literal;
            cjk = cjk || texts[j].cjk;
        }
        if (signs && cjk && !literal && !prose && is_program(i, j))
            for (size_t k = i; k < j; ++k) texts[k].literal = true;
    }
}

bool Page::is_program(size_t begin, size_t end) {
    using Kind = ProgramScanner::Kind;
    size_t signs = 0, keys = 0, cjk = 0, cjk_signs = 0, cjk_keys = 0;
    bool strong = false, depths = false;
    int32_t depth = -1;  // of the last key
    scanner_.start();
    for (size_t i = begin; i < end; ++i) {
        const Line& line = texts[i];
        open(line, "lines: a line of a program, perhaps");
        const ProgramScanner::Result result = scanner_.read(chars, line.continued);
        if (result.kind == Kind::prose) return false;
        cjk += line.cjk;
        if (result.key) {
            depths = depths || (depth >= 0 && line.indent != depth);
            depth = line.indent;
        }
        if (result.kind == Kind::key) {
            ++keys;
            cjk_keys += line.cjk;
        } else if (result.kind != Kind::plain) {
            ++signs;
            cjk_signs += line.cjk;
            strong = strong || result.strong;
        }
    }
    if (depths) {
        signs += keys;
        cjk_signs += cjk_keys;
        strong = true;
    }
    return strong && 2 * signs > end - begin && 2 * cjk_signs > cjk;
}

void Page::measure(Line& line, Unit& unit) {
    Chars& t = chars;
    open(line, "measure: a rare character, or more than 256 gaps");
    line.s = uint32_t(t.at(t.s));
    line.e = uint32_t(t.at(t.e));
    line.blank = t.s == t.e;
    for (int i = 0; i < t.s; ++i) {
        line.page = line.page || t.cls[i] == PAGE;
        line.changes = line.changes || t.cls[i] == DROP;
        if (t.cls[i] == GAP && !line.blank) line.indent += gap_room(t.cp[i]);
    }
    line.page_before = line.page;  // so far: in the white space before the content
    for (int i = t.e; i < t.n; ++i) {
        line.page = line.page || t.cls[i] == PAGE;
        line.changes = line.changes || t.cls[i] == DROP;
    }
    line.work = line.changes;
    if (line.blank) return;
    if (t.ill_formed) {
        line.literal = line.cjk = true;
        return;
    }

    int han = 0, solid = 0, spread = 0, last = -1, room = 0, seen = 0, depth = 0, signs = 0, squeeze = 0;
    int first[4] = {};
    size_t gap = 0;
    bool few = t.e - t.s <= 6;
    line.number_or_dash = few;
    for (int i = t.s; i < t.e; ++i) {
        const uint8_t c = t.cls[i];
        const uint32_t cp = t.cp[i];
        if (cp >= 0x2500 && cp <= 0x257F) line.literal = true;
        if (cp >= 0x2E80 && !line.changes) line.changes = may_change(t, i, last);
        if (few && !in(c, class_bit(DIGIT) | class_bit(ASCII) | class_bit(GAP)) && cp != 0x2014 && cp != 0x2015)
            line.number_or_dash = false;
        if (in(c, UNSEEN)) {
            line.changes = line.changes || c == DROP;
            continue;
        }
        line.cjk = line.cjk || is_wide_evidence(cp, c);
        room += cells(cp, c);
        line.letters += c == LETTER;
        han += in(c, HAN_KANA);
        line.prose = line.prose || (in(c, class_bit(STOP) | class_bit(PAUSE)) && cp >= 0x2E80);
        line.cjks += in(c, CJK);
        if (seen < 4) first[seen] = i;
        ++seen;
        if (in(c, class_bit(STOP) | class_bit(PAUSE)) && i < t.e - 1) ++line.marks;
        line.stops = line.stops || c == STOP;
        if (c == ASCII) {
            signs += is_syntax(cp);
            line.signs = line.signs || is_program_sign(cp);
        }
        if (c == OPEN) {
            ++depth;
        } else if (c == CLOSE) {
            if (depth == 0)
                line.closed = true;
            else
                --depth;
        }
        while (gap < t.gaps.size() && t.gaps[gap].right < i) ++gap;
        const bool at_gap = gap < t.gaps.size() && t.gaps[gap].right == i;
        if (last >= 0) {
            const uint8_t l = t.cls[last];
            if (!at_gap && in(c, ALNUM) != in(l, ALNUM) && (in(c, HAN_KANA) || in(l, HAN_KANA))) ++line.dropped;
            if (in(c, HAN_KANA) && in(l, HAN_KANA)) ++(at_gap ? spread : solid);
            if ((in(l, CLOSING) && in(c, CLOSING | class_bit(OPEN))) || (l == OPEN && c == OPEN)) squeeze += CELL;
        }
        last = i;
    }
    line.prose = line.prose || han >= PROSE_HAN;
    line.signs = line.signs || t.cp[t.e - 1] == ',';
    line.work = line.changes || !t.gaps.empty();
    line.gaps = int32_t(t.gaps.size());
    line.opened = depth > 0;
    if (seen) {
        line.first_class = t.cls[first[0]];
        line.last_class = t.cls[last];
    }
    line.starts_alnum = t.is(t.s, ALNUM);
    line.ends_alnum = t.is(t.e - 1, ALNUM);
    line.remainder = seen == 1 && t.is(first[0], HAN_KANA);
    line.code = is_code(line, data, classes(), signs, t.e - t.s);
    line.key = is_key(t);
    line.spaced = spread >= 3 && spread >= solid;
    line.width = line.indent + room;
    for (const Gap& g : t.gaps) {
        line.width += kerning(t, g, line.spaced);
        line.digit_gap = line.digit_gap || (t.cls[g.left] == DIGIT && t.is(g.right, HAN_KANA)) ||
                         (t.cls[g.right] == DIGIT && t.is(g.left, HAN_KANA));
    }
    if (seen) squeeze += (t.cls[first[0]] == OPEN ? 2 : 0) + (t.is(last, CLOSING) ? 2 : 0);
    line.tight = line.width - squeeze - line.letters / NARROW;
    line.unit = first_unit(t);
    line.start_kind = start_kind(t);
    line.end_kind = end_kind(t, bylines);
    line.byline = bylines.is_byline(t);
    line.table = !line.byline && is_table(t, line);
    line.parted = is_parted(t, line);
    line.page_number = int16_t(page_number(t));
    line.opens_contents = line.page_number >= 0 && opens_contents(t);
    line.row = is_row(t, seen);
    unit = unit_of(t, seen, first);
}

}  // namespace hanflow
