// Gaps inside lines.
//
// Problem. The same space is damage in 江 水 东 流, kerning in 共 3 人, the parting of names in 吴桐 夏禹, a cell border in a table, and
// right in "New York". A wrong removal glues words, which nobody can undo.
// Idea. Gaps part a line into tokens. A gap that no writer would set (beside a single Han, at a CJK mark, on the wrong side of an
// ASCII mark) is evidence of damage; a stretch of short tokens with enough of it was letter-spaced, and its gaps close together, but
// for those much wider than the others, which part something. Lists of names are read first, since their padding looks like damage
// too. What is left open stays. Gaps at Latin letters and digits (decide_latin) follow the lines around: where layout joined or
// stretched lines, kerning was printed as spaces.
// Guaranteed. Each gap stays as it is, goes, or becomes one space; linear in the line. is_plain() and closes_all() say of a line
// without looking at it what decide() would say of its gaps. tests/reference/spacing.py says the same.
// Example. 江 水 东 流  渡 口 的 灯 亮 了 has ten tokens of one Han, nine gaps that no writer would set: damage. One gap is twice as
// wide as is usual there: it becomes one space, the others close: 江水东流 渡口的灯亮了. 江 水 东 has too little evidence: it stays.
#include "decide/spacing.hpp"
#include "decide/confidence.hpp"
#include "hanflow/reasons.hpp"
#include "text/words.hpp"

#include <algorithm>
#include <climits>

namespace hanflow {
namespace {

constexpr int LONGER = 4;
constexpr int EVEN = 12 * CELL;  // a measure at which two gaps alone may be line ends
constexpr int SHORT = 3;     // Han that a token of a letter-spaced or OCR stretch has at most
constexpr int EVIDENCE = 3;  // gaps that only damage explains, in a stretch; one less near letter-spaced lines
constexpr int BLANK = 6;     // q of a gap that may be a blank to be filled in
constexpr int HEADING = 20 * CELL;  // a line shorter than this may be a heading with a section number

bool stands_before_gap_never(uint32_t cp) { return is_one_of(U",.:;!?)]}%", cp); }  // no writer puts a gap before
bool stands_after_gap_never(uint32_t cp) { return is_one_of(U"([{", cp); }          // ... and behind
bool is_capital(uint32_t cp) { return cp >= 'A' && cp <= 'Z'; }
bool is_leader(uint32_t cp) { return cp == 0x2026 || cp == 0xB7 || cp == 0x2025; }

// A CJK mark on either side; a quote or dash that stands among Latin text is not one.
bool touches_mark(const Chars& t, const Gap& g) {
    constexpr uint32_t latin = ALNUM | class_bit(ASCII);
    for (const int step : {-1, 1}) {
        const int i = step < 0 ? g.left : g.right, other = step < 0 ? g.right : g.left;
        if (!t.is(i, CJK_MARKS)) continue;
        if (t.cp[i] >= 0x2E80) return true;
        const int inner = t.visible(i + step, step);
        if (!((inner < 0 || t.is(inner, latin)) && t.is(other, latin))) return true;
    }
    return false;
}

bool is_point(uint32_t cp) { return cp == '.' || cp == ',' || is_colon(cp); }

bool in_number(const Chars& t, const Gap& g) {
    const uint8_t left = t.cls[g.left], right = t.cls[g.right];
    if (left == DIGIT && right == DIGIT) return true;
    if (left == DIGIT) return is_point(t.cp[g.right]) || t.cp[g.right] == '%';
    return right == DIGIT && is_point(t.cp[g.left]);
}

bool numeric(const Chars& t, int i) { return t.cls[i] == DIGIT || is_point(t.cp[i]) || t.cp[i] == '%'; }

// Commas of the number that begins in [begin, end), gaps left out: 3,200 and not 3,5,7.
bool is_grouped(const Chars& t, int begin, int end) {
    int digits = 0, groups = 0, i = begin;
    while (i < end && (t.is(i, UNSEEN) || (t.cls[i] != DIGIT && t.cp[i] != ','))) ++i;  // a colon before it
    for (; i < end; ++i) {
        if (t.is(i, UNSEEN)) continue;
        if (t.cp[i] == ',') {
            if (!digits || digits > 3 || (groups && digits != 3)) return false;
            ++groups;
            digits = 0;
        } else if (t.cls[i] == DIGIT) {
            ++digits;
        } else {
            break;
        }
    }
    if (groups) return digits == 3;
    while (i < end && t.cp[i] != ',') ++i;
    return i >= end;
}

// OCR prints , ; : for the full-width marks: between Han there is no gap at them.
bool at_ascii_pause(const Chars& t, const Gap& g) {
    return (is_one_of(U",;:!?", t.cp[g.left]) && t.is(g.right, HAN_KANA)) ||
           (stands_before_gap_never(t.cp[g.right]) && t.is(g.left, HAN_KANA));
}

// A gap of a page's own line: before the year of a date (第6版 2024年11月6日), before a page number with a letter (要闻 A3).
bool is_label_gap(const Chars& t, const Gap& g) {
    int digits = 0, i = g.right;
    if (t.cls[i] == LETTER && t.gaps.size() == 1 && t.cp[i] >= 'A' && t.cp[i] <= 'Z') {
        while (++i < t.e && t.cls[i] == DIGIT) ++digits;
        return i == t.e && (digits == 1 || digits == 2) && g.left - t.s < 4;
    }
    while (i < t.e && t.cls[i] == DIGIT) ++i, ++digits;
    while (i < t.e && t.is(i, UNSEEN)) ++i;
    return digits == 4 && i < t.e && t.cp[i] == U'年' && is_one_of(U"版报報刊期日号號", t.cp[g.left]);
}

// Every second gap is wider than the ones inside the pairs.
bool widened(const std::vector<int>& rooms) {
    if (rooms.size() < 3) return false;
    int inside = 0, between = INT_MAX;
    for (size_t k = 0; k < rooms.size(); ++k) {
        if (k % 2)
            between = std::min(between, rooms[k]);
        else
            inside = std::max(inside, rooms[k]);
    }
    return between > inside;
}

}  // namespace

const std::vector<Verdict>& SpacingStage::decide(const Page& page, const Layout& layout, size_t index) {
    const Chars& t = page.chars;
    const Line& line = page.text(index);
    verdicts_.assign(t.gaps.size(), Verdict::open);
    if (t.gaps.empty()) return verdicts_;
    decide_all(page, layout, index, line);
    if (page.options.min_confidence)
        for (size_t k = 0; k < verdicts_.size(); ++k)
            if (grounds_of(page, line, t.gaps[k], verdicts_[k]).confidence < page.options.min_confidence)
                verdicts_[k] = Verdict::keep;
    return verdicts_;
}

Grounds SpacingStage::grounds_of(const Page& page, const Line& line, const Gap& g, Verdict verdict) {
    using reasons::why;
    namespace of = reasons::inside;
    const Chars& t = page.chars;
    if (line.vertical && !line.cut_byline) return {confidence::RUN, why(of::OF_RUN)};
    const bool boundary = t.is_latin_gap(g) || (t.is(g.right, HAN_KANA) && (t.cp[g.left] == '%' || t.cp[g.left] == 0xFF05));
    const bool asked = page.options.spacing == Spacing::all || (page.options.latin_gap == LatinGap::remove && boundary);
    if (asked && !line.cut_byline) return {confidence::CERTAIN, why(of::ASKED)};
    if (verdict == Verdict::one) return {confidence::NAMES, why(of::SEPARATOR)};
    if (t.is(g.left, CJK_MARKS) || t.is(g.right, CJK_MARKS)) return {confidence::MARK_GAP, why(of::MARK_GAP)};
    if (!t.is(g.left, CJK) || !t.is(g.right, CJK)) return {confidence::LATIN, why(of::LATIN_GAP)};
    if (line.spaced) return {confidence::SPREAD, why(of::SPREAD)};
    return {confidence::GAP, why(of::OTHER_GAP)};
}

void SpacingStage::decide_all(const Page& page, const Layout& layout, size_t index, const Line& line) {
    const Chars& t = page.chars;
    if (line.cut_byline) {
        for (size_t k = 0; k < verdicts_.size(); ++k)
            verdicts_[k] = line.name_gaps >> k & 1 ? Verdict::one : Verdict::close;
        return;
    }
    if (line.vertical) {
        std::fill(verdicts_.begin(), verdicts_.end(), Verdict::close);
        return;
    }
    // The commonest lines: narrow gaps between Han and letters or digits. Of all that follows only decide_latin says
    // something of these, unless the first one stands behind a list marker or the line is a table.
    const auto is_narrow = [&](const Gap& g) { return g.room <= CELL && t.is_latin_gap(g); };
    const bool plain = std::all_of(t.gaps.begin(), t.gaps.end(), is_narrow) && !line.table && !layout.tabular[index] &&
                       line.start_kind != StartKind::dateline && page.options.spacing == Spacing::automatic &&
                       !settles(page, layout, index, line);
    if (!plain || heading(layout, index, line)) read_tokens(t);
    if (plain) {
        const int marker = list_marker(t);
        if (marker > t.s && t.gaps[0].begin == marker) verdicts_[0] = Verdict::keep;
    } else if (page.options.spacing == Spacing::all) {
        for (size_t k = 0; k < t.gaps.size(); ++k) {
            const Gap& g = t.gaps[k];
            if ((t.is(g.left, CJK) && t.is(g.right, CJK)) || t.is(g.left, CJK_MARKS) || t.is(g.right, CJK_MARKS))
                verdicts_[k] = Verdict::close;
        }
    } else if (page.options.spacing == Spacing::automatic) {
        decide_auto(page, layout, index, line);
    }
    decide_latin(page, layout, index, line);
}

void SpacingStage::read_tokens(const Chars& t) {
    tokens_.clear();
    for (size_t k = 0; k <= t.gaps.size(); ++k) {
        Token token{k ? t.gaps[k - 1].end : t.s, k < t.gaps.size() ? t.gaps[k].begin : t.e, 0, 0, 0, false, false};
        int letters = 0, digits = 0, run = 0;
        bool other = false;
        for (int i = token.begin; i < token.end; ++i) {
            const uint8_t c = t.cls[i];
            if (in(c, ATTACHED)) continue;
            if (in(c, HAN_KANA)) {
                ++token.han;
                ++run;
            } else {
                if (!other) token.head = run;
                other = true;
                run = 0;
            }
            letters += c == LETTER;
            digits += c == DIGIT;
        }
        token.tail = run;
        if (!other) token.head = run;
        token.word = letters >= 2 && !token.han;
        token.number = digits >= 1 && !token.han && !letters;
        tokens_.push_back(token);
    }
}

void SpacingStage::decide_auto(const Page& page, const Layout& layout, size_t index, const Line& line) {
    const Chars& t = page.chars;
    const int n = int(t.gaps.size());
    if (line.table || layout.tabular[index] || is_form(t)) {
        std::fill(verdicts_.begin(), verdicts_.end(), Verdict::keep);
        return;
    }
    int first = 0;
    const int marker = list_marker(t);
    if (marker > t.s && t.gaps[0].begin == marker) {
        verdicts_[0] = Verdict::keep;
        first = 1;
    }
    settle(page, layout, index, line);
    const auto is_single = [](const Token& token) { return token.han == 1 && token.length() == 1; };
    if (n == 1 && verdicts_[0] == Verdict::open && layout.damaged[index] && is_single(tokens_[0]) && is_single(tokens_[1]))
        verdicts_[0] = Verdict::close;  // a padded name or title of two characters, alone
    part_names(t, first);
    for (int k = first; k < n; ++k)
        if (verdicts_[k] == Verdict::open && touches_mark(t, t.gaps[k])) verdicts_[k] = beside_mark(t, line, k, layout.damaged[index]);
    if (layout.damaged[index]) close_spread_words(t);
    // Near letter-spaced lines less evidence is enough, and where the whole line is single characters or other gaps of it were closed.
    const bool near_spaced = layout.near_spaced[index] ||
                             (layout.damaged[index] && std::all_of(tokens_.begin(), tokens_.end(), is_single));
    const int most = longest_token(t);
    if (close_stretches(t, first, most, near_spaced) && !near_spaced) close_stretches(t, first, most, true);
    close_line_ends(t, line);
    const bool body = layout.joined[index] && layout.prose[index];
    // 本报讯 keeps its gap: newspapers set it. Not where words or characters are spaced (本报 讯 昨日, decided above).
    if (line.start_kind == StartKind::dateline && verdicts_[0] == Verdict::open && tokens_[0].han == 3 &&
        tokens_[0].length() == 3 && (t.between_han(t.gaps[0]) || page.options.latin_gap == LatinGap::automatic))
        verdicts_[0] = body ? Verdict::one : Verdict::keep;
    if (layout.damaged[index]) close_numbers(t, first, body);
    // A sentence on a line of its own is body text where it is letter-spaced, or where text around is damaged and it is not short.
    const bool alone = line.marks && line.end_kind == EndKind::stop && (line.spaced || (layout.damaged[index] && line.width >= HEADING));
    if (!body && !alone) return;
    for (int k = first; k < n; ++k) {
        if (verdicts_[k] != Verdict::open) continue;
        const Gap& g = t.gaps[k];
        if (t.between_han(g))
            verdicts_[k] = g.room <= CELL ? Verdict::close : Verdict::one;
        else if (at_ascii_pause(t, g))
            verdicts_[k] = Verdict::close;
    }
}

// Blanks to be filled in: two wide gaps or more before a unit or behind a colon.
bool SpacingStage::is_form(const Chars& t) const {
    size_t wide = 0, filled = 0;
    for (const Gap& g : t.gaps) {
        if (g.room < BLANK) continue;
        ++wide;
        filled += is_one_of(U"年月日时分号元名人岁", t.cp[g.right]) || is_colon(t.cp[g.left]);
    }
    return wide >= 2 && filled * 2 >= t.gaps.size();
}

// Nothing but marks that writers set between gaps: · — …
bool SpacingStage::is_sign(const Chars& t, int k) const {
    for (int i = tokens_[k].begin; i < tokens_[k].end; ++i)
        if (!t.is(i, class_bit(MARK) | ATTACHED) && t.cp[i] != 0x2026) return false;
    return true;
}

// A gap at a mark goes, but a closing credit keeps its space, a page number its leader, a blank to be filled in its room; in
// undamaged text a mark with a gap on both sides keeps both.
Verdict SpacingStage::beside_mark(const Chars& t, const Line& line, int k, bool damaged) {
    const Gap& g = t.gaps[k];
    const int n = int(t.gaps.size());
    if (!damaged && ((k > 0 && is_sign(t, k)) || (k + 1 < n && is_sign(t, k + 1)))) return Verdict::keep;
    if (g.room >= BLANK && !line.spaced && t.is(g.right, class_bit(STOP) | class_bit(PAUSE))) return Verdict::keep;
    if (t.cls[g.left] == OPEN && t.cls[g.right] == CLOSE) return Verdict::keep;  // （    ）
    if (g.room >= BLANK && is_colon(t.cp[g.left])) return Verdict::keep;
    if (k == n - 1 && tokens_[k + 1].number && is_leader(t.cp[g.left])) return Verdict::keep;
    if (k + 2 == n && tokens_[k + 2].number && is_leader(t.cp[g.right])) return Verdict::keep;
    if (t.is(g.left, class_bit(STOP) | class_bit(CLOSE)) && bylines_.is_credit_tail(t, tokens_[k + 1].begin, t.e, 6))
        return Verdict::one;
    return Verdict::close;
}

// Lists of names: two single characters side by side are one padded name; names stay apart. A list is a whole line,
// what stands in parentheses, or a closing credit.
void SpacingStage::part_names(const Chars& t, int first) {
    part_list(t, tokens_[first].begin, t.e);
    for (const Gap& g : t.gaps)
        if (t.is(g.left, class_bit(STOP) | class_bit(CLOSE))) part_list(t, g.end, t.e);
    for (int i = t.s; i < t.e; ++i) {
        if (t.cp[i] != 0xFF08 && t.cp[i] != '(') continue;
        int j = i + 1;
        while (j < t.e && t.is(j, class_bit(HAN) | UNSEEN)) ++j;
        if (j == t.e || t.cls[j] == CLOSE || t.cp[j] == ')') part_list(t, i + 1, j);
    }
}

void SpacingStage::part_list(const Chars& t, int begin, int end) {
    constexpr uint32_t names = class_bit(HAN) | UNSEEN;  // most lines hold something else near their end
    for (int i = end; i-- > begin;)
        if (!t.is(i, names) && t.cp[i] != '/') return;
    Words& words = bylines_.words;
    if (!words.read(t, begin, end) || words.size() < 2) return;
    // The gaps inside: those whose characters on both sides stand in the list.
    const auto from = std::partition_point(t.gaps.begin(), t.gaps.end(), [&](const Gap& g) { return g.left < begin; });
    const auto to = std::partition_point(from, t.gaps.end(), [&](const Gap& g) { return g.right < end; });
    const size_t at = size_t(from - t.gaps.begin());
    if (size_t(to - from) != words.size() - 1) return;
    std::vector<Entry>& entries = bylines_.entries;
    const bool known = find_entries(words, entries);
    if (words.all_single()) {
        rooms_.clear();
        for (auto g = from; g != to; ++g) rooms_.push_back(g->room);
        const bool wide = widened(rooms_);
        const auto is_pair = [](const Entry& e) { return e.behind - e.first == 2; };
        // Only wider gaps between the names, or common surnames, part a list of padded names from a letter-spaced line.
        const size_t last = words.size() - 1;
        if (known && begin > t.s && is_credit_word(words.text(last), 1) &&
            std::all_of(entries.begin(), entries.end() - 1, is_pair)) {
            // Behind a sentence, what the last name did (程 野 摄) does too.
        } else if (!known || !std::all_of(entries.begin(), entries.end(), is_pair)) {
            if (words.size() % 2 || words.size() < 4 || !wide) return;
            entries.clear();
            for (uint32_t k = 0; k < words.size(); k += 2) entries.push_back(Entry{k, k + 2});
        } else if (!wide) {
            if (words.size() != 4 && words.size() != 6) return;
            for (const Entry& e : entries)
                if (!is_name(words.text(e.first), 2, true)) return;
        }
    } else if (!known) {
        return;
    }
    if (entries.size() < 2 && begin == t.s) return;
    for (const Entry& e : entries) {
        if (e.behind - e.first == 2) verdicts_[at + e.first] = Verdict::close;
        if (e.behind < words.size()) verdicts_[at + e.behind - 1] = Verdict::one;
    }
}

// Would a writer have set this gap? Single Han beside CJK, gaps at marks, gaps on the wrong side of ASCII marks.
int SpacingStage::evidence(const Chars& t, int k) const {
    const Gap& g = t.gaps[k];
    if (t.is(g.left, CJK) && t.is(g.right, CJK)) {
        if (t.is(g.left, CJK_MARKS) || t.is(g.right, CJK_MARKS)) return 1;
        return std::min(tokens_[k].tail, tokens_[k + 1].head) == 1;
    }
    return stands_before_gap_never(t.cp[g.right]) || stands_after_gap_never(t.cp[g.left]);
}

// Speaks for damage only beside harder evidence: writers set 2026 年 3 月 and A B C too.
int SpacingStage::soft_evidence(const Chars& t, int k) const {
    const Gap& g = t.gaps[k];
    const bool a = t.is(g.left, ALNUM), b = t.is(g.right, ALNUM);
    const bool one = tokens_[k].length() == 1, next_one = tokens_[k + 1].length() == 1;
    if (a && b) return one && next_one;
    if (a && t.is(g.right, HAN_KANA)) return next_one;
    if (b && t.is(g.left, HAN_KANA)) return one;
    return 0;
}

// Han that a token of a stretch has at most: more where a tokenizer set gaps on both sides of the marks of a sentence.
int SpacingStage::longest_token(const Chars& t) const {
    constexpr uint32_t closing = class_bit(STOP) | class_bit(PAUSE) | class_bit(CLOSE);
    const bool apart = std::any_of(t.gaps.begin(), t.gaps.end(), [&](const Gap& g) { return t.is(g.left, HAN_KANA) && t.is(g.right, closing); });
    if (!apart || tokens_.size() < 5) return SHORT;
    int han = 0;
    for (const Token& token : tokens_) han += token.han;
    return han <= 3 * int(tokens_.size()) ? LONGER : SHORT;
}

// How many letters stand at the end of the token (step -1), or at its start.
int SpacingStage::letters_beside(const Chars& t, const Token& token, int step) {
    int count = 0;
    for (int i = step < 0 ? token.end - 1 : token.begin; i >= token.begin && i < token.end && t.cls[i] == LETTER; i += step) ++count;
    return count;
}

// D e b i a n 的: a word whose letters were spread, in a line that is not. It begins with a capital, or has four letters.
void SpacingStage::close_spread_words(const Chars& t) {
    const auto is_lower = [](uint32_t cp) { return cp >= 'a' && cp <= 'z'; };
    const int n = int(t.gaps.size());
    for (int k = 0, j; k < n; k = std::max(j, k + 1)) {
        for (j = k; j < n && verdicts_[j] == Verdict::open && letters_beside(t, tokens_[j], -1) == 1 &&
                    letters_beside(t, tokens_[j + 1], 1) == 1 && (j == k || tokens_[j].length() == 1);)
            ++j;
        if (j == k) continue;
        const uint32_t first = t.cp[t.gaps[k].left];
        bool lower = true;
        for (int x = k; x < j; ++x) lower = lower && is_lower(t.cp[t.gaps[x].right]);
        if (lower && j - k + 1 >= (is_capital(first) ? 3 : 4))
            for (int x = k; x < j; ++x) verdicts_[x] = Verdict::close;
    }
}

// Whether gaps of a stretch were closed.
bool SpacingStage::close_stretches(const Chars& t, int first, int most, bool near_spaced) {
    const int n = int(t.gaps.size());
    const auto settled = [&](int k) { return verdicts_[k] == Verdict::keep || verdicts_[k] == Verdict::one; };
    bool closed = false;
    for (int k = first; k < n;) {
        if (settled(k)) {
            ++k;
            continue;
        }
        int j = k;
        while (j + 1 < n && !settled(j + 1) && tokens_[j + 1].han <= most) ++j;
        closed = close_stretch(t, k, j, most, near_spaced) || closed;
        k = j + 1;
    }
    return closed;
}

// Gaps k..j, all tokens between them short: letter-spaced or OCR text, if enough gaps say so. Whether they were closed.
bool SpacingStage::close_stretch(const Chars& t, int k, int j, int most, bool near_spaced) {
    // A lone gap behind a long token; or before one, unless it goes on with the word: 水 务 局周一叫停
    while (k <= j && tokens_[k].tail > most && verdicts_[k] == Verdict::open && t.is(t.gaps[k].left, HAN_KANA)) ++k;
    while (j >= k && tokens_[j + 1].head > most && verdicts_[j] == Verdict::open && t.is(t.gaps[j].right, HAN_KANA) &&
           !(j > k && tokens_[j].han == 1 && in_word(plain(t.cp[t.gaps[j].left]), plain(t.cp[t.gaps[j].right]))))
        --j;
    int hard = 0, soft = 0;
    rooms_.clear();
    for (int x = k; x <= j; ++x) {
        hard += evidence(t, x);
        soft += soft_evidence(t, x);
        rooms_.push_back(t.gaps[x].room);
    }
    if (hard < 2 - near_spaced || hard + soft < EVIDENCE - near_spaced) return false;
    int usual = rooms_[0];
    if (std::any_of(rooms_.begin(), rooms_.end(), [&](int room) { return room != usual; })) {
        const auto middle = rooms_.begin() + ptrdiff_t(rooms_.size() / 2);
        std::nth_element(rooms_.begin(), middle, rooms_.end());
        usual = *middle;
    }
    const auto doubled = std::count_if(rooms_.begin(), rooms_.end(), [&](int room) { return room >= 2 * usual; });
    const bool few = size_t(doubled) * 7 <= rooms_.size();
    bool closed = false;
    for (int x = k; x <= j; ++x) {
        if (verdicts_[x] != Verdict::open) continue;
        const Gap& g = t.gaps[x];
        // Much wider than its neighbours: a separator, at a Latin word only if it is wider still.
        if ((g.room >= 2 * usual && (g.room >= usual + 4 || (few && !t.is_latin_gap(g)))) || (g.room > usual && g.room >= 3 * CELL)) {
            verdicts_[x] = Verdict::one;
        } else if (keeps_words(t, x) || t.cls[g.left] == HANGUL || t.cls[g.right] == HANGUL) {
            verdicts_[x] = Verdict::keep;
        } else {
            verdicts_[x] = Verdict::close;
            closed = true;
        }
    }
    return closed;
}

// Two Latin words, or two numbers, keep the space between them.
bool SpacingStage::keeps_words(const Chars& t, int k) const {
    const Gap& g = t.gaps[k];
    const Token &a = tokens_[k], &b = tokens_[k + 1];
    constexpr uint32_t latin = ALNUM | class_bit(ASCII);
    if (!t.is(g.left, latin) || !t.is(g.right, latin)) return false;
    const bool word = a.word || b.word;
    if (t.cls[g.left] == ASCII || t.cls[g.right] == ASCII)
        return word && !(stands_before_gap_never(t.cp[g.right]) || stands_after_gap_never(t.cp[g.left]));
    if (t.cls[g.left] == DIGIT && t.cls[g.right] == DIGIT) return a.length() > 1 && b.length() > 1;
    if (t.cls[g.left] == LETTER && t.cls[g.right] == LETTER) return letters_beside(t, a, -1) > 1 || letters_beside(t, b, 1) > 1;
    return word;
}

// Room of the Latin word that begins at i, or of one character.
static int unit_room(const Chars& t, int i) {
    constexpr uint32_t latin = ALNUM | class_bit(ASCII);
    int room = 0;
    for (; i < t.e && t.is(i, latin); ++i) room += cells(t.cp[i], t.cls[i]);
    return room ? room : CELL;
}

// Gaps that were line ends: once a measure, in mid-sentence. Each gap between Han must be one. Others may be: at marks, at Latin words.
// A line is short of the measure by a hanging mark or what did not fit: two cells, and the first unit of the next one; the first line by
// its indent too.
void SpacingStage::close_line_ends(const Chars& t, const Line& line) {
    if (!line.marks || line.spaced) return;
    const size_t n = t.gaps.size();
    ends_.assign(n, 0);
    bool any = false;
    for (size_t k = 0; k < n; ++k) {
        ends_[k] = verdicts_[k] == Verdict::open && t.between_han(t.gaps[k]) ? MUST : 0;
        any = any || ends_[k];
    }
    if (!any) return;
    at_.clear();
    int room = 0, i = t.s;
    for (const Gap& g : t.gaps) {
        for (; i < g.begin; ++i) room += t.cls[i] == GAP ? 0 : cells(t.cp[i], t.cls[i]);
        at_.push_back(room);
        i = g.end;
    }
    for (; i < t.e; ++i) room += t.cls[i] == GAP ? 0 : cells(t.cp[i], t.cls[i]);
    at_.push_back(room);
    for (size_t k = 0; k < n; ++k)
        if ((verdicts_[k] == Verdict::close && touches_mark(t, t.gaps[k])) || at_ascii_pause(t, t.gaps[k])) ends_[k] |= AT_MARK;
    if (!find_cuts(t, line, MUST) && !find_cuts(t, line, MUST | AT_MARK)) return;
    constexpr uint32_t latin = ALNUM | class_bit(ASCII);
    for (const int k : cuts_)
        if (verdicts_[k] == Verdict::open && !(t.is(t.gaps[k].left, latin) && t.is(t.gaps[k].right, latin))) verdicts_[k] = Verdict::close;
}

// The gaps that are line ends, if all that must be one are, at the measure of the pieces between those of the kinds.
bool SpacingStage::find_cuts(const Chars& t, const Line& line, uint8_t kinds) {
    constexpr int NONE = -2;
    const int n = int(t.gaps.size());
    rooms_.clear();
    int from = 0;
    bool skip = line.continues;
    for (int k = 0; k < n; ++k) {
        if (!(ends_[k] & kinds)) continue;
        if (!skip) rooms_.push_back(at_[k] - from);
        skip = false;
        from = at_[k];
    }
    if (rooms_.empty()) return false;
    const int least = *std::min_element(rooms_.begin(), rooms_.end());
    int measure = 0;
    for (const int room : rooms_)
        if (room <= least + 3 * CELL) measure = std::max(measure, room);
    if (measure < 8 * CELL || measure > MAX_MEASURE) return false;
    before_.assign(size_t(n), NONE);  // gap that may be a line end -> the one before it, -1: none
    const auto excess = [&](int k) { return std::max(0, unit_room(t, t.gaps[k].right) - CELL); };
    const auto far = [&](int k, int j) { return at_[k] - (j >= 0 ? at_[j] : 0); };
    for (int k = 0; k < n; ++k) {
        if (t.gaps[k].room > CELL || verdicts_[k] == Verdict::keep || verdicts_[k] == Verdict::one) continue;
        const int least_room = measure - excess(k);
        for (int j = k - 1; j >= -1 && far(k, j) <= measure + CELL; --j) {
            if ((j < 0 || before_[j] != NONE) && (far(k, j) >= least_room - (j < 0 ? 4 : 2) * CELL || (j < 0 && line.continues))) {
                before_[k] = j;
                break;
            }
            if (j >= 0 && ends_[j] & MUST) break;
        }
    }
    int last = n - 1;
    while (last >= 0 && before_[last] == NONE && !(ends_[last] & MUST)) --last;
    if (last < 0 || before_[last] == NONE || at_[n] - at_[last] > measure + CELL) return false;
    cuts_.clear();
    bool even = measure >= EVEN, word = false;
    while (last >= 0) {
        const int k = last;
        cuts_.push_back(k);
        last = before_[k];
        even = even && measure - CELL - excess(k) <= far(k, last) + (last < 0 ? 2 * CELL : 0);
        word = word || cut_between(plain(t.cp[t.gaps[k].left]), plain(t.cp[t.gaps[k].right])) == Cut::word;
    }
    return cuts_.size() > 2 || (cuts_.size() == 2 && (even || word));
}

// A number whose digits were spread (4 . 2万, 1 2.8亿): a piece of it is one character, or it is cut at its point. In mid-line
// a gap may part it from the words before it only in body text, before a unit: 12 3 4 may be a list.
void SpacingStage::close_numbers(const Chars& t, int first, bool body) {
    const int n = int(t.gaps.size());
    for (int k = first; k < n;) {
        int j = k;
        while (j < n && in_number(t, t.gaps[j])) ++j;
        if (j > k) {
            const Token &a = tokens_[k], &b = tokens_[j];
            int tail = 0, head = 0;
            while (tail < a.length() && numeric(t, a.end - 1 - tail)) ++tail;
            while (head < b.length() && numeric(t, b.begin + head)) ++head;
            int least = std::min(tail, head), most = std::max(tail, head);
            bool point = false;
            for (int x = k + 1; x < j; ++x) {
                least = std::min(least, tokens_[x].length());
                most = std::max(most, tokens_[x].length());
            }
            for (int x = k; x < j; ++x) point = point || is_point(t.cp[t.gaps[x].left]) || is_point(t.cp[t.gaps[x].right]);
            const int after = t.visible(b.begin + head, 1);
            const bool apart = a.number && a.begin != t.s;
            const bool text = body && t.is(t.gaps[k - (k > 0)].left, HAN_KANA);
            const bool unit = after >= 0 && t.is(after, HAN_KANA), end = after < 0 || t.is(after, CJK);
            if ((least == 1 || point) && is_grouped(t, a.end - tail, b.begin + head) &&
                (!apart || (text && ((point && end) || (unit && most == 1 && j - k >= 2)))))
                for (int x = k; x < j; ++x)
                    if (verdicts_[x] == Verdict::open) verdicts_[x] = Verdict::close;
        }
        k = std::max(j, k + 1);
    }
}

// A line that may be a heading with a section number.
bool SpacingStage::heading(const Layout& layout, size_t index, const Line& line) {
    return !(layout.joined[index] && layout.prose[index]) && line.width < HEADING && !line.marks && line.end_kind == EndKind::mid;
}

// Whether settle() may say something of a line with gaps between Han and letters or digits: a section or page number, the parts of a
// date line. All headings are such lines.
bool SpacingStage::settles(const Page& page, const Layout& layout, size_t index, const Line& line) {
    if (line.first_class == DIGIT) {  // a number and a gap open it
        size_t k = line.s;
        while (k < line.e && (page.class_at(k) == DIGIT || is_one_of(U".-．", page.data[k]))) ++k;
        if (page.class_at(k) == GAP) return true;
    }
    return (line.page_number >= 0 && !layout.joined[index]) || page.data[line.s] == U'第' ||
           (!line.marks && !(layout.joined[index] && layout.prose[index]));
}

bool SpacingStage::closes_latin(const Page& page, const Layout& layout, size_t index) {
    const Options& options = page.options;
    if (options.latin_gap == LatinGap::automatic)
        return layout.damaged[index] && !layout.foreign[index] && options.spacing != Spacing::none;
    return options.latin_gap == LatinGap::remove;
}

// Only the gaps themselves decide: no vertical region, byline or table has the line.
static bool is_ordinary(const Page& page, const Layout& layout, size_t index) {
    const Line& line = page.text(index);
    return !line.vertical && !line.cut_byline && !layout.tabular[index] && page.options.spacing == Spacing::automatic;
}

bool SpacingStage::closes_all(const Page& page, const Layout& layout, size_t index) {
    return page.text(index).closes_all && is_ordinary(page, layout, index);
}

bool SpacingStage::is_plain(const Page& page, const Layout& layout, size_t index) {
    const Line& line = page.text(index);
    return line.latin_gaps && !line.table && line.start_kind != StartKind::item && line.start_kind != StartKind::dateline &&
           is_ordinary(page, layout, index) && !settles(page, layout, index, line);
}

// An ASCII sign of a Latin word or number: /dev, -L, (ext4)
bool SpacingStage::is_latin_sign(const Chars& t, int k, int i) const {
    if (t.cls[i] != ASCII) return false;
    for (int x = tokens_[k].begin; x < tokens_[k].end; ++x)
        if (t.is(x, ALNUM)) return true;
    return false;
}

// A. or (2) opens the line.
bool SpacingStage::is_option(const Chars& t) const {
    const Token& first = tokens_[0];
    return first.begin == t.s && first.length() <= 3 && is_one_of(U".)", t.cp[first.end - 1]);
}

// Gaps between Han and Latin letters or digits.
void SpacingStage::decide_latin(const Page& page, const Layout& layout, size_t index, const Line& line) {
    const Chars& t = page.chars;
    if (!closes_latin(page, layout, index)) return;
    const bool heading = this->heading(layout, index, line), text = (layout.joined[index] && layout.prose[index]) || line.spaced;
    for (size_t k = 0; k < t.gaps.size(); ++k) {
        if (verdicts_[k] != Verdict::open) continue;
        const Gap& g = t.gaps[k];
        const bool han = t.is(g.left, HAN_KANA) || t.is(g.right, HAN_KANA);
        const bool latin = t.is(g.left, ALNUM | class_bit(OTHER)) || t.is(g.right, ALNUM | class_bit(OTHER)) ||
                           t.cp[g.left] == '%' || t.cp[g.left] == 0xFF05 ||
                           (text && ((is_latin_sign(t, int(k), g.left) && !(k == 0 && is_option(t))) || is_latin_sign(t, int(k) + 1, g.right)));
        if (!han || !latin || g.room > CELL * 2) continue;
        // A section number that opens a short line.
        const bool section = heading && k == 0 && t.gaps.size() <= 2 && tokens_[0].number && tokens_[1].han >= 2 &&
                             tokens_[1].head >= 2 && tokens_[0].length() <= 6;
        if (!section && !(heading && page.options.latin_gap == LatinGap::automatic && is_label_gap(t, g))) verdicts_[k] = Verdict::close;
    }
}

}  // namespace hanflow
