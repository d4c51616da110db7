// What the language says of a line end between two Han: does it part a word?
#pragma once

#include <cstdint>

namespace hanflow {

// What a line end between two characters parts.
enum class Cut : uint8_t {
    unknown,  // no Han on one side
    none,     // nothing that the table knows
    word      // a word, or a particle from its word
};

// x: the last character of a line, y: the first one of the next.
Cut cut_between(uint32_t x, uint32_t y);

// The same for many line ends, in two steps, so that the look-ups of the first wait for memory together.
struct PairKey {
    uint32_t key;  // 0: the answer is known
    Cut cut;       // ... so far
};
PairKey key_between(uint32_t x, uint32_t y);  // fetches into the cache what cut_of() will look at
Cut cut_of(PairKey key);

// Whether the two stand next to each other inside words.
bool in_word(uint32_t x, uint32_t y);
// Each two characters that follow each other stand inside words.
bool is_word(const uint32_t* text, uint32_t length);

}  // namespace hanflow
