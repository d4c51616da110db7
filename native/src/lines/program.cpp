#include "lines/program.hpp"

#include "lines/features.hpp"

namespace hanflow {
namespace {

bool is_ascii_word(uint32_t cp) {
    return (cp >= '0' && cp <= '9') || (cp >= 'A' && cp <= 'Z') || (cp >= 'a' && cp <= 'z');
}

bool is_word(const Chars& t, int i) { return t.is(i, ALNUM | HAN_KANA) || t.cp[i] >= 0x2E80; }

bool starts(const Chars& t, int i, const char* what) {
    for (; *what; ++what, ++i)
        if (i >= t.e || t.cp[i] != uint32_t(*what)) return false;
    return true;
}

int find(const Chars& t, int i, const char* what) {
    for (; i < t.e; ++i)
        if (starts(t, i, what)) return i;
    return -1;
}

// # or -- and a gap behind, at the start or behind a gap: the rest is a comment.
bool is_hash(const Chars& t, int i) {
    const uint32_t first = t.cp[i];
    if ((first != '#' && first != '-') || (i > t.s && t.cls[i - 1] != GAP)) return false;
    int k = i;
    while (k < t.e && t.cp[k] == first) ++k;
    return (first == '#' ? k - i <= 6 : k - i == 2) && k < t.e && t.cls[k] == GAP;
}

// A quotation mark before which no word stands; before " a prefix of letters may.
bool opens(const Chars& t, int i) { return i == t.s || !is_word(t, i - 1) || (t.cp[i] == '"' && t.cp[i - 1] < 0x80); }

// Behind the string that begins at i and ends in the line, or 0.
int closed(const Chars& t, int i, const char* three) {
    if (three) {
        const int end = find(t, i + 3, three);
        return end >= 0 ? end + 3 : 0;
    }
    int k = i + 1;
    while (k < t.e && t.cp[k] != t.cp[i]) k += t.cp[k] == '\\' ? 2 : 1;
    return k < t.e && (k + 1 == t.e || !is_word(t, k + 1)) ? k + 1 : 0;
}

// Behind <name ...> or </name>, or 0.
int tag_end(const Chars& t, int i) {
    if (t.cp[i] != '<') return 0;
    int k = i + 1 + (i + 1 < t.e && t.cp[i + 1] == '/');
    const int begin = k;
    while (k < t.e && (is_ascii_word(t.cp[k]) || is_one_of(U"-!?", t.cp[k]))) ++k;
    if (k == begin || k == t.e || !(is_one_of(U"/>", t.cp[k]) || t.cls[k] == GAP)) return 0;
    const int end = find(t, k, ">");
    return end >= 0 ? end + 1 : 0;
}

bool is_pair(uint32_t a, uint32_t b) {
    switch (a) {
        case '-': return b == '>';
        case ':': case '<': case '>': case '&': case '|': return a == b;
        default: return false;
    }
}

}  // namespace

bool is_program_sign(uint32_t cp) { return cp == ':' || cp == '-' || is_syntax(cp); }

ProgramScanner::Result ProgramScanner::read(const Chars& t, bool continued) {
    static constexpr const char* ends[] = {"", "*/", "-->", "\"", "'", "`", "\"\"\"", "'''"};
    static constexpr int lengths[] = {0, 2, 3, 1, 1, 1, 3, 3};
    bool comment = false, hashed = false, string = false, tag = false;
    code_.clear();
    for (int i = t.s; i < t.e;) {
        const uint32_t cp = t.cp[i];
        if (closing_ != Closing::none) {
            const bool quoted = closing_ >= Closing::double_quote && closing_ <= Closing::backquote;  // a long one is like a comment
            string = string || quoted;
            comment = comment || !quoted;
            const int end = find(t, i, ends[int(closing_)]);
            if (end < 0) break;
            i = end + lengths[int(closing_)];
            closing_ = Closing::none;
            continue;
        }
        if (starts(t, i, "/*")) {
            closing_ = Closing::block;
            comment = true;
            i += 2;
            continue;
        }
        if (starts(t, i, "<!--")) {
            closing_ = Closing::markup;
            comment = true;
            i += 4;
            continue;
        }
        if (starts(t, i, "//") && (i == t.s || t.cls[i - 1] == GAP || is_one_of(U";{}),", t.cp[i - 1]))) {
            comment = true;
            break;
        }
        if (is_hash(t, i)) {
            hashed = true;
            break;
        }
        if ((cp == '"' || cp == '\'' || cp == '`') && opens(t, i)) {
            const char* three = cp == '"' ? "\"\"\"" : cp == '\'' ? "'''" : nullptr;
            if (three && !starts(t, i, three)) three = nullptr;
            if (const int end = closed(t, i, three)) {
                string = true;
                i = end;
                continue;
            }
            if (three || continued) {
                string = true;
                closing_ = cp == '`' ? Closing::backquote : cp == '"' ? (three ? Closing::three_double_quotes : Closing::double_quote)
                                                                       : (three ? Closing::three_quotes : Closing::quote);
                i += lengths[int(closing_)];
                continue;
            }
        }
        if (const int end = tag_end(t, i)) {
            tag = true;
            i = end;
            continue;
        }
        code_.push_back(i);
        ++i;
    }
    if (closing_ >= Closing::double_quote && closing_ <= Closing::backquote && !continued) closing_ = Closing::none;
    return result(t, comment, hashed, string, tag);
}

ProgramScanner::Result ProgramScanner::result(const Chars& t, bool comment, bool hashed, bool string, bool tag) const {
    if (tag) return {Kind::sign, true, false};
    int first = -1, last = -1, han = 0;
    bool cjk = false, letters = false, sentence = false, equals = false, braces = false, call = false, command = false, pair = false;
    for (size_t k = 0; k < code_.size(); ++k) {
        const int i = code_[k];
        const uint32_t cp = t.cp[i];
        if (k && code_[k - 1] == i - 1) {
            const uint32_t before = t.cp[i - 1];
            call = call || ((cp == '(' || cp == '[') && (is_ascii_word(before) || before == '_'));
            command = command || (before == '\\' && t.cls[i] == LETTER);
            pair = pair || is_pair(before, cp);
        }
        if (t.cls[i] == GAP) continue;
        if (first < 0) first = i;
        last = i;
        cjk = cjk || is_wide_evidence(cp, t.cls[i]);
        letters = letters || t.cls[i] == LETTER;
        sentence = sentence || (t.is(i, class_bit(STOP) | class_bit(PAUSE)) && cp >= 0x2E80);
        han += t.is(i, HAN_KANA);
        equals = equals || cp == '=';
        braces = braces || cp == '{' || cp == '}';
    }
    if (first < 0) return {comment || hashed ? Kind::comment : Kind::plain, comment, false};
    const uint32_t named = name(t);
    const bool key = named == ':';
    if (!cjk) {
        const bool sign = string || ((comment || hashed) && letters) || is_one_of(U";{}:,", t.cp[last]) ||
                          is_one_of(U"{}[])", t.cp[first]) || equals || call || pair;
        return {sign ? Kind::sign : key ? Kind::key : Kind::plain, sign, key};
    }
    if (named) return {key ? Kind::key : Kind::sign, true, key};
    if ((command || braces) && !sentence) return {Kind::sign, true, false};
    return {sentence || han >= PROSE_HAN ? Kind::prose : Kind::plain, false, false};
}

// = behind a name that opens the line, : and a gap or nothing behind a key, or 0.
uint32_t ProgramScanner::name(const Chars& t) const {
    const size_t n = code_.size();
    const auto cp = [&](size_t k) { return t.cp[code_[k]]; };
    const auto gap = [&](size_t k) { return t.cls[code_[k]] == GAP; };
    size_t k = 0;
    if (cp(0) == '-' && n > 1 && gap(1))
        for (k = 1; k < n && gap(k);) ++k;
    const size_t begin = k;
    bool letter = false;
    for (; k < n && (is_ascii_word(cp(k)) || is_one_of(U"_.$@-", cp(k))); ++k) letter = letter || t.cls[code_[k]] == LETTER;
    if (k == begin || !letter) return 0;
    if (k < n && cp(k) == ':' && (k + 1 == n || gap(k + 1))) return ':';
    while (k < n && gap(k)) ++k;
    if (k + 1 < n && (cp(k) == ':' || cp(k) == '+')) ++k;
    return k < n && cp(k) == '=' ? '=' : 0;
}

}  // namespace hanflow
