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
// Fetches into the cache what cut_between() will look at.
void expect_cut(uint32_t x, uint32_t y);

// Whether the two stand next to each other inside words.
bool in_word(uint32_t x, uint32_t y);
// Each two characters that follow each other stand inside words.
bool is_word(const uint32_t* text, uint32_t length);

}  // namespace hanflow
