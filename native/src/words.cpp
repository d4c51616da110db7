// A pair of Han that stands inside words far more often than a word's end before a word's start tells that a line end
// between them is only the column's. Table and method: tools/make_word_pairs.py.
#include "words.hpp"

#include <vector>

#include "chars.hpp"

namespace hanflow {
namespace {

constexpr char16_t TABLE[] =
#include "tables/word_pairs.inc"
    ;
constexpr uint32_t FIRST = 0x4E00, LAST = 0x9FFF;

// Particles that lean on the word before them, and words that lean on the one behind them: neither headings nor paragraphs
// begin with the former or end in the latter. Simplified, as the table folds.
constexpr char32_t LEANS_BACK[] = U"的了着们";
constexpr char32_t LEANS_ON[] = U"的把被和与及从向对让将于在";

bool is_han(uint32_t cp) { return FIRST <= cp && cp <= LAST; }

class Pairs {
public:
    Pairs() : rows_(LAST - FIRST + 1, Row{0, 0, false}), simplified_(LAST - FIRST + 1) {
        for (uint32_t cp = FIRST; cp <= LAST; ++cp) simplified_[cp - FIRST] = char16_t(cp);
        const char16_t* p = TABLE;
        for (; *p != u'\n'; ++p) {
            const char16_t first = *p++;
            const char16_t* const row = p;
            while (*p != u'\n') ++p;
            rows_[first - FIRST] = Row{uint32_t(row - TABLE), uint16_t(p - row), false};
        }
        for (++p; *p; p += 3) simplified_[p[0] - FIRST] = p[1];
        for (const char32_t* cp = LEANS_ON; *cp; ++cp) rows_[*cp - FIRST].leans_on = true;
        // A Traditional character has the row of its Simplified form.
        for (size_t i = 0; i < simplified_.size(); ++i)
            if (simplified_[i] != FIRST + i) rows_[i] = rows_[simplified_[i] - FIRST];
    }
    bool has(uint32_t x, uint32_t y) const { return in_row(rows_[x - FIRST], simplified_[y - FIRST]); }
    bool cuts(uint32_t x, uint32_t y) const {
        const Row row = rows_[x - FIRST];
        const char16_t behind = simplified_[y - FIRST];
        return row.leans_on || in_row(row, behind) || is_one_of(LEANS_BACK, behind);
    }

private:
    struct Row {
        uint32_t begin;  // in TABLE
        uint16_t size;
        bool leans_on;
    };
    static bool in_row(const Row& row, char16_t y) {
        // Without branches: none of these is foreseeable.
        const char16_t* from = TABLE + row.begin;
        for (uint32_t size = row.size; size > 1;) {
            const uint32_t half = size / 2;
            from += from[half] <= y ? half : 0;
            size -= half;
        }
        return row.size && *from == y;
    }
    std::vector<Row> rows_;
    std::vector<char16_t> simplified_;
};

const Pairs& pairs() {
    static const Pairs all;
    return all;
}

}  // namespace

bool in_word(uint32_t x, uint32_t y) { return is_han(x) && is_han(y) && pairs().has(x, y); }

Cut cut_between(uint32_t x, uint32_t y) {
    if (!is_han(x)) x = plain(x);
    if (!is_han(y)) y = plain(y);
    if (!is_han(x) || !is_han(y)) return Cut::unknown;
    return pairs().cuts(x, y) ? Cut::word : Cut::none;
}

bool is_word(const uint32_t* text, uint32_t length) {
    for (uint32_t i = 0; i + 1 < length; ++i)
        if (!in_word(text[i], text[i + 1])) return false;
    return length > 1;
}

}  // namespace hanflow
