// A line's features by population counts over the masks; included once for each CPU path. What is hard to get right
// (list markers, bylines, tables) is left to features.hpp.

constexpr size_t MASKED_WORDS = 16;  // a line of more than this many words is measured character by character
constexpr int MASKED_GAPS = 64;

// The masks of one line, its first byte at bit 0.
struct LineBits {
    uint64_t word[MASKED_WORDS][SCAN_KINDS];
    uint64_t content[MASKED_WORDS];
    size_t words;

    bool test(ScanKind k, size_t i) const { return (word[i / 64][k] >> (i % 64)) & 1; }
    ScanKind kind_at(size_t i) const {
        const uint64_t* const w = word[i / 64];
        for (int k = SCAN_HAN; k < SCAN_RARE; ++k)
            if ((w[k] >> (i % 64)) & 1) return ScanKind(k);
        return SCAN_GAP;
    }
    // The next character that is no gap, from byte i on; npos when there is none.
    size_t next(size_t i) const {
        size_t w = i / 64;
        if (w >= words) return npos;
        uint64_t bits = content[w] >> (i % 64) << (i % 64);
        while (!bits) {
            if (++w == words) return npos;
            bits = content[w];
        }
        return w * 64 + size_t(__builtin_ctzll(bits));
    }
    static constexpr size_t npos = ~size_t(0);
};

constexpr uint8_t CLASS_OF[SCAN_KINDS] = {NEWLINE, GAP, HAN, OPEN, CLOSE, STOP, PAUSE, MARK, DIGIT, LETTER, ASCII, OTHER};
constexpr uint32_t kind_bit(unsigned k) { return uint32_t(1) << k; }
constexpr uint32_t MASKED_CLOSING = kind_bit(SCAN_CLOSE) | kind_bit(SCAN_STOP) | kind_bit(SCAN_PAUSE);
constexpr uint32_t MASKED_MARKS = MASKED_CLOSING | kind_bit(SCAN_OPEN) | kind_bit(SCAN_MARK);
constexpr uint32_t MASKED_CJK = MASKED_MARKS | kind_bit(SCAN_HAN);
constexpr uint32_t MASKED_ALNUM = kind_bit(SCAN_DIGIT) | kind_bit(SCAN_LETTER);
static inline bool one_of(ScanKind k, uint32_t set) { return (set >> k) & 1; }
static inline size_t length_of(ScanKind k) { return one_of(k, MASKED_CJK) ? 3 : 1; }

// first_unit() by masks.
static int masked_first_unit(const LineBits& b, size_t s) {
    size_t i = s;
    int room = 0;
    while (i != LineBits::npos && b.test(SCAN_OPEN, i)) {
        room += CELL;
        i = b.next(i + 3);
    }
    if (i != LineBits::npos) {
        const ScanKind k = b.kind_at(i);
        if (one_of(k, MASKED_CJK)) {
            room += CELL;
            i = b.next(i + 3);
        } else {
            const size_t limit = b.words * 64;
            for (; i < limit && (b.test(SCAN_DIGIT, i) || b.test(SCAN_LETTER, i) || b.test(SCAN_SIGN, i)); ++i) room += 2;
            i = b.next(i);
        }
    }
    while (i != LineBits::npos && one_of(b.kind_at(i), MASKED_CLOSING)) {
        room += CELL;
        i = b.next(i + 3);
    }
    return room;
}

// is_key() by masks: the first colon stands behind one to six Han.
static bool masked_is_key(const LineBits& b, const uint8_t* p, size_t s) {
    for (size_t i = s, k = 0; k < 7; ++k, i += 3) {
        if (i / 64 >= b.words) return false;
        if (b.test(SCAN_PAUSE, i)) return k > 0 && p[i] == 0xEF && p[i + 1] == 0xBC && p[i + 2] == 0x9A;
        if (b.test(SCAN_SIGN, i)) return k > 0 && p[i] == ':';
        if (!b.test(SCAN_HAN, i)) return false;
    }
    return false;
}

static uint32_t han_at(const uint8_t* p) {
    uint32_t cp;
    decode(p, cp);
    return cp;
}

// Whether list_marker() may find one: told by the first characters.
static bool may_be_marker(const LineBits& b, const uint8_t* p, size_t s, ScanKind first) {
    if (first == SCAN_LETTER) return false;
    if (first == SCAN_OPEN) return p[s] == 0xEF;  // （
    size_t i = s;
    if (first == SCAN_HAN) {
        if (!is_numeral(han_at(p + s))) return false;
        for (i += 3; i / 64 < b.words && b.test(SCAN_HAN, i) && is_numeral(han_at(p + i));) i += 3;
    } else if (first == SCAN_DIGIT) {
        while (i / 64 < b.words && b.test(SCAN_DIGIT, i)) ++i;
    } else {
        return true;
    }
    // 、 ） ： . ) : follow a number that is one.
    return i / 64 < b.words && (b.test(SCAN_PAUSE, i) || b.test(SCAN_GAP, i) || b.test(SCAN_CLOSE, i) || b.test(SCAN_SIGN, i) || b.test(SCAN_DIGIT, i) ||
                                (b.test(SCAN_HAN, i) && first == SCAN_DIGIT && is_numeral(han_at(p + i))));
}

static bool is_kana(uint32_t cp) { return char_class(cp) == KANA; }

// The last characters of what the last name of a credit did: 摄, 文, 图 ...
static bool ends_like_credit(uint32_t cp) {
    for (const char32_t* last = U"摄文图攝圖绘繪影"; *last; ++last)
        if (uint32_t(*last) == cp) return true;
    return false;
}

// What measure() does, for a line without rare characters, which the masks cover. false: measure() must do it.
static bool measure(Page& page, Line& line, Unit& unit, size_t scanned) {
    const Masks& masks = page.masks;
    const size_t length = line.end - line.begin;
    if (length > MASKED_WORDS * 64) return false;
    const uint8_t* const p = page.data + line.begin;
    LineBits b;
    b.words = (length + 63) / 64;
    uint64_t rare = 0, any = 0;
    int n[SCAN_KINDS] = {};
    const uint64_t* from = masks.word[(line.begin - scanned) / 64];
    const unsigned shift = (line.begin - scanned) % 64;
    for (size_t w = 0; w < b.words; ++w, from += SCAN_KINDS) {
        const size_t left = length - w * 64;
        const uint64_t valid = left >= 64 ? ~uint64_t(0) : (uint64_t(1) << left) - 1;
        uint64_t* const to = b.word[w];
        for (int k = 0; k < SCAN_KINDS; ++k) to[k] = (from[k] >> shift | from[k + SCAN_KINDS] << 1 << (63 - shift)) & valid;
        uint64_t content = 0;
        for (int k = SCAN_HAN; k < SCAN_KINDS; ++k) content |= to[k];
        for (int k = SCAN_GAP; k < SCAN_RARE; ++k) n[k] += __builtin_popcountll(to[k]);
        rare |= to[SCAN_RARE];
        b.content[w] = content;
        any |= content;
    }
    if (rare) return false;
    if (!any) {
        line.s = line.e = line.end;
        line.blank = true;
        return true;
    }
    const int han = n[SCAN_HAN], letters = n[SCAN_LETTER], signs = n[SCAN_SIGN];
    const int marks = n[SCAN_OPEN] + n[SCAN_CLOSE] + n[SCAN_STOP] + n[SCAN_PAUSE] + n[SCAN_MARK];
    const int alnum = n[SCAN_DIGIT] + letters, seen = han + marks + alnum + signs;
    if (!han && marks) return false;  // curly quotes and dashes alone are no CJK
    const size_t s = b.next(0);
    size_t last = 0;
    for (size_t w = b.words; w-- > 0;)
        if (b.content[w]) {
            last = w * 64 + 63 - size_t(__builtin_clzll(b.content[w]));
            break;
        }
    const ScanKind first_kind = b.kind_at(s), last_kind = b.kind_at(last);
    const size_t e = last + length_of(last_kind);
    line.s = line.begin + s;
    line.e = line.begin + e;
    line.cjk = han > 0;
    line.letters = letters;
    line.cjks = han + marks;
    line.first_class = CLASS_OF[first_kind];
    line.last_class = CLASS_OF[last_kind];
    line.marks = n[SCAN_STOP] + n[SCAN_PAUSE] - (last_kind == SCAN_STOP || last_kind == SCAN_PAUSE);
    line.starts_alnum = one_of(first_kind, MASKED_ALNUM);
    line.ends_alnum = one_of(last_kind, MASKED_ALNUM);
    line.stops = n[SCAN_STOP] > 0;
    line.remainder = seen == 1 && han == 1;

    // Gaps, and the indent.
    struct {
        int room;
        ScanKind left, right;
    } gaps[MASKED_GAPS];
    int gap_count = 0, inner = 0, spread = 0;
    bool wide = false;  // one may part the cells of a table row
    if (n[SCAN_GAP]) {
        size_t end = LineBits::npos;  // the character behind the current gap
        size_t left = LineBits::npos;
        size_t w = 0;
        for (uint64_t bits = b.word[0][SCAN_GAP];;) {
            while (!bits && ++w < b.words) bits = b.word[w][SCAN_GAP];
            if (!bits) break;
            const size_t i = w * 64 + size_t(__builtin_ctzll(bits));
            bits &= bits - 1;
            if (i > last) break;
            const int room = p[i] == ' ' ? 2 : p[i] == '\t' ? 4 * CELL : p[i] == 0xE3 ? CELL : 2;
            if (i < s) {
                line.indent += room;
                continue;
            }
            ++inner;
            wide = wide || room >= 6;
            if (end != LineBits::npos && i < end) {
                gaps[gap_count - 1].room += room;
                wide = wide || gaps[gap_count - 1].room >= 6;
                continue;
            }
            if (gap_count == MASKED_GAPS) return false;
            // The character before: one or three bytes back.
            left = i >= 3 && one_of(b.kind_at(i - 3), MASKED_CJK) ? i - 3 : i - 1;
            end = b.next(i);
            gaps[gap_count].room = room;
            gaps[gap_count].left = b.kind_at(left);
            gaps[gap_count].right = b.kind_at(end);
            spread += gaps[gap_count].left == SCAN_HAN && gaps[gap_count].right == SCAN_HAN;
            line.digit_gap = line.digit_gap || (gaps[gap_count].left == SCAN_DIGIT && gaps[gap_count].right == SCAN_HAN) ||
                             (gaps[gap_count].left == SCAN_HAN && gaps[gap_count].right == SCAN_DIGIT);
            ++gap_count;
        }
    }
    line.work = inner > 0;
    line.gapless = gap_count == 0;
    if (seen + inner <= 6 && !han && !letters) line.number_or_dash = true;

    // Neighbours without a gap between: Han and Han, Han and Latin, marks.
    int solid = 0, squeeze = 0;
    uint64_t carry_han = 0, carry_alnum = 0, carry_closing = 0, carry_open = 0;
    for (size_t w = 0; w < b.words; ++w) {
        const uint64_t h = b.word[w][SCAN_HAN], a = b.word[w][SCAN_DIGIT] | b.word[w][SCAN_LETTER];
        const uint64_t o = b.word[w][SCAN_OPEN];
        const uint64_t c = b.word[w][SCAN_CLOSE] | b.word[w][SCAN_STOP] | b.word[w][SCAN_PAUSE];
        const uint64_t behind_han = h << 3 | carry_han, behind_alnum = a << 1 | carry_alnum;
        solid += __builtin_popcountll(h & behind_han);
        line.dropped += __builtin_popcountll(h & behind_alnum) + __builtin_popcountll(a & behind_han);
        squeeze += __builtin_popcountll((c << 3 | carry_closing) & (c | o)) + __builtin_popcountll((o << 3 | carry_open) & o);
        // ， ： ～ behind a letter or digit may be converted.
        if (behind_alnum & (b.word[w][SCAN_PAUSE] | b.word[w][SCAN_MARK])) line.changes = true;
        carry_han = h >> 61;
        carry_alnum = a >> 63;
        carry_closing = c >> 61;
        carry_open = o >> 61;
    }
    if (page.options.width == Width::all && marks) line.changes = true;
    line.work = line.work || line.changes;
    for (int k = 0; k < gap_count; ++k) {  // marks with a gap between
        const bool closing = one_of(gaps[k].left, MASKED_CLOSING), open = gaps[k].left == SCAN_OPEN;
        squeeze += (closing && (one_of(gaps[k].right, MASKED_CLOSING) || gaps[k].right == SCAN_OPEN)) ||
                   (open && gaps[k].right == SCAN_OPEN);
    }
    squeeze = squeeze * CELL + (first_kind == SCAN_OPEN ? 2 : 0) + (one_of(last_kind, MASKED_CLOSING) ? 2 : 0);
    line.spaced = spread >= 3 && spread >= solid;
    line.width = line.indent + CELL * (han + marks) + 2 * (alnum + signs);
    for (int k = 0; k < gap_count; ++k) {
        const auto& g = gaps[k];
        if (one_of(g.left, MASKED_MARKS) || one_of(g.right, MASKED_MARKS)) continue;
        const bool x = one_of(g.left, MASKED_CJK), y = one_of(g.right, MASKED_CJK);
        if (x && y)
            line.width += line.spaced ? 0 : std::max(g.room, CELL);
        else if (x || y)
            line.width += g.room <= CELL ? 1 : g.room;
        else
            line.width += g.room;
    }
    line.tight = line.width - squeeze - letters / NARROW;
    if (n[SCAN_OPEN] + n[SCAN_CLOSE]) {
        int depth = 0;
        for (size_t w = 0; w < b.words; ++w)
            for (uint64_t bits = b.word[w][SCAN_OPEN] | b.word[w][SCAN_CLOSE]; bits; bits &= bits - 1) {
                if (b.word[w][SCAN_OPEN] & bits & (~bits + 1))
                    ++depth;
                else if (depth == 0)
                    line.closed = true;
                else
                    --depth;
            }
        line.opened = depth > 0;
    }
    int syntax = 0;
    if (signs >= 2)
        for (size_t w = 0; w < b.words; ++w)
            for (uint64_t bits = b.word[w][SCAN_SIGN]; bits; bits &= bits - 1)
                syntax += is_syntax(p[w * 64 + size_t(__builtin_ctzll(bits))]);
    line.code = is_code(line, syntax, p[s], seen + inner);
    line.key = masked_is_key(b, p, s);
    line.unit = masked_first_unit(b, s);

    // What needs the characters: list markers, closing marks at the end, bylines, tables.
    bool opened = false;
    const auto characters = [&]() -> const Chars& {
        if (!opened) page.open(line);
        opened = true;
        return page.chars;
    };
    if (first_kind == SCAN_CLOSE || first_kind == SCAN_PAUSE)
        line.start_kind = StartKind::nostart;
    else if (first_kind == SCAN_STOP)
        line.start_kind = han_at(p + s) != 0x2026 ? StartKind::nostart : StartKind::plain;
    else if (may_be_marker(b, p, s, first_kind))
        line.start_kind = hanflow::start_kind(characters());
    else if (first_kind == SCAN_HAN && s + 9 <= length && b.test(SCAN_HAN, s + 3) && b.test(SCAN_HAN, s + 6)) {
        if (is_dateline(han_at(p + s), han_at(p + s + 3), han_at(p + s + 6))) line.start_kind = StartKind::dateline;
    } else if (first_kind == SCAN_OPEN)
        line.start_kind = StartKind::open;
    else if (first_kind == SCAN_MARK && han_at(p + s) == 0x2014)
        line.start_kind = StartKind::dash;
    const uint32_t last_cp = one_of(last_kind, MASKED_CJK) ? han_at(p + last) : p[last];
    switch (last_kind) {
        case SCAN_STOP: line.end_kind = EndKind::stop; break;
        case SCAN_HAN:
            if (gap_count && ends_like_credit(last_cp)) line.end_kind = hanflow::end_kind(characters(), page.bylines);
            break;
        case SCAN_PAUSE:
            line.end_kind = last_cp == 0xFF1A || last_cp == 0xFE30 ? EndKind::colon : EndKind::pause;
            break;
        case SCAN_OPEN: line.end_kind = EndKind::open; break;
        case SCAN_DIGIT: case SCAN_LETTER: case SCAN_MARK: break;
        case SCAN_CLOSE: {
            const size_t before = last >= 3 && one_of(b.kind_at(last - 3), MASKED_CJK) ? last - 3 : last;
            const ScanKind kind = b.kind_at(before);
            if (before == last || kind == SCAN_CLOSE || last_cp == 0xFF09)
                line.end_kind = hanflow::end_kind(characters(), page.bylines);
            else
                line.end_kind = kind == SCAN_STOP ? EndKind::stop : EndKind::close;
            break;
        }
        default: line.end_kind = hanflow::end_kind(characters(), page.bylines);
    }
    if (gap_count && !alnum && !marks && (!signs || signs == 1)) line.byline = page.bylines.is_byline(characters());
    const bool sentence = line.marks || line.end_kind == EndKind::stop || line.end_kind == EndKind::pause;
    if (!line.byline && ((gap_count >= 2 && !line.spaced && !line.marks && (wide || n[SCAN_DIGIT])) ||
                         (last_kind == SCAN_DIGIT && n[SCAN_STOP] + n[SCAN_MARK] + signs > 0)))
        line.table = is_table(characters(), line);
    if (spread && !line.spaced && !sentence) line.parted = is_parted(characters(), line);
    line.row = seen >= 2 && seen <= 4 && gap_count == seen - 1 && !alnum && !signs && seen + inner <= 16;
    if (seen > 4) return true;
    if (!marks && !signs && !gap_count) {
        const bool solid_han = han == seen, solid_alnum = alnum == seen;
        if (!solid_han && !solid_alnum) return true;
        unit.kind = solid_alnum ? UnitKind::number : seen == 1 ? UnitKind::chr : UnitKind::name;
        unit.length = uint8_t(seen);
        for (int k = 0; k < seen; ++k) {
            unit.text[k] = solid_han ? han_at(p + s + 3 * size_t(k)) : p[s + size_t(k)];
            if (seen > 1 && solid_han && is_kana(unit.text[k])) {
                unit = Unit();  // names are Han alone
                return true;
            }
        }
        unit.last = unit.text[seen - 1];
        return true;
    }
    const Chars& t = characters();
    int at[4], k = 0;
    for (int i = t.s; i < t.e; ++i)
        if (!t.is(i, UNSEEN)) at[k++] = i;
    unit = unit_of(t, seen, at);
    return true;
}
