// The evidence about line ends, for many lines at once (facts.hpp); included once for each CPU path.
//
// Problem. Some thirty facts speak for or against a line end: a mark that cannot begin a line, an open quotation, an indent. Asked
// one after the other, line by line, they are thirty branches that no CPU can foresee.
// Idea. A fact of a line is a bit of its flags, a fact of a line end an expression over the flags, widths and blank lines on both
// sides of it. Each expression is reckoned for every line, and its weight masked by what comes out: the loops have no branches, so
// that compilers make vectors of them. What the lines around say is a sum over a window (add_around), several small counts
// in one number.
// Guaranteed. Costs are sums of weights.hpp, at most MOST_JOINT; a window ends where the segment ends, since the lines of padding
// have no flags. tests/reference/evidence.py and columns.py say the same.
// Example. 雨停了，灯亮了，老旧小区加装电 / 梯的事有了着落。 The line end parts 电梯, so that to end the paragraph there costs
// `part` = CUT_HAN = 350; nothing speaks against a join: `join` = 0. The first line is 60 q wide, and the next character did not
// fit: it votes for the measures from 60 to 63 q, with weight 2, since it ends in mid-sentence.

// No two arrays of facts overlap.
#if defined(__clang__)
#define HANFLOW_APART _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define HANFLOW_APART _Pragma("GCC ivdep")
#else
#define HANFLOW_APART __pragma(loop(ivdep))
#endif

namespace weighing {

using namespace weights;
using lattice::MOST_JOINT;
using lattice::ROUNDING;

// 1 where one of the flags is set, else 0: in whole numbers, of which compilers make vectors, as they do not of truth values.
static inline uint32_t bit(uint32_t flags, uint32_t one) { return flags / one & 1; }  // `one` is a constant: a shift
static inline int if_(uint32_t holds, int cost) { return int(-holds) & cost; }

// Adds up the numbers of the lines [i - reach, i + reach], reach a multiple of 8; numbers may be several small ones in one.
template <int reach>
static inline void add_around(const uint32_t* numbers, int n, uint32_t* room, uint32_t* sums) {
    static_assert(reach == 8 || reach == 24, "");
    static_assert(Facts::PAD >= 24 + 8, "windows of 24 and what adding up needs");
    // room[i]: the sum of 2, 4, ... numbers from i on.
    const int from = -reach, to = n;  // where sums of 16 begin
    HANFLOW_APART
    for (int i = from; i < to + 15; ++i) room[i] = numbers[i] + numbers[i + 1];
    HANFLOW_APART
    for (int i = from; i < to + 13; ++i) room[i] += room[i + 2];
    HANFLOW_APART
    for (int i = from; i < to + 9; ++i) room[i] += room[i + 4];
    HANFLOW_APART
    for (int i = from; i < to + 1; ++i) room[i] += room[i + 8];
    if (reach == 8) {
        HANFLOW_APART
        for (int i = 0; i < n; ++i) sums[i] = room[i - 8] + numbers[i + 8];
    } else {
        HANFLOW_APART
        for (int i = 0; i < n; ++i) {
            uint32_t sum = numbers[i + 24];
            sum += room[i - 24] + room[i - 8];
            for (int k = 8; k < 24; ++k) sum += numbers[i + k];
            sums[i] = sum;
        }
    }
}

static inline int lines_near(int i, int n) { return std::min(n, i + 9) - std::max(0, i - 8); }

// What the lines around say of each line.
static void around(Facts& facts) {
    const Facts f = facts;  // its pointers in registers: what is written cannot change them
    const int n = f.n;
    const uint32_t* const flags = f.flags;
    uint32_t* const own = f.more;
    uint32_t* const out = f.around;
    uint32_t any = 0;
    // Does it seem to continue the line before; behind a blank line; what cannot start a line; a pause at the end.
    HANFLOW_APART
    for (int i = 0; i < n; ++i) {
        const uint32_t p = flags[i - 1], x = flags[i];
        const uint32_t continues = uint32_t((p & (F_MID | F_PAUSE)) != 0) & uint32_t(((p | x) & F_MARKS) != 0);
        own[i] = continues | (continues & uint32_t(f.blanks[i] > 0)) << 8 | uint32_t((x & F_NOSTART) != 0) << 16 | uint32_t((x & F_PAUSE) != 0) << 24;
        any |= x;
    }
    uint32_t* const room = f.sums;
    uint32_t* const near = f.near;
    add_around<8>(own, n, room, near);
    HANFLOW_APART
    for (int i = 0; i < n; ++i) {
        const uint32_t c = near[i];
        const int continuing = int(c & 0xFF), over_blank = int(c >> 8 & 0xFF), starting = int(c >> 16 & 0xFF), pausing = int(c >> 24);
        const bool leading = over_blank * 2 > continuing;
        const int blanks = f.blanks[i];
        f.rhythm[i] = int16_t(leading ? (blanks <= 1 ? 0 : LEADING_MORE) : BLANK + BLANK_MORE * (blanks - 1));
        const int size = lines_near(i, n);
        const bool raw = (starting != 0) | ((size > 8) & (pausing * 4 >= size));
        const bool parts = !leading & ((f.blanks[i - 1] | f.blanks[i + 1]) != 0);
        const uint32_t p = flags[i - 1], x = flags[i], q = flags[i + 1];
        const bool rows = (x & F_ROWLIKE & (p | q)) != 0;
        const bool alone = (x & F_REMAINDER & ~p & ~q) != 0;
        const bool odd = ((x & F_NOSTART) != 0) & ((x & F_CLOSE) != 0) & (f.width[i] <= 2 * CELL);
        out[i] |= (raw ? A_RAW : 0) | (parts ? A_BLANKS_PART : 0) | (rows ? A_IN_ROWS : 0) | (alone ? A_ALONE | A_LEFT_OVER : 0) |
                  (odd ? A_ODD_CLOSE : 0) | (((i == 0) | ((blanks > 0) & !leading)) & ((x & F_MARKS) != 0) ? A_OPENS : 0);
    }
    if (n) {
        f.rhythm[0] = 0;
        out[0] &= ~(A_BLANKS_PART | A_ODD_CLOSE);
    }
    if (n > 1 && !(n > 2 && f.blanks[2])) out[1] &= ~A_BLANKS_PART;
    // Where paragraphs have an indent: first lines, and lines behind a sentence end.
    uint32_t indented = 0;
    HANFLOW_APART
    for (int i = 0; i < n; ++i) {
        const bool first = flags[i - 1] == 0, behind = ((flags[i - 1] & F_STOP) != 0) & (f.indent[i - 1] < CELL);
        own[i] = (f.indent[i] >= CELL) & (f.indent[i] <= lattice::INDENT + 2) & (first | behind);
        indented |= own[i];
    }
    if (indented) {
        add_around<24>(own, n, room, near);
        HANFLOW_APART
        for (int i = 0; i < n; ++i) out[i] |= near[i] ? A_INDENTS : 0;
    }
    // First lines of paragraphs, where that is certain: behind a short line that ends a sentence, before a line that goes on. Are they
    // as wide as the next line, or shorter by an indent that the extractor dropped?
    uint32_t found = 0;
    HANFLOW_APART
    for (int i = 0; i < n; ++i) {
        const uint32_t p = flags[i - 1], x = flags[i], q = flags[i + 1];
        const int width = f.width[i], next = f.width[i + 1];
        const uint32_t first = bit(p, F_STOP) & bit(x & q, F_MID) & ~bit(x | q, F_SPACED) & uint32_t(f.indent[i] < CELL) &
                               uint32_t(f.width[i - 1] + f.unit[i] + lattice::INDENT <= next) & uint32_t(width < next + CELL);
        const uint32_t flush = first & uint32_t(next - width < CELL);
        const uint32_t shorter = first & uint32_t(next - width >= lattice::INDENT - CELL / 2) & uint32_t(next - width < lattice::INDENT + CELL);
        own[i] = flush | shorter << 8;
        found |= flush;
    }
    if (found) {
        add_around<24>(own, n, room, near);
        HANFLOW_APART
        for (int i = 0; i < n; ++i) out[i] |= ((near[i] & 0xFF) > (near[i] >> 8) ? A_FLUSH : 0);
    }
    if (any & (F_TRAIL | F_COUPLET)) {
        HANFLOW_APART
        for (int i = 0; i < n; ++i) own[i] = uint32_t((flags[i] & F_TRAIL) != 0) | uint32_t((flags[i] & F_COUPLET) != 0) << 8;
        add_around<8>(own, n, room, near);
        HANFLOW_APART
        for (int i = 0; i < n; ++i) {
            // White space at its end, where few have any: some extractors print it at the ends of paragraphs.
            const bool trails = (flags[i] & F_TRAIL) && int(near[i] & 0xFF) * 3 <= lines_near(i, n);
            const bool couplet = (flags[i] & F_COUPLET) && (near[i] >> 8 & 0xFF) >= 2;
            out[i] |= (trails ? A_TRAILS : 0) | (couplet ? A_COUPLET : 0);
        }
    }
}

// Which lines may go on a title, and what else may be a rest: the last three as far as flags tell.
static void titles(Facts& facts) {
    const Facts f = facts;
    const int n = f.n;
    const uint32_t* const flags = f.flags;
    uint32_t* const out = f.around;
    uint16_t* const found = f.found;
    HANFLOW_APART
    for (int i = 0; i < n; ++i) {
        const uint32_t p = flags[i - 1], x = flags[i], q = flags[i + 1], word = bit(out[i], A_WORD) | bit(out[i], A_SEEN), rows = bit(out[i - 1] | out[i], A_IN_ROWS);
        const uint32_t mid = bit(p, F_MID), plain = bit(x, F_PLAIN);
        const uint32_t title = mid & bit(p & x, F_TITLE) & ~rows & ~bit(x, F_DASH) & uint32_t(f.width[i - 1] >= 4 * CELL) &
                               uint32_t(f.width[i] <= f.width[i - 1] + CELL / 2);
        const uint32_t subtitle = title & bit(p, F_DASH) & ~bit(p | x, F_MARKS) & plain & (bit(x, F_MID) | bit(x, F_CLOSE));
        const uint32_t caption = mid & bit(p, F_PICTURE) & plain & bit(x, F_STOPS);
        const uint32_t rest = mid & bit(x, F_FEW_HAN) & ~bit(p, F_MARKS) & bit(p & x, F_PLAIN) & uint32_t(q != 0);
        const uint32_t spaced = bit(x, F_SPACED) & ~bit(x, F_MARKS) & bit(p, F_STOP) & ~bit(p | q, F_SPACED);
        found[i] = uint16_t((title & word) * A_TITLE_CUT | subtitle * A_SUBTITLE | caption * A_CAPTION | rest * A_LEFT_OVER | spaced * A_LONE_SPACED);
    }
    HANFLOW_APART
    for (int i = 0; i < n; ++i) out[i] |= found[i];
}

// What it costs to join and to part the lines at each line end, and what each line votes for.
static void weigh(Facts& facts) {
    const Facts f = facts;
    const int n = f.n;
    const uint32_t* const flags = f.flags;
    const uint32_t* const around = f.around;
    HANFLOW_APART
    for (int i = 0; i < n; ++i) {
        const uint32_t a = flags[i - 1], b = flags[i], x = around[i - 1], y = around[i];
        const uint32_t mid = bit(a, F_MID), quoted = mid & bit(a, F_OPENED) & bit(b, F_CLOSED);
        const uint32_t item = bit(b, F_ITEM), dash = bit(b, F_DASH), dateline = bit(b, F_DATELINE);
        const uint32_t further = uint32_t(f.indent[i] >= 6) & uint32_t(f.indent[i] > f.indent[i - 1]);
        const uint32_t some_blank = uint32_t(f.blanks[i] > 0);
        // A paragraph often begins with the first word of its heading, which is narrower.
        const uint32_t seen = bit(y, A_SEEN) & (bit(a, F_MARKS) | uint32_t(f.width[i] <= f.width[i - 1] + CELL / 2));
        // An item that is wrapped hangs from its marker.
        const uint32_t hangs = bit(a, F_ITEM) & (bit(a, F_MID) | bit(a, F_PAUSE)) & bit(b, F_PLAIN) & uint32_t(f.indent[i] <= f.indent[i - 1] + 3 * CELL);
        int join = if_(item, ITEM) + if_(dash, DASH) + if_(dateline, DATELINE) + if_(further & ~hangs, INDENTED);
        join += if_(mid & ~bit(a | b, F_MARKS), NOT_PROSE);
        join += if_(bit(a | b, F_ROW), ROW) + if_(bit(a | b, F_CODE) | bit(a & b, F_LATIN), FOREIGN);
        join += if_(bit(a & b, F_KEY), KEYS) + if_(bit(b, F_SPEAKER), SPEAKER) + if_(bit(y, A_UNCUT), UNCUT);
        join += if_(bit(x | y, A_IN_ROWS), ROWLIKE) + if_(bit(a, F_PARTED), PARTED) + if_(bit(x, A_LONE_SPACED), SPACED_HEADING);
        join += if_(bit(x | y, A_COUPLET) & bit(a, F_STOP), VERSE) + if_(bit(x, A_TRAILS), TRAILING);
        join += if_(bit(y, A_ALIKE), ALIKE) + if_(bit(y, A_LIST), LIST) + if_(some_blank, f.rhythm[i]);
        f.join[i] = int16_t(join < MOST_JOINT ? join : MOST_JOINT);
        const uint32_t left_over = mid & bit(y, A_LEFT_OVER);
        const uint32_t unindented = bit(a, F_STOP) & uint32_t(f.indent[i] < CELL) & uint32_t(f.kind[i] != uint8_t(EndKind::credit)) & bit(y, A_INDENTS);
        int part = if_(bit(b, F_NOSTART), CANNOT_START) + if_(quoted, QUOTED) + if_(left_over, REMAINDER);
        part += if_(bit(a, F_ENDS_ALNUM) & bit(b, F_STARTS_ALNUM), CUT_WORD) + if_(bit(y, A_WORD), CUT_HAN);
        part += if_(seen, SEEN) + if_(unindented, INDENTS);
        part += if_(bit(y, A_TITLE_CUT), TITLE_CUT) + if_(bit(y, A_SUBTITLE), SUBTITLE) + if_(bit(y, A_CAPTION), CAPTION);
        part += if_(~some_blank & bit(y, A_BLANKS_PART), NO_BLANK);
        f.part[i] = int16_t(part < MOST_JOINT ? part : MOST_JOINT);
        const uint32_t free = bit(b, F_NOSTART) | quoted | (left_over & uint32_t(f.width[i - 1] >= 4 * CELL) & bit(a, F_CJK));
        const uint32_t title = bit(y, A_TITLE_CUT) | bit(y, A_SUBTITLE) | bit(y, A_CAPTION);
        f.free_join[i] = uint8_t(free | (title & ~free) << 1);
    }
    if (n) f.join[0] = f.part[0] = 0, f.free_join[0] = 0;
    // Votes. A line that has none votes for [32767, -32768).
    constexpr int NONE_LOW = 32767, NONE_HIGH = -32768;
    HANFLOW_APART
    for (int i = 0; i < n; ++i) {
        const uint32_t p = flags[i - 1], a = flags[i], b = flags[i + 1];
        const uint32_t mid = bit(a, F_MID), spaced = bit(a, F_SPACED), after = around[i + 1];
        const uint32_t seen = bit(after, A_SEEN) & (bit(a, F_MARKS) | uint32_t(f.width[i + 1] <= f.width[i] + CELL / 2)), word = bit(after, A_WORD) | seen;
        const uint32_t votes = (mid | bit(a, F_PAUSE)) & ~bit(a | b, F_ROW) & uint32_t(f.ends[i] == 0);
        const int next_unit = f.unit[i + 1], unit = next_unit > 1 ? next_unit : 1;
        const int low = f.width[i] - f.narrow[i], high = f.width[i] + unit;
        const uint32_t first = ~(bit(p, F_MID) | bit(p, F_PAUSE)) | uint32_t(f.width[i - 1] + f.unit[i] < f.width[i]);
        const uint32_t indented = votes & mid & ~spaced & first & uint32_t(f.indent[i] < lattice::INDENT);
        const int lost = lattice::INDENT - f.indent[i], low_indented = low + lost > high + ROUNDING ? low + lost : high + ROUNDING;
        f.low[i] = int16_t(votes ? low : NONE_LOW);
        f.high[i] = int16_t(votes ? high : NONE_HIGH);
        f.low_indented[i] = int16_t(indented ? low_indented : NONE_LOW);
        f.high_indented[i] = int16_t(indented ? high + lost : NONE_HIGH);
        f.exact[i] = int16_t(votes & mid ? (low + 1) & ~1 : NONE_LOW);
        f.weight[i] = uint8_t(1 + (mid & ~spaced));
        f.lines_of[i] = uint8_t(1 + word);
        f.prose[i] = uint8_t((bit(a | b, F_MARKS) | ~mid | word) & 1);
    }
    // What the columns ask of the lines around.
    HANFLOW_APART
    for (int i = 0; i < n; ++i) {
        const uint32_t votes = uint32_t(f.low[i] <= f.high[i]), word = votes & uint32_t(f.lines_of[i] == 2);
        const uint32_t none = votes & bit(around[i + 1], A_UNCUT) & ~word;
        f.more[i] = bit(flags[i], F_MID) << NEAR_MID | bit(flags[i], F_STOPS) << NEAR_STOPS | bit(flags[i], F_STOP) << NEAR_STOP |
                    word << NEAR_PARTING | none << NEAR_UNCUT | (bit(flags[i], F_SPACED) | bit(flags[i], F_NOSTART)) << NEAR_DAMAGED;
    }
    add_around<8>(f.more, n, f.sums, f.near);
}

}  // namespace weighing

static void around(Facts& facts) { weighing::around(facts); }
static void titles(Facts& facts) { weighing::titles(facts); }
static void weigh(Facts& facts) { weighing::weigh(facts); }
#undef HANFLOW_APART
