// Program text and mark-up that holds CJK (contract, "Literal blocks").
#pragma once

#include <cstdint>
#include <vector>

#include "text/chars.hpp"

namespace hanflow {

constexpr int PROSE_HAN = 12;  // of a line that is no label any more

// A line without any carries no sign of a program, unless it ends in a comma, or a comment goes on in it.
bool is_program_sign(uint32_t cp);

// Lines of one block, one after the other: comments and long strings go on from line to line.
class ProgramScanner {
public:
    enum class Kind : uint8_t {
        plain,
        sign,
        comment,
        key,   // of a mapping: a sign where the indent of keys changes
        prose  // a sentence
    };
    struct Result {
        Kind kind;
        bool strong;  // tells by itself that the block is a program
        bool key;     // a key of a mapping opens it
    };

    void start() { closing_ = Closing::none; }
    // What the line is without its strings and comments. continued: it is a piece of a long line, not the last one.
    Result read(const Chars& t, bool continued);

private:
    enum class Closing : uint8_t { none, block, markup, double_quote, quote, backquote, three_double_quotes, three_quotes };

    Result result(const Chars& t, bool comment, bool hashed, bool string, bool tag) const;
    uint32_t name(const Chars& t) const;

    Closing closing_ = Closing::none;  // of the comment or string that is open
    std::vector<int> code_;            // indexes of what is left of the line
};

}  // namespace hanflow
