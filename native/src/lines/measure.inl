// A line's features by population counts over the planes; included once for each CPU path.
//
// Problem. Some forty features of a line are asked for: its width, its gaps, how it begins and ends, whether a bracket is open.
// Page::measure (lines.cpp) finds them character by character, at a branch or more for each: hundreds of cycles a line.
// Idea. The planes (text/planes.hpp) say of 64 code units at once which are Han, marks, gaps. The planes of the line are shifted so
// that its first unit is bit 0. Then "how many" is a population count, "is there any" a test of a word, and "the character before" a
// shift by one, since without rare characters every unit is a character. Lines of one Han, and of Han and marks alone, are most of
// all lines: they have ways of their own (measure, measure_plain). What is hard to get right (list markers, bylines, tables) is only
// suspected here, by something that must hold; where it does, features.hpp looks at the characters.
// Guaranteed. Either the line gets the very features that Page::measure would give it, or `measure` returns false: it holds a
// character that the planes do not know, or too many gaps. tests/reference/page.py measures by another road.
// Example. 江水 东流。 as bits, the first unit on the right: Han 011011, gaps 000100, stops 100000. Han before and behind a gap:
// gaps & Han << 1 & Han >> 1 = 000100: one gap parts Han from Han. Five characters are 20 q wide, the gap 4 more: 24 q. The mark at
// the end can be squeezed by 2 q: tight is 22.

constexpr size_t MASKED_WORDS = Page::LONG / 64;
constexpr int MASKED_GAPS = 256;

// The planes of one line of at most MOST words, its first unit at bit 0.
template <size_t MOST>
struct LineBits {
    uint64_t plane[P_PLAIN][MOST];
    uint64_t content[MOST];
    size_t count;

    size_t words() const { return MOST == 1 ? 1 : count; }
    uint64_t alnum(size_t w) const { return plane[P_DIGIT][w] | plane[P_LETTER][w]; }
    uint64_t closing(size_t w) const { return plane[P_CLOSE][w] | plane[P_STOP][w] | plane[P_PAUSE][w]; }
    uint64_t marks(size_t w) const { return closing(w) | plane[P_OPEN][w] | plane[P_MARK][w]; }
    // What stands at the bit before each bit, and behind it; get(w): the words of the line.
    template <typename Get>
    uint64_t before(size_t w, Get get) const { return get(w) << 1 | (MOST > 1 && w ? get(w - 1) >> 63 : 0); }
    template <typename Get>
    uint64_t behind(size_t w, Get get) const { return get(w) >> 1 | (MOST > 1 && w + 1 < words() ? get(w + 1) << 63 : 0); }
    template <typename Get>
    int count_of(Get get) const {
        int sum = 0;
        for (size_t w = 0; w < words(); ++w) sum += __builtin_popcountll(get(w));
        return sum;
    }
    bool test(Plane k, size_t i) const { return plane[k][MOST == 1 ? 0 : i / 64] >> (i % 64) & 1; }
    // The next character that is no gap, from unit i on; npos when there is none.
    size_t next(size_t i) const {
        size_t w = i / 64;
        if (w >= words()) return npos;
        uint64_t bits = content[w] >> (i % 64) << (i % 64);
        while (!bits) {
            if (++w >= words()) return npos;
            bits = content[w];
        }
        return w * 64 + size_t(__builtin_ctzll(bits));
    }
    static constexpr size_t npos = ~size_t(0);
};

constexpr uint32_t MASKED_CLOSING = class_bit(CLOSE) | class_bit(STOP) | class_bit(PAUSE);
constexpr uint32_t MASKED_LATIN = ALNUM | class_bit(ASCII);

// first_unit() of lines.cpp. p, c: the line's units and class bytes.
template <typename Bits>
static int masked_first_unit(const Bits& b, const CodeUnit* p, const uint8_t* c, size_t s, size_t e) {
    size_t i = s;
    int room = 0;
    const auto is = [&](size_t k, uint32_t set) { return in(c[k] & CLASS, set); };
    while (i != Bits::npos && is(i, class_bit(OPEN))) {
        room += CELL;
        i = b.next(i + 1);
    }
    if (i != Bits::npos) {
        if (is(i, MASKED_LATIN)) {
            for (; i < e && is(i, MASKED_LATIN); ++i) room += p[i] >= 0xFF00 ? CELL : 2;
            i = b.next(i);
        } else {
            room += CELL;
            i = b.next(i + 1);
        }
        if (i != Bits::npos && is_one_of(U",;:", p[i])) {
            room += 2;
            i = b.next(i + 1);
        }
    }
    while (i != Bits::npos && is(i, MASKED_CLOSING)) {
        room += CELL;
        i = b.next(i + 1);
    }
    return room;
}

// is_key() of lines.cpp: the first colon stands behind one to six Han.
static inline bool masked_is_key(const CodeUnit* p, const uint8_t* c, size_t s, size_t e) {
    for (size_t i = s; i < s + 7 && i < e; ++i) {
        if (is_colon(p[i])) return i > s;
        if ((c[i] & CLASS) != HAN) return false;
    }
    return false;
}

// Whether list_marker() may find one: told by the first characters.
static inline bool may_be_marker(const CodeUnit* p, const uint8_t* c, size_t s, size_t e) {
    const auto cls = [&](size_t i) { return uint8_t(c[i] & CLASS); };
    const uint8_t first = cls(s);
    if (first == LETTER || first == KANA) return false;
    if (first == OPEN) return p[s] == 0xFF08;
    size_t i = s;
    if (first == HAN) {
        if (!is_numeral(p[s])) return false;
        while (++i < e && cls(i) == HAN && is_numeral(p[i])) {}
    } else if (first == DIGIT) {
        constexpr size_t MOST_DIGITS = 8;  // of a number that opens a line, or of a clock
        while (++i < e && cls(i) == DIGIT)
            if (i - s >= MOST_DIGITS) return false;
    } else {
        return true;
    }
    if (i >= e) return false;
    if (cls(i) == GAP) return i + 1 < e && cls(i + 1) == PAUSE;
    return in(cls(i), class_bit(PAUSE) | class_bit(CLOSE) | class_bit(ASCII) | class_bit(DIGIT)) ||
           (cls(i) == HAN && first == DIGIT && is_numeral(p[i]));
}

// The last characters of what the last name of a credit did: 摄, 文, 图 ...
static inline bool ends_like_credit(uint32_t cp) { return is_one_of(U"摄文图攝圖绘繪影", cp); }

struct MaskedGap {
    int room;
    uint8_t left, right;  // classes
};

// What the gaps of a line say together.
struct GapCounts {
    int spread = 0;   // between Han
    int mixed = 0;    // one of them Han, the other no CJK
    int digits = 0;   // between digits
    int latin = 0;    // between others that are no CJK
    int squeezed = 0; // between marks that typesetters squeeze
    bool solids = true;      // two Han or more on both sides of every gap between Han
    bool digit = false;      // one between Han and a digit
    bool plain = true;       // all between Han and a letter or digit, or % before Han
    bool closes_all = false; // (Line::closes_all) if the line is none of those that have their own rules
};

// Whether so many single characters may be padded names.
static inline bool names_alone(int count) { return count == 4 || count == 6; }

// Whether digits stand on both sides of the mark at unit i, gaps left out: ， ： ～ may be converted there.
static inline bool between_digits(const uint8_t* c, size_t i, size_t s, size_t last) {
    size_t left = i, right = i + 1;
    do {
        if (left <= s) return false;
        --left;
    } while ((c[left] & CLASS) == GAP);
    while (right <= last && (c[right] & CLASS) == GAP) ++right;
    return right <= last && (c[left] & CLASS) == DIGIT && (c[right] & CLASS) == DIGIT;
}

// The gaps of a line, each one ASCII space, at the bits of `gaps`.
template <size_t MOST>
static GapCounts count_single_gaps(const LineBits<MOST>& b, const uint64_t* gaps, const CodeUnit* p, size_t s, size_t e) {
    const auto han = [&](size_t w) { return b.plane[P_HAN][w]; };
    const auto open = [&](size_t w) { return b.plane[P_OPEN][w]; };
    const auto closing = [&](size_t w) { return b.closing(w); };
    const auto closed = [&](size_t w) { return b.plane[P_CLOSE][w] | b.plane[P_STOP][w]; };
    const auto mark = [&](size_t w) { return b.marks(w); };
    const auto digit = [&](size_t w) { return b.plane[P_DIGIT][w]; };
    const auto alnum = [&](size_t w) { return b.alnum(w); };
    const auto latin = [&](size_t w) { return b.alnum(w) | b.plane[P_SIGN][w] | b.plane[P_OTHER][w]; };
    const auto gap = [&](size_t w) { return gaps[w]; };
    const auto before_gap = [&](size_t w) { return b.before(w, gap); };  // a gap stands one unit before
    const auto behind_gap = [&](size_t w) { return b.behind(w, gap); };
    const auto two_han = [&](size_t w) { return han(w) & b.before(w, han); };  // ... and a Han before it
    const auto bit = [](size_t i, size_t w) { return i / 64 == w ? uint64_t(1) << (i % 64) : 0; };
    GapCounts c;
    int hard = 0;             // gaps that no writer sets (SpacingStage::evidence)
    bool all = true;          // nothing is against closes_all
    bool tail = false;        // nothing but Han stands behind the last gap at a closing mark: so many
    int tail_han = 0;
    bool other = false, pairs = false;  // something but Han; two Han without a gap between
    size_t last = s;          // behind the last gap
    for (size_t w = 0; w < b.words(); ++w) {
        const uint64_t g = gaps[w];
        const uint64_t no_han = mark(w) | latin(w);
        other |= no_han != 0;
        tail = tail && !no_han;
        tail_han += __builtin_popcountll(han(w));
        const uint64_t two = two_han(w);
        pairs |= two != 0;
        if (!g) continue;
        const uint64_t han_left = b.before(w, han) & g, han_right = b.behind(w, han) & g;
        const uint64_t latin_left = b.before(w, latin) & g, latin_right = b.behind(w, latin) & g;
        const uint64_t between = han_left & han_right;
        c.spread += __builtin_popcountll(between);
        // Two Han end before the gap, and two begin behind it; else one character alone, on either side.
        const auto two_behind = [&](size_t v) { return han(v) & b.behind(v, han); };
        const uint64_t single = ~(b.before(w, two_han) & b.behind(w, two_behind));
        c.solids = c.solids && !(between & single);
        if (latin_left | latin_right) {
            const uint64_t digit_left = b.before(w, digit) & g, digit_right = b.behind(w, digit) & g;
            c.digit = c.digit || ((digit_left & han_right) | (han_left & digit_right));
            c.mixed += __builtin_popcountll((han_left & latin_right) | (latin_left & han_right));
            c.digits += __builtin_popcountll(digit_left & digit_right);
            c.latin += __builtin_popcountll((latin_left & latin_right) & ~(digit_left & digit_right));
            // Between Latin characters only where each stands alone: two words or numbers keep their space.
            if (const uint64_t both = latin_left & latin_right) {
                const uint64_t alone = (b.before(w, before_gap) | bit(s + 1, w)) & (b.behind(w, behind_gap) | bit(e - 2, w));
                all = all && !(both & ~alone);
            }
        }
        // 61% 提高
        const uint64_t narrow = (han_left & b.behind(w, alnum)) | (b.before(w, alnum) & han_right);
        for (uint64_t bits = g & ~narrow; bits && c.plain; bits &= bits - 1) {
            const size_t i = w * 64 + size_t(__builtin_ctzll(bits));
            c.plain = p[i - 1] == '%' && (han_right & bits & (~bits + 1));
        }
        const uint64_t mark_left = b.before(w, mark) & g, mark_right = b.behind(w, mark) & g;
        if (mark_left | mark_right) {
            const uint64_t open_left = b.before(w, open) & g, open_right = b.behind(w, open) & g;
            const uint64_t closing_left = b.before(w, closing) & g, closing_right = b.behind(w, closing) & g;
            c.squeezed += __builtin_popcountll((closing_left & (closing_right | open_right)) | (open_left & open_right));
            hard += __builtin_popcountll((mark_left & (mark_right | han_right)) | (han_left & mark_right));
            all = all && !(open_left & closing_right);
            if (const uint64_t at = b.before(w, closed) & g) {
                const int last_one = 63 - __builtin_clzll(at);
                tail = !(no_han >> last_one);
                tail_han = __builtin_popcountll(han(w) >> last_one);
            }
        }
        hard += __builtin_popcountll(between & single);
        if (!all) continue;
        for (uint64_t bits = g; bits; bits &= bits - 1) {  // tokens of three Han at most
            const size_t i = w * 64 + size_t(__builtin_ctzll(bits));
            all = all && i - last <= 3;
            last = i + 1;
        }
    }
    if (!all || e - last > 3 || hard < 3) return c;
    // Han alone behind a gap at a closing mark may be names, with or without what they did.
    if (tail && (pairs || ends_like_credit(plain(p[e - 1])) || names_alone(tail_han))) return c;
    // A line of Han alone may be a list of names; of four or six single characters too.
    if (!other && (pairs || names_alone(c.spread + 1))) return c;
    // Leaders and what stands in parentheses have rules of their own; so have signs that the planes don't know.
    for (size_t w = 0; w < b.words(); ++w) {
        if (b.plane[P_OTHER][w]) return c;
        for (uint64_t bits = (b.plane[P_STOP][w] | b.plane[P_MARK][w]) & b.plane[P_LOW][w]; bits; bits &= bits - 1) return c;
        for (uint64_t bits = b.plane[P_OPEN][w] & ~b.plane[P_LOW][w]; bits; bits &= bits - 1)
            if (p[w * 64 + size_t(__builtin_ctzll(bits))] >= 0xFF00) return c;
        for (uint64_t bits = b.plane[P_SIGN][w]; bits; bits &= bits - 1) {
            const CodeUnit sign = p[w * 64 + size_t(__builtin_ctzll(bits))];
            if (sign == '(' || sign == '/') return c;  // 文/图
        }
    }
    c.closes_all = true;
    return c;
}

// A gap that is counted by itself; left, right: the characters beside it. c: class bytes of the line; e: behind its content.
static inline void add_gap(GapCounts& counts, const uint8_t* c, const MaskedGap& g, size_t left, size_t right, size_t s, size_t e) {
    const bool x = in(g.left, HAN_KANA), y = in(g.right, HAN_KANA);
    if (x && y) {
        ++counts.spread;
        counts.solids = counts.solids && left > s && in(c[left - 1] & CLASS, HAN_KANA) && right + 1 < e && in(c[right + 1] & CLASS, HAN_KANA);
    }
    counts.digit = counts.digit || (g.left == DIGIT && y) || (x && g.right == DIGIT);
    counts.plain = counts.plain && x != y && in(x ? g.right : g.left, ALNUM);
    const bool closing = in(g.left, MASKED_CLOSING);
    counts.squeezed += (closing && in(g.right, MASKED_CLOSING | class_bit(OPEN))) || (g.left == OPEN && g.right == OPEN);
}

// What a gap takes in the column (kerning() in lines.cpp).
static inline int masked_kerning(const MaskedGap& g, bool spaced) {
    if (in(g.left, CJK_MARKS) || in(g.right, CJK_MARKS)) return 0;
    const bool x = in(g.left, HAN_KANA), y = in(g.right, HAN_KANA);
    if (x && y) return spaced ? 0 : std::max(g.room, CELL);
    if (x || y) return g.room <= CELL ? 1 : g.room;
    return spaced && g.left == DIGIT && g.right == DIGIT ? 0 : g.room;
}

// Whether Bylines::is_byline() may say yes of a line of Han and gaps: told by its first two words. behind: the first
// gap; next: the second word.
static inline bool may_be_byline(const CodeUnit* p, const uint8_t* c, size_t s, size_t behind, size_t next, size_t e, int han, int gaps) {
    uint32_t text[5];
    const size_t length = behind - s;
    if (length > 5) return false;
    if (length > 1) {
        const auto is_entry = [&](size_t from, uint32_t count) {
            for (size_t k = 0; k < count; ++k) text[k] = plain(p[from + k]);
            return is_role(text, count) || is_name(text, count, false);
        };
        if (!is_entry(s, uint32_t(length))) return false;
        uint32_t second = 0;  // characters of the second word: a name or role, half a padded name, or what the name did
        for (size_t i = next; i < e && in(c[i] & CLASS, HAN_KANA); ++i)
            if (++second > 5) return false;
        return second == 1 || is_entry(next, second) || (gaps == 1 && is_credit_word(text, second));
    }
    // Two single characters: a padded name.
    if (next + 1 < e && in(c[next + 1] & CLASS, HAN_KANA)) return false;
    if (gaps == han - 1 && han != 4 && han != 6) return false;
    text[0] = plain(p[s]);
    text[1] = plain(p[next]);
    return is_role(text, 2) || is_name(text, 2, false);
}

// The kinds of start and end of a line, told by its first and last characters as far as they can. opened: chars holds the line.
static inline void set_kinds(Page& page, Line& line, const CodeUnit* p, const uint8_t* c, size_t s, size_t e, bool gaps, bool& opened) {
    const auto characters = [&](const char* why) -> const Chars& {
        if (!opened) page.open(line, why);
        opened = true;
        return page.chars;
    };
    const uint8_t first = c[s] & CLASS, last = c[e - 1] & CLASS;
    if (first == CLOSE || first == PAUSE)
        line.start_kind = StartKind::nostart;
    else if (first == STOP)
        line.start_kind = p[s] != 0x2026 ? StartKind::nostart : StartKind::plain;
    else if (may_be_marker(p, c, s, e))
        line.start_kind = hanflow::start_kind(characters("measure: a list marker, perhaps"));
    else if (first == HAN) {
        if (s + 3 <= line.end - line.begin && is_dateline(p[s], p[s + 1], p[s + 2])) line.start_kind = StartKind::dateline;
    } else if (first == OPEN)
        line.start_kind = StartKind::open;
    else if (p[s] == 0x2014)
        line.start_kind = StartKind::dash;
    const CodeUnit last_cp = p[e - 1];
    switch (last) {
        case STOP: line.end_kind = EndKind::stop; break;
        case HAN:
            if (gaps && ends_like_credit(plain(last_cp)))
                line.end_kind = hanflow::end_kind(characters("measure: a credit, perhaps"), page.bylines);
            break;
        case PAUSE: line.end_kind = last_cp == 0xFF1A || last_cp == 0xFE30 ? EndKind::colon : EndKind::pause; break;
        case OPEN: line.end_kind = EndKind::open; break;
        case CLOSE: {
            const uint8_t before = e - s > 1 ? uint8_t(c[e - 2] & CLASS) : uint8_t(GAP);
            if (!in(before, CJK) || before == CLOSE || last_cp == 0xFF09)
                line.end_kind = hanflow::end_kind(characters("measure: a closing mark at the end"), page.bylines);
            else
                line.end_kind = before == STOP ? EndKind::stop : EndKind::close;
            break;
        }
        case ASCII:  // no credit ends in an ASCII sign
            if (is_one_of(U")\"],;:", last_cp))
                line.end_kind = hanflow::end_kind(characters("measure: a closing mark at the end"), page.bylines);
            else if (last_cp == '!' || last_cp == '?')
                line.end_kind = EndKind::stop;
            break;
        case OTHER:
            if (0x2460 <= last_cp && last_cp <= 0x2473) line.end_kind = hanflow::end_kind(characters("measure: a circled number at the end"), page.bylines);
            break;
        default: break;
    }
}

// Four digits at most behind a gap, at the end.
static inline bool may_be_page_number(const uint8_t* c, size_t s, size_t e) {
    size_t k = e;
    while (k > s && e - k < 5 && (c[k - 1] & CLASS) == DIGIT) --k;
    return e - k <= 4 && k > s && (c[k - 1] & CLASS) == GAP;
}

// A colon, of ASCII or full-width.
template <size_t MOST>
static bool has_colon(const LineBits<MOST>& b, const CodeUnit* p) {
    for (size_t w = 0; w < b.words(); ++w)
        for (uint64_t bits = b.plane[P_PAUSE][w] | b.plane[P_SIGN][w]; bits; bits &= bits - 1)
            if (is_colon(p[w * 64 + size_t(__builtin_ctzll(bits))])) return true;
    return false;
}

// Ｏ or ０, which may be a zero among Chinese numerals.
template <size_t MOST>
static bool has_zero(const LineBits<MOST>& b, const CodeUnit* p) {
    for (size_t w = 0; w < b.words(); ++w)
        for (uint64_t bits = b.plane[P_CHANGES][w] & b.alnum(w); bits; bits &= bits - 1) {
            const CodeUnit cp = p[w * 64 + size_t(__builtin_ctzll(bits))];
            if (cp == 0xFF2F || cp == 0xFF10) return true;
        }
    return false;
}

template <size_t MOST>
static bool measure_words(Page& page, Line& line, Unit& unit, size_t begin, size_t length) {
    const CodeUnit* const p = page.data + begin;
    const uint8_t* const c = page.classes() + begin;
    using Bits = LineBits<MOST>;
    Bits b;
    b.count = (length + 63) / 64;
    const PlaneWord* from = page.words() + begin / 64;
    const unsigned shift = begin % 64;
    uint64_t any = 0, rare = 0;
    for (size_t w = 0; w < b.words(); ++w, ++from) {
        const size_t left = length - w * 64;
        const uint64_t valid = left >= 64 ? ~uint64_t(0) : (uint64_t(1) << left) - 1;
        if (MOST == 1 && shift + length <= 64)
            for (int k = 1; k < P_PLAIN; ++k) b.plane[k][0] = from[0].plane[k] >> shift & valid;
        else
            for (int k = 1; k < P_PLAIN; ++k)
                b.plane[k][w] = (from[0].plane[k] >> shift | from[1].plane[k] << 1 << (63 - shift)) & valid;
        b.content[w] = b.plane[P_HAN][w] | b.marks(w) | b.alnum(w) | b.plane[P_SIGN][w] | b.plane[P_OTHER][w];
        any |= b.content[w];
        rare |= b.plane[P_RARE][w];
    }
    if (rare) return false;
    if (!any) {
        line.s = line.e = line.end;
        line.blank = true;
        return true;
    }
    const auto plane = [&](Plane k) { return [&b, k](size_t w) { return b.plane[k][w]; }; };
    const auto has = [&](auto get) {
        uint64_t found = 0;
        for (size_t w = 0; w < b.words(); ++w) found |= get(w);
        return found != 0;
    };
    const int han = b.count_of(plane(P_HAN));
    const int marks = b.count_of([&](size_t w) { return b.marks(w); });
    int digits = 0, letters = 0, signs = 0, full = 0, full_signs = 0, others = 0;
    const bool latin = has([&](size_t w) { return b.alnum(w) | b.plane[P_SIGN][w] | b.plane[P_OTHER][w]; });
    if (latin) {
        digits = b.count_of(plane(P_DIGIT));
        letters = b.count_of(plane(P_LETTER));
        signs = b.count_of(plane(P_SIGN));
        others = b.count_of(plane(P_OTHER));
    }
    const bool changing = has(plane(P_CHANGES));
    if (changing) {
        full = b.count_of([&](size_t w) { return b.plane[P_CHANGES][w] & ~b.plane[P_HAN][w]; });
        full_signs = b.count_of([&](size_t w) { return b.plane[P_CHANGES][w] & b.plane[P_SIGN][w]; });
        line.radicals = has([&](size_t w) { return b.plane[P_CHANGES][w] & b.plane[P_HAN][w]; });
    }
    const int alnum = digits + letters;
    const size_t s = b.next(0);
    size_t last = 0;
    for (size_t w = b.words(); w-- > 0;)
        if (b.content[w]) {
            last = w * 64 + 63 - size_t(__builtin_clzll(b.content[w]));
            break;
        }
    const uint8_t first_class = c[s] & CLASS, last_class = c[last] & CLASS;
    const int seen = han + marks + alnum + signs + others;
    const size_t e = last + 1;
    line.s = uint32_t(begin + s);
    line.e = uint32_t(begin + e);
    line.cjk = han || full || has([&](size_t w) { return b.marks(w) & ~b.plane[P_LOW][w]; });
    line.letters = letters;
    line.cjks = han + marks;
    line.first_class = first_class;
    line.last_class = last_class;
    int pauses = 0;
    bool stops = false;
    if (marks) {
        pauses = b.count_of([&](size_t w) { return b.plane[P_STOP][w] | b.plane[P_PAUSE][w]; });
        stops = has(plane(P_STOP));
    }
    line.marks = pauses - (last_class == STOP || last_class == PAUSE);
    line.starts_alnum = in(first_class, ALNUM);
    line.ends_alnum = in(last_class, ALNUM);
    line.stops = stops;
    line.remainder = seen == 1 && han == 1;

    // Gaps, and the indent.
    MaskedGap gaps[MASKED_GAPS];
    GapCounts counts;
    int gap_count = 0, inner = 0;
    bool wide = false;    // one may part the cells of a table row
    bool single = false;  // each is of one space
    bool odd_gaps = false;  // one is not of ASCII spaces
    size_t first_gap = 0, second_word = 0;
    const bool gap_chars = has(plane(P_GAP));
    if (gap_chars) {
        uint64_t inside[MOST];
        uint64_t spaces = 0, doubled = 0;
        for (size_t w = 0; w < b.words(); ++w) {
            uint64_t bits = b.plane[P_GAP][w];
            for (; bits; bits &= bits - 1) {
                const size_t i = w * 64 + size_t(__builtin_ctzll(bits));
                if (i >= s) break;
                line.indent += gap_room(p[i]);
            }
            if (w * 64 + 63 > last) bits &= w * 64 > last ? 0 : (uint64_t(2) << (last - w * 64)) - 1;
            inside[w] = bits;
            spaces |= bits & b.plane[P_ODD][w];
            doubled |= bits & (bits << 1 | (MOST > 1 && w ? inside[w - 1] >> 63 : 0));
            inner += __builtin_popcountll(bits);
            if (bits && !first_gap) first_gap = w * 64 + size_t(__builtin_ctzll(bits));
        }
        single = inner && !spaces && !doubled;
        odd_gaps = spaces != 0;
        if (single) {
            gap_count = inner;
            second_word = first_gap + 1;
            counts = count_single_gaps(b, inside, p, s, e);
        } else if (inner) {
            counts.plain = !spaces;
            size_t end = 0;  // the character behind the current gap
            for (size_t w = 0; w < b.words(); ++w)
                for (uint64_t bits = inside[w]; bits; bits &= bits - 1) {
                    const size_t i = w * 64 + size_t(__builtin_ctzll(bits));
                    const int room = gap_room(p[i]);
                    if (i < end) {
                        gaps[gap_count - 1].room += room;
                        wide = wide || gaps[gap_count - 1].room >= 6;
                        continue;
                    }
                    wide = wide || room >= 6;
                    if (gap_count == MASKED_GAPS) return false;
                    end = b.next(i);
                    gaps[gap_count++] = MaskedGap{room, uint8_t(c[i - 1] & CLASS), uint8_t(c[end] & CLASS)};
                    if (gap_count == 1) second_word = end;
                    add_gap(counts, c, gaps[gap_count - 1], i - 1, end, s, e);
                }
        }
    }
    if (signs) {
        line.signs = p[last] == ',';
        for (size_t w = 0; w < b.words() && !line.signs; ++w)
            for (uint64_t bits = b.plane[P_SIGN][w]; bits && !line.signs; bits &= bits - 1)
                line.signs = is_program_sign(p[w * 64 + size_t(__builtin_ctzll(bits))]);
    }
    line.prose = han >= PROSE_HAN || has([&](size_t w) { return (b.plane[P_STOP][w] | b.plane[P_PAUSE][w]) & ~b.plane[P_LOW][w]; });
    line.full_width = full > full_signs;
    line.changes = changing;
    line.by_itself = changing && !full_signs && !(line.full_width && (odd_gaps || (han && has_zero(b, p))));
    line.work = inner > 0;
    line.gaps = gap_count;
    if (!han) {
        line.number_or_dash = seen + inner <= 6 && !letters && !others;
        if (marks)
            for (size_t w = 0; w < b.words(); ++w)
                for (uint64_t bits = b.marks(w); bits; bits &= bits - 1) {
                    const CodeUnit cp = p[w * 64 + size_t(__builtin_ctzll(bits))];
                    if (cp != 0x2014 && cp != 0x2015) line.number_or_dash = false;
                }
    }

    // Neighbours without a gap between: Han and Han, Han and Latin, marks.
    int squeeze = 0;
    if (alnum) {
        const auto is_alnum = [&](size_t w) { return b.alnum(w); };
        const auto digit_or_gap = [&](size_t w) { return b.plane[P_DIGIT][w] | b.plane[P_GAP][w]; };
        for (size_t w = 0; w < b.words(); ++w) {
            line.dropped += __builtin_popcountll(b.plane[P_HAN][w] & b.before(w, is_alnum)) +
                            __builtin_popcountll(b.alnum(w) & b.before(w, plane(P_HAN)));
            uint64_t points = (b.plane[P_PAUSE][w] | b.plane[P_MARK][w]) & b.behind(w, digit_or_gap) & b.before(w, digit_or_gap);
            for (; points; points &= points - 1)
                if (between_digits(c, w * 64 + size_t(__builtin_ctzll(points)), s, last)) {
                    line.changes = true;
                    line.by_itself = false;
                }
        }
    }
    if (marks > 1) {
        const auto closing = [&](size_t w) { return b.closing(w); };
        for (size_t w = 0; w < b.words(); ++w)
            squeeze += __builtin_popcountll(b.before(w, closing) & (b.closing(w) | b.plane[P_OPEN][w])) +
                       __builtin_popcountll(b.before(w, plane(P_OPEN)) & b.plane[P_OPEN][w]);
        squeeze += counts.squeezed;  // with a gap between
    }
    if (page.options.width == Width::all && marks) {
        line.changes = true;
        line.by_itself = false;
    }
    line.work = line.work || line.changes;
    squeeze = squeeze * CELL + (first_class == OPEN ? 2 : 0) + (in(last_class, MASKED_CLOSING) ? 2 : 0);
    if (counts.spread >= 3)
        line.spaced = counts.spread >= b.count_of([&](size_t w) { return b.plane[P_HAN][w] & b.before(w, plane(P_HAN)); });
    line.digit_gap = counts.digit;
    line.width = line.indent + CELL * (han + marks + others) + 2 * (alnum + signs + full);
    if (single) {
        line.latin_gaps = counts.plain;
        line.width += (line.spaced ? 0 : CELL * counts.spread + 2 * counts.digits) + counts.mixed + 2 * counts.latin;
    } else {
        line.latin_gaps = gap_count && counts.plain;
        for (int k = 0; k < gap_count; ++k) {
            line.latin_gaps = line.latin_gaps && gaps[k].room <= CELL;
            line.width += masked_kerning(gaps[k], line.spaced);
        }
    }
    line.tight = line.width - squeeze - letters / NARROW;
    if (marks && has([&](size_t w) { return b.plane[P_OPEN][w] | b.plane[P_CLOSE][w]; })) {
        int depth = 0;
        for (size_t w = 0; w < b.words(); ++w)
            for (uint64_t bits = b.plane[P_OPEN][w] | b.plane[P_CLOSE][w]; bits; bits &= bits - 1) {
                if (b.plane[P_OPEN][w] & bits & (~bits + 1))
                    ++depth;
                else if (depth == 0)
                    line.closed = true;
                else
                    --depth;
            }
        line.opened = depth > 0;
    }
    if (signs || !line.cjks) {
        int syntax = 0;
        if (signs >= 2)
            for (size_t w = 0; w < b.words(); ++w)
                for (uint64_t bits = b.plane[P_SIGN][w]; bits; bits &= bits - 1)
                    syntax += is_syntax(p[w * 64 + size_t(__builtin_ctzll(bits))]);
        line.code = is_code(line, page.data, page.classes(), syntax, int(e - s));
    }
    // A colon behind at most six Han.
    if (s > 57 || (b.plane[P_PAUSE][0] | b.plane[P_SIGN][0]) >> s & 0x7F) line.key = masked_is_key(p, c, s, e);
    const uint64_t no_closing = b.content[0] & ~b.closing(0) & ~b.plane[P_SIGN][0];
    line.unit = in(first_class, HAN_KANA) && s < 63 && (no_closing >> s >> 1 & 1) ? CELL : masked_first_unit(b, p, c, s, e);

    // What needs the characters: list markers, closing marks at the end, bylines, tables.
    bool opened = false;
    const auto characters = [&](const char* why) -> const Chars& {
        if (!opened) page.open(line, why);
        opened = true;
        return page.chars;
    };
    set_kinds(page, line, p, c, s, e, gap_count > 0, opened);
    if (gap_count && !alnum && !marks && !others && signs <= 1 &&
        (signs || (han + inner <= 60 && may_be_byline(p, c, s, first_gap, second_word, e, han, gap_count))))
        line.byline = page.bylines.is_byline(characters("measure: a byline, perhaps"));
    const bool sentence = line.marks || line.end_kind == EndKind::stop || line.end_kind == EndKind::pause;
    if (!line.byline && ((gap_count >= 2 && !line.spaced && !line.marks && (wide || digits)) ||
                         (last_class == DIGIT && (marks || signs)) || (p[s] == '|' && p[last] == '|')))
        line.table = is_table(characters("measure: a row of a table, perhaps"), line);
    if (gap_count && last_class == DIGIT && may_be_page_number(c, s, e)) {
        line.page_number = int16_t(page_number(characters("measure: a page number at the end, perhaps")));
        line.opens_contents = line.page_number >= 0 && opens_contents(page.chars);
    }
    line.parted = counts.spread && !line.spaced && !sentence && counts.solids;
    // Section and page numbers, date lines, an office and a name, labels have rules of their own (SpacingStage::settle).
    const bool settles = first_class == DIGIT || p[s] == '*' || last_class == DIGIT || p[s] == 0x7B2C || (digits && !line.marks) ||
                         (han <= 16 && !alnum && !marks) || (!alnum && has_colon(b, p)) || has([&](size_t w) { return b.plane[P_MARK][w]; });
    line.closes_all = counts.closes_all && !settles && !line.table && !line.byline && line.changes == line.by_itself && !line.page &&
                      line.start_kind != StartKind::item;
    line.row = seen >= 2 && seen <= 4 && gap_count == seen - 1 && !alnum && !signs && !others && seen + inner <= 16;
    if (seen > 4) return true;
    // A line of a vertical run.
    const bool sign = seen == 1 && signs;
    if (marks != seen && !sign && (marks || signs || gap_count)) return true;
    if (!marks && !full) {
        if (han != seen && alnum != seen && !sign) return true;
        const bool solid_han = han == seen;
        if (solid_han && seen > 1)
            for (size_t k = 0; k < size_t(seen); ++k)
                if ((c[s + k] & CLASS) == KANA) return true;  // names are Han alone
        unit.kind = !solid_han ? UnitKind::number : seen == 1 ? UnitKind::chr : UnitKind::name;
        unit.length = uint8_t(seen);
        for (int k = 0; k < seen; ++k) unit.text[k] = solid_han ? plain(p[s + size_t(k)]) : p[s + size_t(k)];
        unit.last = unit.text[seen - 1];
        return true;
    }
    const Chars& t = characters("measure: marks in a vertical run");
    int at[4], k = 0;
    for (int i = t.s; i < t.e; ++i)
        if (!t.is(i, UNSEEN)) at[k++] = i;
    unit = unit_of(t, seen, at);
    return true;
}

// A line of at most 64 Han, kana and CJK marks that nothing changes, without white space.
static void measure_plain(Page& page, Line& line, Unit& unit, size_t begin, size_t length) {
    const CodeUnit* const p = page.data + begin;
    const uint8_t* const c = page.classes() + begin;
    const PlaneWord* const from = page.words() + begin / 64;
    const unsigned shift = begin % 64;
    const uint64_t valid = ~uint64_t(0) >> (64 - length);
    const auto plane = [&](Plane k) { return (from[0].plane[k] >> shift | from[1].plane[k] << 1 << (63 - shift)) & valid; };
    const uint64_t han = plane(P_HAN), marks = valid & ~han;
    const uint8_t first = c[0] & CLASS, last = c[length - 1] & CLASS;
    line.s = uint32_t(begin);
    line.e = uint32_t(begin + length);
    line.cjk = han != 0;
    line.cjks = int32_t(length);
    line.first_class = first;
    line.last_class = last;
    line.width = CELL * int32_t(length);
    int squeeze = 0;
    if (marks) {
        const uint64_t stop = plane(P_STOP), sentence = stop | plane(P_PAUSE), open = plane(P_OPEN), close = plane(P_CLOSE);
        line.marks = __builtin_popcountll(sentence) - (last == STOP || last == PAUSE);
        line.stops = stop != 0;
        const uint64_t closing = sentence | close;
        squeeze = CELL * __builtin_popcountll((closing << 1 & (closing | open)) | (open << 1 & open)) + (first == OPEN ? 2 : 0) +
                  (in(last, MASKED_CLOSING) ? 2 : 0);
        if (open | close) {
            int depth = 0;
            for (uint64_t bits = open | close; bits; bits &= bits - 1) {
                if (open & bits & (~bits + 1))
                    ++depth;
                else if (depth == 0)
                    line.closed = true;
                else
                    --depth;
            }
            line.opened = depth > 0;
        }
        if (plane(P_PAUSE) & 0x7F) line.key = masked_is_key(p, c, 0, length);
        if (!han) {
            line.cjk = (marks & ~plane(P_LOW)) != 0;
            line.number_or_dash = length <= 6;
            for (size_t i = 0; i < length; ++i) line.number_or_dash = line.number_or_dash && (p[i] == 0x2014 || p[i] == 0x2015);
        }
    }
    line.prose = __builtin_popcountll(han) >= PROSE_HAN || ((plane(P_STOP) | plane(P_PAUSE)) & ~plane(P_LOW));
    line.tight = line.width - squeeze;
    // The first unit: opening marks, one character, and the closing marks behind it.
    size_t i = 0;
    while (i < length && (c[i] & CLASS) == OPEN) ++i;
    if (i < length) ++i;
    while (i < length && in(c[i] & CLASS, MASKED_CLOSING)) ++i;
    line.unit = CELL * int32_t(i);
    bool opened = false;
    set_kinds(page, line, p, c, 0, length, false, opened);
    if (length > 4) return;
    line.remainder = length == 1 && han;
    if (marks) {
        if (han) return;
        if (!opened) page.open(line, "measure: marks in a vertical run");
        const int at[4] = {0, 1, 2, 3};
        unit = unit_of(page.chars, int(length), at);
        return;
    }
    for (size_t k = 0; k < length && length > 1; ++k)
        if ((c[k] & CLASS) == KANA) return;  // names are Han alone
    unit.kind = length == 1 ? UnitKind::chr : UnitKind::name;
    unit.length = uint8_t(length);
    for (size_t k = 0; k < length; ++k) unit.text[k] = p[k];
    unit.last = p[length - 1];
}

// What Page::measure does, for a line without rare characters. false: Page::measure must do it.
static bool measure(Page& page, Line& line, Unit& unit, size_t begin, size_t end) {
    const size_t length = end - begin;
    if (length == 1 && (page.classes()[begin] & ~uint8_t(CHANGING)) == HAN) {
        // One Han character: a line of a vertical run.
        const CodeUnit cp = page.data[begin];
        line.s = uint32_t(begin);
        line.e = uint32_t(end);
        line.changes = line.work = line.by_itself = line.radicals = (page.classes()[begin] & CHANGING) != 0;
        line.cjk = line.remainder = true;
        line.cjks = 1;
        line.first_class = line.last_class = HAN;
        line.width = line.tight = line.unit = CELL;
        unit.kind = UnitKind::chr;
        unit.length = 1;
        unit.text[0] = unit.last = plain(cp);
        return true;
    }
    if (length > 64) return measure_words<MASKED_WORDS>(page, line, unit, begin, length);
    const PlaneWord* const from = page.words() + begin / 64;
    const unsigned shift = begin % 64;
    const uint64_t other = ~(from[0].plane[P_PLAIN] >> shift | from[1].plane[P_PLAIN] << 1 << (63 - shift));
    if (!(other << (64 - length)) && page.options.width != Width::all) {
        measure_plain(page, line, unit, begin, length);
        return true;
    }
    return measure_words<1>(page, line, unit, begin, length);
}
