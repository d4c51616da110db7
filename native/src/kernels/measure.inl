// A line's features by population counts over the masks; included once for each CPU path. What is hard to get right
// (list markers, bylines, tables) is left to features.hpp. The including file defines in this namespace
//   shift_masks(from, shift, valid, to): the masks of the 64 bytes from bit `shift` of a word on, but for SCAN_NEWLINE

constexpr size_t MASKED_WORDS = Page::LONG / 64;
constexpr int MASKED_GAPS = 256;

constexpr uint8_t CLASS_OF[SCAN_KINDS] = {NEWLINE, GAP, HAN, OPEN, CLOSE, STOP, PAUSE, MARK, DIGIT, LETTER, ASCII, OTHER, HAN};
constexpr uint32_t kind_bit(unsigned k) { return uint32_t(1) << k; }
constexpr uint32_t MASKED_CLOSING = kind_bit(SCAN_CLOSE) | kind_bit(SCAN_STOP) | kind_bit(SCAN_PAUSE);
constexpr uint32_t MASKED_MARKS = MASKED_CLOSING | kind_bit(SCAN_OPEN) | kind_bit(SCAN_MARK);
constexpr uint32_t MASKED_CJK = MASKED_MARKS | kind_bit(SCAN_HAN);
constexpr uint32_t MASKED_ALNUM = kind_bit(SCAN_DIGIT) | kind_bit(SCAN_LETTER);
static inline bool one_of(ScanKind k, uint32_t set) { return (set >> k) & 1; }

// The masks of one line of at most MOST words, its first byte at bit 0; the line holds no rare character but plain signs.
template <size_t MOST>
struct LineBits {
    uint64_t word[MOST][SCAN_KINDS];
    uint64_t content[MOST];
    size_t count;
    const uint8_t* text;
    const uint8_t* kinds;

    size_t words() const { return MOST == 1 ? 1 : count; }
    bool test(ScanKind k, size_t i) const { return (word[MOST == 1 ? 0 : i / 64][k] >> (i % 64)) & 1; }
    // The kind of the character that starts at byte i: told by the text, which is quicker than asking all masks.
    ScanKind kind_at(size_t i) const {
        if (text[i] >= 0xE4 && text[i] <= 0xE9) return SCAN_HAN;
        const uint8_t kind = scan_kind_at(text + i, kinds);
        return SCAN_MASK[kind];
    }
    // Of the letter, digit or sign there.
    bool full_width(size_t i) const { return text[i] >= 0x80; }
    size_t length(size_t i) const { return full_width(i) ? 3 : 1; }
    // The next character that is no gap, from byte i on; npos when there is none.
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

// first_unit() by masks.
template <typename Bits>
static int masked_first_unit(const Bits& b, size_t s) {
    size_t i = s;
    int room = 0;
    while (i != Bits::npos && b.test(SCAN_OPEN, i)) {
        room += CELL;
        i = b.next(i + 3);
    }
    if (i != Bits::npos) {
        const ScanKind k = b.kind_at(i);
        if (one_of(k, MASKED_CJK) || k == SCAN_RARE) {  // a plain sign
            room += CELL;
            i = b.next(i + 3);
        } else {
            const size_t limit = b.words() * 64;
            while (i < limit && (b.test(SCAN_DIGIT, i) || b.test(SCAN_LETTER, i) || b.test(SCAN_SIGN, i))) {
                room += b.full_width(i) ? CELL : 2;
                i += b.length(i);
            }
            i = b.next(i);
        }
    }
    while (i != Bits::npos && one_of(b.kind_at(i), MASKED_CLOSING)) {
        room += CELL;
        i = b.next(i + 3);
    }
    return room;
}

static uint32_t han_at(const uint8_t* p) {
    return uint32_t(p[0] & 0x0F) << 12 | uint32_t(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
}

static bool is_kana(uint32_t cp) { return char_class(cp) == KANA; }

// is_key() by masks: the first colon stands behind one to six Han.
template <typename Bits>
static bool masked_is_key(const Bits& b, const uint8_t* p, size_t s) {
    for (size_t i = s, k = 0; k < 7; ++k, i += 3) {
        if (i / 64 >= b.words()) return false;
        if (b.test(SCAN_PAUSE, i)) return k > 0 && p[i] == 0xEF && p[i + 1] == 0xBC && p[i + 2] == 0x9A;
        if (b.test(SCAN_SIGN, i)) return k > 0 && p[i] == ':';
        if (!b.test(SCAN_HAN, i) || (p[i] == 0xE3 && is_kana(han_at(p + i)))) return false;
    }
    return false;
}

// Whether list_marker() may find one: told by the first characters.
template <typename Bits>
static bool may_be_marker(const Bits& b, const uint8_t* p, size_t s, ScanKind first) {
    if (first == SCAN_LETTER) return false;
    if (first == SCAN_OPEN) return p[s] == 0xEF;  // （
    size_t i = s;
    if (first == SCAN_HAN) {
        if (!is_numeral(han_at(p + s))) return false;
        for (i += 3; i / 64 < b.words() && b.test(SCAN_HAN, i) && is_numeral(han_at(p + i));) i += 3;
    } else if (first == SCAN_DIGIT) {
        constexpr int MOST_DIGITS = 8;  // of a number that opens a line, or of a clock
        for (int k = 0; i / 64 < b.words() && b.test(SCAN_DIGIT, i); i += b.length(i))
            if (++k > MOST_DIGITS) return false;
    } else {
        return true;
    }
    if (i / 64 >= b.words()) return false;
    // 、 ） ： . ) : follow a number that is one, or 、 behind a gap of one character, which has one to three bytes.
    if (b.test(SCAN_GAP, i))
        return (i + 3) / 64 >= b.words() || b.test(SCAN_PAUSE, i + 1) || b.test(SCAN_PAUSE, i + 2) || b.test(SCAN_PAUSE, i + 3);
    return b.test(SCAN_PAUSE, i) || b.test(SCAN_CLOSE, i) || b.test(SCAN_SIGN, i) || b.test(SCAN_DIGIT, i) ||
           (b.test(SCAN_HAN, i) && first == SCAN_DIGIT && is_numeral(han_at(p + i)));
}

// The last characters of what the last name of a credit did: 摄, 文, 图 ...
static bool ends_like_credit(uint32_t cp) { return is_one_of(U"摄文图攝圖绘繪影", cp); }

struct MaskedGap {
    int room;
    ScanKind left, right;
};

// What the gaps of a line say together.
struct GapCounts {
    int spread = 0;   // between Han
    int mixed = 0;    // one of them Han, the other Latin
    int digits = 0;   // between digits
    int latin = 0;    // between other Latin characters
    int squeezed = 0; // between marks that typesetters squeeze
    bool solids = true;      // two Han or more on both sides of every gap between Han
    bool digit = false;      // one between Han and a digit
    bool plain = true;       // all between Han and a letter or digit, or % before Han
    bool closes_all = false; // (Line::closes_all) if the line is none of those that have their own rules
};

// The characters that stand so many bytes before each bit, or behind it.
template <typename Bits, typename Mask>
static uint64_t before(const Bits& b, size_t w, unsigned bytes, Mask mask) {
    return mask(b.word[w]) << bytes | (w ? mask(b.word[w - 1]) >> (64 - bytes) : 0);
}
template <typename Bits, typename Mask>
static uint64_t behind(const Bits& b, size_t w, unsigned bytes, Mask mask) {
    return mask(b.word[w]) >> bytes | (w + 1 < b.words() ? mask(b.word[w + 1]) << (64 - bytes) : 0);
}

// Whether so many single characters may be padded names.
static bool names_alone(int count) { return count == 4 || count == 6; }

// Whether digits stand on both sides of the mark at byte i, gaps left out: ， ： ～ may be converted there.
template <typename Bits>
static bool between_digits(const Bits& b, size_t i, size_t s, size_t last) {
    size_t left = i, right = i + 3;
    do {
        if (left <= s) return false;
        do --left;
        while ((b.text[left] & 0xC0) == 0x80);
    } while (b.test(SCAN_GAP, left));
    while (right <= last && b.test(SCAN_GAP, right)) right += sequence_length(b.text[right]);
    return right <= last && b.test(SCAN_DIGIT, left) && b.test(SCAN_DIGIT, right);
}

// The gaps of a line, each one ASCII space, at the bits of `gaps`.
template <typename Bits>
static GapCounts count_single_gaps(const Bits& b, const uint64_t* gaps, size_t s, size_t e) {
    const auto han = [](const uint64_t* k) { return k[SCAN_HAN]; };
    const auto open = [](const uint64_t* k) { return k[SCAN_OPEN]; };
    const auto closing = [](const uint64_t* k) { return k[SCAN_CLOSE] | k[SCAN_STOP] | k[SCAN_PAUSE]; };
    const auto closed = [](const uint64_t* k) { return k[SCAN_CLOSE] | k[SCAN_STOP]; };
    const auto mark = [](const uint64_t* k) { return k[SCAN_OPEN] | k[SCAN_CLOSE] | k[SCAN_STOP] | k[SCAN_PAUSE] | k[SCAN_MARK]; };
    const auto digit = [](const uint64_t* k) { return k[SCAN_DIGIT]; };
    const auto alnum = [](const uint64_t* k) { return k[SCAN_DIGIT] | k[SCAN_LETTER]; };
    const auto ascii = [](const uint64_t* k) { return k[SCAN_DIGIT] | k[SCAN_LETTER] | k[SCAN_SIGN]; };
    // A gap two bytes before or behind, or an end of the line there.
    const auto gap_before = [&](size_t w) { return gaps[w] << 2 | (w ? gaps[w - 1] >> 62 : 0); };
    const auto gap_behind = [&](size_t w) { return gaps[w] >> 2 | (w + 1 < b.words() ? gaps[w + 1] << 62 : 0); };
    const auto bit = [](size_t i, size_t w) { return i / 64 == w ? uint64_t(1) << (i % 64) : 0; };
    const auto start = [&](size_t w) { return bit(s + 1, w); };
    const auto end = [&](size_t w) { return bit(e - 2, w); };
    GapCounts c;
    int hard = 0;             // gaps that no writer sets (SpacingStage::evidence)
    bool all = true;          // nothing is against closes_all
    bool tail = false;        // nothing but Han stands behind the last gap at a closing mark: so many
    int tail_han = 0;
    bool other = false, pairs = false;  // something but Han; two Han without a gap between
    size_t last = s;          // behind the last gap
    for (size_t w = 0; w < b.words(); ++w) {
        const uint64_t g = gaps[w];
        const uint64_t no_han = mark(b.word[w]) | ascii(b.word[w]);
        other |= no_han != 0;
        tail = tail && !no_han;
        tail_han += __builtin_popcountll(b.word[w][SCAN_HAN]);
        pairs |= (b.word[w][SCAN_HAN] & before(b, w, 3, han)) != 0;
        if (!g) continue;
        const uint64_t han_left = before(b, w, 3, han) & g, han_right = behind(b, w, 1, han) & g;
        const uint64_t latin_left = before(b, w, 1, ascii) & g, latin_right = behind(b, w, 1, ascii) & g;
        const uint64_t between = han_left & han_right;
        c.spread += __builtin_popcountll(between);
        const uint64_t single = ~(before(b, w, 6, han) & behind(b, w, 4, han));  // one character alone, on either side
        c.solids = c.solids && !(between & single);
        if (latin_left | latin_right) {
            const uint64_t digit_left = before(b, w, 1, digit) & g, digit_right = behind(b, w, 1, digit) & g;
            c.digit = c.digit || ((digit_left & han_right) | (han_left & digit_right));
            c.mixed += __builtin_popcountll((han_left & latin_right) | (latin_left & han_right));
            c.digits += __builtin_popcountll(digit_left & digit_right);
            c.latin += __builtin_popcountll((latin_left & latin_right) & ~(digit_left & digit_right));
            // Between Latin characters only where each stands alone: two words or numbers keep their space.
            if (const uint64_t both = latin_left & latin_right) {
                const uint64_t alone = (gap_before(w) | start(w)) & (gap_behind(w) | end(w));
                all = all && !(both & ~alone);
            }
        }
        // 61% 提高
        const uint64_t narrow = (han_left & behind(b, w, 1, alnum)) | (before(b, w, 1, alnum) & han_right);
        for (uint64_t bits = g & ~narrow; bits && c.plain; bits &= bits - 1) {
            const size_t i = w * 64 + size_t(__builtin_ctzll(bits));
            c.plain = b.text[i - 1] == '%' && (han_right & bits & (~bits + 1));
        }
        const uint64_t mark_left = before(b, w, 3, mark) & g, mark_right = behind(b, w, 1, mark) & g;
        if (mark_left | mark_right) {
            const uint64_t open_left = before(b, w, 3, open) & g, open_right = behind(b, w, 1, open) & g;
            const uint64_t closing_left = before(b, w, 3, closing) & g, closing_right = behind(b, w, 1, closing) & g;
            c.squeezed += __builtin_popcountll((closing_left & (closing_right | open_right)) | (open_left & open_right));
            hard += __builtin_popcountll((mark_left & (mark_right | han_right)) | (han_left & mark_right));
            all = all && !(open_left & closing_right);
            if (const uint64_t at = before(b, w, 3, closed) & g) {
                const int last_one = 63 - __builtin_clzll(at);
                tail = !(no_han >> last_one);
                tail_han = __builtin_popcountll(b.word[w][SCAN_HAN] >> last_one);
            }
        }
        hard += __builtin_popcountll(between & single);
        if (!all) continue;
        for (uint64_t bits = g; bits; bits &= bits - 1) {  // tokens of three Han at most
            const size_t i = w * 64 + size_t(__builtin_ctzll(bits));
            all = all && i - last <= 9;
            last = i + 1;
        }
    }
    if (!all || e - last > 9 || hard < 3) return c;
    // Han alone behind a gap at a closing mark may be names, with or without what they did.
    if (tail && (pairs || ends_like_credit(plain(han_at(b.text + e - 3))) || names_alone(tail_han))) return c;
    // A line of Han alone may be a list of names; of four or six single characters too.
    if (!other && (pairs || names_alone(c.spread + 1))) return c;
    // Leaders and what stands in parentheses have rules of their own.
    for (size_t w = 0; w < b.words(); ++w) {
        const uint64_t* const k = b.word[w];
        for (uint64_t bits = k[SCAN_STOP] | k[SCAN_MARK]; bits; bits &= bits - 1)
            if (b.text[w * 64 + size_t(__builtin_ctzll(bits))] == 0xE2) return c;
        for (uint64_t bits = k[SCAN_OPEN]; bits; bits &= bits - 1)
            if (b.text[w * 64 + size_t(__builtin_ctzll(bits))] == 0xEF) return c;
        for (uint64_t bits = k[SCAN_SIGN]; bits; bits &= bits - 1) {
            const uint8_t sign = b.text[w * 64 + size_t(__builtin_ctzll(bits))];
            if (sign == '(' || sign == '/') return c;  // 文/图
        }
    }
    c.closes_all = true;
    return c;
}

// A gap that is counted by itself; left, right: the characters beside it.
template <typename Bits>
static void add_gap(GapCounts& c, const Bits& b, const MaskedGap& g, size_t left, size_t right, size_t last) {
    const bool x = g.left == SCAN_HAN, y = g.right == SCAN_HAN;
    if (x && y) {
        ++c.spread;
        c.solids = c.solids && left >= 3 && b.test(SCAN_HAN, left - 3) && right < last && b.test(SCAN_HAN, right + 3);
    }
    c.digit = c.digit || (g.left == SCAN_DIGIT && y) || (x && g.right == SCAN_DIGIT);
    c.plain = c.plain && x != y && one_of(x ? g.right : g.left, MASKED_ALNUM);
    const bool closing = one_of(g.left, MASKED_CLOSING);
    c.squeezed += (closing && (one_of(g.right, MASKED_CLOSING) || g.right == SCAN_OPEN)) || (g.left == SCAN_OPEN && g.right == SCAN_OPEN);
}

static int masked_room(const uint8_t* p) { return *p == ' ' ? 2 : *p == '\t' ? 4 * CELL : *p == 0xE3 ? CELL : 2; }

// What a gap takes in the column (kerning() in lines.cpp).
static int masked_kerning(const MaskedGap& g, bool spaced) {
    if (one_of(g.left, MASKED_MARKS) || one_of(g.right, MASKED_MARKS)) return 0;
    const bool x = g.left == SCAN_HAN, y = g.right == SCAN_HAN;
    if (x && y) return spaced ? 0 : std::max(g.room, CELL);
    if (x || y) return g.room <= CELL ? 1 : g.room;
    return spaced && g.left == SCAN_DIGIT && g.right == SCAN_DIGIT ? 0 : g.room;
}

// Whether Bylines::is_byline() may say yes of a line of Han and gaps: told by its first two words. behind: the first
// gap; next: the second word.
template <typename Bits>
static bool may_be_byline(const Bits& b, const uint8_t* p, size_t s, size_t behind, size_t next, int han, int gaps) {
    uint32_t text[5];
    const size_t length = (behind - s) / 3;
    if (length > 5) return false;
    if (length > 1) {
        const auto is_entry = [&](size_t from, uint32_t count) {
            for (size_t k = 0; k < count; ++k) text[k] = plain(han_at(p + from + 3 * k));
            return is_role(text, count) || is_name(text, count, false);
        };
        if (!is_entry(s, uint32_t(length))) return false;
        uint32_t second = 0;  // characters of the second word: a name or role, half a padded name, or what the name did
        for (size_t i = next; i < b.words() * 64 && b.test(SCAN_HAN, i); i += 3)
            if (++second > 5) return false;
        return second == 1 || is_entry(next, second) || (gaps == 1 && is_credit_word(text, second));
    }
    // Two single characters: a padded name.
    if (next + 3 < b.words() * 64 && b.test(SCAN_HAN, next + 3)) return false;
    if (gaps == han - 1 && han != 4 && han != 6) return false;
    text[0] = plain(han_at(p + s));
    text[1] = plain(han_at(p + next));
    return is_role(text, 2) || is_name(text, 2, false);
}

// A rare character of three bytes that takes a cell, and that nothing else asks about: ℃, ①. Box drawing is not.
static bool is_plain_sign(const uint8_t* p) {
    if (p[0] >> 4 != 0xE) return false;
    const uint32_t cp = han_at(p);
    return cp >= 0x2000 && cp < 0xF900 && !(cp >= 0x2500 && cp <= 0x257F) && char_class(cp) == OTHER && !compat_target(cp);
}

template <size_t MOST>
static bool measure_words(Page& page, Line& line, Unit& unit, size_t scanned) {
    const size_t length = line.end - line.begin;
    const uint8_t* const p = page.data + line.begin;
    using Bits = LineBits<MOST>;
    Bits b;
    b.count = (length + 63) / 64;
    b.text = p;
    b.kinds = scan_kinds();
    uint64_t rare = 0, any = 0, radicals = 0, leaders = 0, stops = 0;
    int han = 0, full = 0, full_signs = 0, marks = 0, digits = 0, letters = 0, signs = 0, gap_chars = 0, pauses = 0, brackets = 0;
    const uint64_t* from = page.masks.word[(line.begin - scanned) / 64];
    const unsigned shift = (line.begin - scanned) % 64;
    for (size_t w = 0; w < b.words(); ++w, from += SCAN_KINDS) {
        const size_t left = length - w * 64;
        const uint64_t valid = left >= 64 ? ~uint64_t(0) : (uint64_t(1) << left) - 1;
        uint64_t* const to = b.word[w];
        shift_masks(from, shift, valid, to);
        const uint64_t pause = to[SCAN_STOP] | to[SCAN_PAUSE], bracket = to[SCAN_OPEN] | to[SCAN_CLOSE];
        const uint64_t mark = pause | bracket | to[SCAN_MARK];
        leaders |= to[SCAN_STOP] | to[SCAN_MARK];
        stops |= to[SCAN_STOP];
        const uint64_t ascii = to[SCAN_DIGIT] | to[SCAN_LETTER] | to[SCAN_SIGN];
        han += __builtin_popcountll(to[SCAN_HAN]);
        if (mark) {
            marks += __builtin_popcountll(mark);
            pauses += __builtin_popcountll(pause);
            brackets |= bracket != 0;
        }
        if (ascii) {
            digits += __builtin_popcountll(to[SCAN_DIGIT]);
            letters += __builtin_popcountll(to[SCAN_LETTER]);
            signs += __builtin_popcountll(to[SCAN_SIGN]);
        }
        if (w == 0 && (to[SCAN_RARE] & 1) && p[0] == '\f') {  // pages begin with one
            line.page = line.page_before = true;
            to[SCAN_RARE] &= ~uint64_t(1);
        }
        gap_chars |= to[SCAN_GAP] != 0;
        rare |= to[SCAN_RARE];
        radicals |= to[SCAN_CHANGES] & to[SCAN_HAN];
        if (const uint64_t changes = to[SCAN_CHANGES] & ~to[SCAN_HAN]) {
            full += __builtin_popcountll(changes);
            full_signs += __builtin_popcountll(changes & to[SCAN_SIGN]);
        }
        b.content[w] = to[SCAN_HAN] | mark | ascii | to[SCAN_RARE];
        any |= b.content[w];
    }
    if (!any) {
        line.s = line.e = line.end;
        line.blank = true;
        return true;
    }
    const int alnum = digits + letters;
    const size_t s = b.next(0);
    size_t last = 0;
    for (size_t w = b.words(); w-- > 0;)
        if (b.content[w]) {
            last = w * 64 + 63 - size_t(__builtin_clzll(b.content[w]));
            break;
        }
    const ScanKind first_kind = b.kind_at(s), last_kind = b.kind_at(last);
    int others = 0;
    for (size_t w = 0; rare && w < b.words(); ++w)
        for (uint64_t bits = b.word[w][SCAN_RARE]; bits; bits &= bits - 1) {
            const size_t i = w * 64 + size_t(__builtin_ctzll(bits));
            if (!is_plain_sign(p + i) || i == s || i == last) return false;
            if (b.test(SCAN_GAP, i - 1) || b.test(SCAN_GAP, i + 3) || (i >= 3 && b.test(SCAN_GAP, i - 3))) return false;
            ++others;
        }
    const int seen = han + marks + alnum + signs + others;
    const size_t e = last + (p[last] < 0x80 ? 1 : 3);
    line.s = line.begin + s;
    line.e = line.begin + e;
    line.cjk = han || full;
    line.letters = letters;
    line.cjks = han + marks;
    line.first_class = CLASS_OF[first_kind];
    line.last_class = CLASS_OF[last_kind];
    line.marks = pauses - (last_kind == SCAN_STOP || last_kind == SCAN_PAUSE);
    line.starts_alnum = one_of(first_kind, MASKED_ALNUM);
    line.ends_alnum = one_of(last_kind, MASKED_ALNUM);
    line.stops = stops != 0;
    line.remainder = seen == 1 && han == 1;

    // Gaps, and the indent.
    MaskedGap gaps[MASKED_GAPS];
    GapCounts counts;
    int gap_count = 0, inner = 0;
    bool wide = false;   // one may part the cells of a table row
    bool latin = true;   // all are of ASCII spaces
    bool single = gap_chars;  // ... of one
    size_t first_gap = 0, second_word = 0;
    if (gap_chars) {
        uint64_t inside[MOST];
        size_t at = 0;
        for (size_t w = 0; w < b.words(); ++w) {
            uint64_t bits = b.word[w][SCAN_GAP];
            for (; bits; bits &= bits - 1) {
                const size_t i = w * 64 + size_t(__builtin_ctzll(bits));
                if (i >= s) break;
                line.indent += masked_room(p + i);
            }
            if (w * 64 + 63 > last) bits &= w * 64 > last ? 0 : (uint64_t(2) << (last - w * 64)) - 1;
            inside[w] = bits;
            for (; bits; bits &= bits - 1) {
                const size_t i = w * 64 + size_t(__builtin_ctzll(bits));
                latin &= p[i] == ' ';
                single &= i != at;
                at = i + 1;
                if (!inner++) first_gap = i;
            }
        }
        single = single && latin && inner && !full;  // whose neighbours have one byte or three by their kind
        if (single) {
            gap_count = inner;
            second_word = first_gap + 1;
            counts = count_single_gaps(b, inside, s, e);
        } else if (inner) {
            size_t end = Bits::npos;  // the character behind the current gap
            counts.plain = latin;
            for (size_t w = 0; w < b.words(); ++w)
                for (uint64_t bits = inside[w]; bits; bits &= bits - 1) {
                    const size_t i = w * 64 + size_t(__builtin_ctzll(bits));
                    const int room = masked_room(p + i);
                    if (end != Bits::npos && i < end) {
                        gaps[gap_count - 1].room += room;
                        wide = wide || gaps[gap_count - 1].room >= 6;
                        continue;
                    }
                    wide = wide || room >= 6;
                    if (gap_count == MASKED_GAPS) return false;
                    const size_t left = p[i - 1] < 0x80 ? i - 1 : i - 3;
                    end = b.next(i);
                    gaps[gap_count++] = MaskedGap{room, b.kind_at(left), b.kind_at(end)};
                    if (gap_count == 1) second_word = end;
                    add_gap(counts, b, gaps[gap_count - 1], left, end, last);
                }
        }
    }
    line.radicals = radicals != 0;
    line.full_width = full > full_signs;
    line.changes = radicals || full;
    line.by_itself = line.changes && !full_signs;
    line.work = inner > 0;
    line.gaps = gap_count;
    if (!han) {
        line.number_or_dash = seen + inner <= 6 && !letters && !others;
        // Curly quotes and dashes alone are no CJK.
        if (marks)
            for (size_t w = 0; w < b.words(); ++w) {
                const uint64_t* const k = b.word[w];
                for (uint64_t bits = k[SCAN_OPEN] | k[SCAN_CLOSE] | k[SCAN_STOP] | k[SCAN_PAUSE] | k[SCAN_MARK]; bits; bits &= bits - 1) {
                    const uint32_t cp = han_at(p + w * 64 + size_t(__builtin_ctzll(bits)));
                    if (cp >= 0x2E80) line.cjk = true;
                    if (cp != 0x2014 && cp != 0x2015) line.number_or_dash = false;
                }
            }
    }

    // Neighbours without a gap between: Han and Han, Han and Latin, marks.
    int squeeze = 0;
    if (alnum) {
        const auto is_han = [](const uint64_t* k) { return k[SCAN_HAN]; };
        const auto half_width = [](const uint64_t* k) { return (k[SCAN_DIGIT] | k[SCAN_LETTER]) & ~k[SCAN_CHANGES]; };
        const auto full_width = [](const uint64_t* k) { return (k[SCAN_DIGIT] | k[SCAN_LETTER]) & k[SCAN_CHANGES]; };
        const auto gap = [](const uint64_t* k) { return k[SCAN_GAP]; };
        const auto digit_or_gap = [](const uint64_t* k) { return k[SCAN_DIGIT] | k[SCAN_GAP]; };
        for (size_t w = 0; w < b.words(); ++w) {
            const uint64_t h = b.word[w][SCAN_HAN], a = b.word[w][SCAN_DIGIT] | b.word[w][SCAN_LETTER];
            const uint64_t behind_han = before(b, w, 3, is_han);
            const uint64_t behind_alnum = before(b, w, 1, half_width) | before(b, w, 3, full_width);
            line.dropped += __builtin_popcountll(h & behind_alnum) + __builtin_popcountll(a & behind_han);
            uint64_t points = (b.word[w][SCAN_PAUSE] | b.word[w][SCAN_MARK]) & behind(b, w, 3, digit_or_gap) &
                              (before(b, w, 1, digit_or_gap) | before(b, w, 2, gap) | before(b, w, 3, digit_or_gap));
            for (; points; points &= points - 1)
                if (between_digits(b, w * 64 + size_t(__builtin_ctzll(points)), s, last)) {
                    line.changes = true;
                    line.by_itself = false;
                }
        }
    }
    if (marks > 1) {
        uint64_t carry_closing = 0, carry_open = 0;
        for (size_t w = 0; w < b.words(); ++w) {
            const uint64_t o = b.word[w][SCAN_OPEN];
            const uint64_t c = b.word[w][SCAN_CLOSE] | b.word[w][SCAN_STOP] | b.word[w][SCAN_PAUSE];
            squeeze += __builtin_popcountll((c << 3 | carry_closing) & (c | o)) + __builtin_popcountll((o << 3 | carry_open) & o);
            carry_closing = c >> 61;
            carry_open = o >> 61;
        }
        squeeze += counts.squeezed;  // with a gap between
    }
    if (page.options.width == Width::all && marks) {
        line.changes = true;
        line.by_itself = false;
    }
    line.work = line.work || line.changes;
    squeeze = squeeze * CELL + (first_kind == SCAN_OPEN ? 2 : 0) + (one_of(last_kind, MASKED_CLOSING) ? 2 : 0);
    if (counts.spread >= 3) {
        int solid = 0;
        uint64_t carry = 0;
        for (size_t w = 0; w < b.words(); ++w) {
            const uint64_t h = b.word[w][SCAN_HAN];
            solid += __builtin_popcountll(h & (h << 3 | carry));
            carry = h >> 61;
        }
        line.spaced = counts.spread >= solid;
    }
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
    if (brackets) {
        int depth = 0;
        for (size_t w = 0; w < b.words(); ++w)
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
    if (signs || !line.cjks) {
        int syntax = 0;
        if (signs >= 2)
            for (size_t w = 0; w < b.words(); ++w)
                for (uint64_t bits = b.word[w][SCAN_SIGN]; bits; bits &= bits - 1)
                    syntax += is_syntax(p[w * 64 + size_t(__builtin_ctzll(bits))]);
        line.code = is_code(line, page.data, syntax, seen + inner);
    }
    // A colon behind at most six Han.
    if (s > 40 || ((b.word[0][SCAN_PAUSE] | b.word[0][SCAN_SIGN]) >> s & 0x7FFFF)) line.key = masked_is_key(b, p, s);
    const uint64_t no_closing =
        b.content[0] & ~(b.word[0][SCAN_CLOSE] | b.word[0][SCAN_STOP] | b.word[0][SCAN_PAUSE]);
    line.unit = first_kind == SCAN_HAN && s < 61 && (no_closing >> s >> 3 & 1) ? CELL : masked_first_unit(b, s);

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
            if (gap_count && ends_like_credit(plain(last_cp))) line.end_kind = hanflow::end_kind(characters(), page.bylines);
            break;
        case SCAN_PAUSE:
            line.end_kind = last_cp == 0xFF1A || last_cp == 0xFE30 ? EndKind::colon : EndKind::pause;
            break;
        case SCAN_OPEN: line.end_kind = EndKind::open; break;
        case SCAN_DIGIT: case SCAN_LETTER: case SCAN_MARK: break;
        case SCAN_CLOSE: {
            const bool beside = last >= 3 && p[last - 1] >= 0x80 && p[last - 3] >= 0xE0;
            const ScanKind kind = beside ? b.kind_at(last - 3) : SCAN_GAP;
            if (!one_of(kind, MASKED_CJK) || kind == SCAN_CLOSE || last_cp == 0xFF09)
                line.end_kind = hanflow::end_kind(characters(), page.bylines);
            else
                line.end_kind = kind == SCAN_STOP ? EndKind::stop : EndKind::close;
            break;
        }
        default:  // no credit ends in an ASCII sign
            if (last_cp == ')' || last_cp == '"')
                line.end_kind = hanflow::end_kind(characters(), page.bylines);
            else if (last_cp == '!' || last_cp == '?')
                line.end_kind = EndKind::stop;
    }
    if (gap_count && !alnum && !marks && signs <= 1 &&
        (signs || (han + inner <= 60 && may_be_byline(b, p, s, first_gap, second_word, han, gap_count))))
        line.byline = page.bylines.is_byline(characters());
    const bool sentence = line.marks || line.end_kind == EndKind::stop || line.end_kind == EndKind::pause;
    if (!line.byline && ((gap_count >= 2 && !line.spaced && !line.marks && (wide || digits)) ||
                         (last_kind == SCAN_DIGIT && (leaders || signs))))
        line.table = is_table(characters(), line);
    line.parted = counts.spread && !line.spaced && !sentence && counts.solids;
    line.closes_all = counts.closes_all && !line.table && !line.byline && line.changes == line.by_itself && !line.page &&
                      line.start_kind != StartKind::item;
    line.row = seen >= 2 && seen <= 4 && gap_count == seen - 1 && !alnum && !signs && seen + inner <= 16;
    const bool sign = seen == 1 && signs;
    if (seen > 4 || (marks != seen && !sign && (marks || signs || gap_count))) return true;
    if (!marks && !full) {
        if (han != seen && alnum != seen && !sign) return true;
        const bool solid_han = han == seen;
        unit.kind = !solid_han ? UnitKind::number : seen == 1 ? UnitKind::chr : UnitKind::name;
        unit.length = uint8_t(seen);
        for (int k = 0; k < seen; ++k) {
            unit.text[k] = solid_han ? plain(han_at(p + s + 3 * size_t(k))) : p[s + size_t(k)];
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

// What Page::measure does, for a line without rare characters but plain signs, which the masks cover. false: Page::measure must do it.
static bool measure(Page& page, Line& line, Unit& unit, size_t scanned) {
    const size_t length = line.end - line.begin;
    if (length > 64) return measure_words<MASKED_WORDS>(page, line, unit, scanned);
    const uint8_t* const p = page.data + line.begin;
    const size_t i = line.begin - scanned;
    if (length == 3 && (page.masks.word[i / 64][SCAN_HAN] >> (i % 64) & 1)) {
        // One Han character: a line of a vertical run.
        line.s = line.begin;
        line.e = line.end;
        line.changes = line.work = line.by_itself = line.radicals = page.masks.word[i / 64][SCAN_CHANGES] >> (i % 64) & 1;
        line.cjk = line.remainder = true;
        line.cjks = 1;
        line.first_class = line.last_class = HAN;
        line.width = line.tight = line.unit = CELL;
        unit.kind = UnitKind::chr;
        unit.length = 1;
        unit.text[0] = unit.last = plain(han_at(p));
        return true;
    }
    return measure_words<1>(page, line, unit, scanned);
}
