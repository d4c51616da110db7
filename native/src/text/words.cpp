// A pair of Han that stands inside words far more often than a word's end before a word's start tells that a line end
// between them is only the column's. Table and method: tools/make_word_pairs.py.
#include "text/words.hpp"

#include <vector>

#include "text/chars.hpp"

namespace hanflow {
namespace {

constexpr char16_t TABLE[] =
#include "text/tables/word_pairs.inc"
    ;
constexpr uint32_t FIRST = 0x4E00, LAST = 0x9FFF;

// Particles that lean on the word before them, and words that lean on the one behind them: neither headings nor paragraphs
// begin with the former or end in the latter. Simplified, as the table folds.
constexpr char32_t LEANS_BACK[] = U"的了着们";
constexpr char32_t LEANS_ON[] = U"的把被和与及从向对让将于在";

bool is_han(uint32_t cp) { return FIRST <= cp && cp <= LAST; }

// The pairs in a hash table with open addressing: one look-up touches one cache line as a rule.
class Pairs {
public:
    Pairs() : slots_(SLOTS), han_(LAST - FIRST + 1) {
        for (uint32_t cp = FIRST; cp <= LAST; ++cp) han_[cp - FIRST].simplified = uint16_t(cp);
        const char16_t* p = TABLE;
        for (; *p != u'\n'; ++p)
            for (const char16_t first = *p++; *p != u'\n'; ++p) add(first, *p);
        for (++p; *p; p += 3) han_[p[0] - FIRST].simplified = p[1];
        for (Han& han : han_) {
            han.leans_on = is_one_of(LEANS_ON, han.simplified);
            han.leans_back = is_one_of(LEANS_BACK, han.simplified);
        }
    }
    bool has(uint32_t x, uint32_t y) const { return has(uint32_t(han_[x - FIRST].simplified) << 16 | han_[y - FIRST].simplified); }
    PairKey key(uint32_t x, uint32_t y) const {
        const Han &a = han_[x - FIRST], &b = han_[y - FIRST];
        if (a.leans_on | b.leans_back) return {0, Cut::word};
        const uint32_t key = uint32_t(a.simplified) << 16 | b.simplified;
#ifdef __GNUC__
        __builtin_prefetch(&slots_[slot_of(key)]);
#endif
        return {key, Cut::none};
    }
    bool has(uint32_t key) const {
        uint32_t at = slot_of(key);
        while (slots_[at] && slots_[at] != key) at = (at + 1) % SLOTS;
        return slots_[at] != 0;
    }

private:
    // A Traditional character counts as its Simplified form.
    struct Han {
        uint16_t simplified;
        bool leans_on, leans_back;
    };
    static constexpr uint32_t SLOTS = 1 << 17;  // twice as many as pairs and more
    static uint32_t slot_of(uint32_t key) { return key * 0x9E3779B1u >> (32 - 17); }
    void add(uint32_t x, uint32_t y) {
        uint32_t at = slot_of(x << 16 | y);
        while (slots_[at]) at = (at + 1) % SLOTS;
        slots_[at] = x << 16 | y;
    }
    std::vector<uint32_t> slots_;  // first character << 16 | second; 0: free
    std::vector<Han> han_;
};

const Pairs& pairs() {
    static const Pairs all;
    return all;
}

}  // namespace

bool in_word(uint32_t x, uint32_t y) { return is_han(x) && is_han(y) && pairs().has(x, y); }

PairKey key_between(uint32_t x, uint32_t y) {
    if (!is_han(x)) x = plain(x);
    if (!is_han(y)) y = plain(y);
    if (!is_han(x) || !is_han(y)) return {0, Cut::unknown};
    return pairs().key(x, y);
}

Cut cut_of(PairKey key) { return key.key && pairs().has(key.key) ? Cut::word : key.cut; }

Cut cut_between(uint32_t x, uint32_t y) { return cut_of(key_between(x, y)); }

bool is_word(const uint32_t* text, uint32_t length) {
    for (uint32_t i = 0; i + 1 < length; ++i)
        if (!in_word(text[i], text[i + 1])) return false;
    return length > 1;
}

}  // namespace hanflow
