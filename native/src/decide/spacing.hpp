// Gaps inside lines: what is letter-spacing or kerning goes, what separates stays as it is or becomes one space.
#pragma once

#include <cstdint>
#include <vector>

#include "decide/layout.hpp"
#include "lines/byline.hpp"
#include "lines/page.hpp"

namespace hanflow {

// Of a verdict: how sure it is, in per cent, and why.
struct Grounds {
    uint8_t confidence;
    Why why;
};

enum class Verdict : uint8_t { open, keep, close, one };

class SpacingStage {
public:
    // A verdict for each gap of page.chars, which holds text line `index`. Linear in the line.
    const std::vector<Verdict>& decide(const Page& page, const Layout& layout, size_t index);
    // Of the verdict on a gap of page.chars.
    static Grounds grounds_of(const Page& page, const Line& line, const Gap& gap, Verdict verdict);
    // Whether decide() would say the same of all gaps of a line with latin_gaps: close, or else open. Needs no page.chars.
    static bool is_plain(const Page& page, const Layout& layout, size_t index);
    // ... close for all gaps of a line that says so.
    static bool closes_all(const Page& page, const Layout& layout, size_t index);
    static bool closes_latin(const Page& page, const Layout& layout, size_t index);

private:
    void decide_all(const Page& page, const Layout& layout, size_t index, const Line& line);
    struct Token {
        int begin, end;
        int han;   // Han and kana in it
        int head;  // ... from its first character to the next of another class
        int tail;  // ... up to its last character
        bool word;    // a Latin word of two letters or more
        bool number;  // digits and what belongs to numbers
        int length() const { return end - begin; }
    };

    // A word of Han between gaps, colons and 、.
    struct FieldWord {
        static constexpr uint32_t KEPT = 4;
        int begin;
        uint32_t length;
        bool gap;  // ... before it
        bool pad;  // which is padding inside a name or label
        uint32_t text[KEPT];
    };

    static bool settles(const Page& page, const Layout& layout, size_t index, const Line& line);
    static bool heading(const Layout& layout, size_t index, const Line& line);
    void read_tokens(const Chars& t);
    void decide_auto(const Page& page, const Layout& layout, size_t index, const Line& line);
    void decide_latin(const Page& page, const Layout& layout, size_t index, const Line& line);
    void settle(const Page& page, const Layout& layout, size_t index, const Line& line);
    void keep_dates(const Chars& t);
    bool part_office(const Chars& t, const Line& line);
    void part_labels(const Chars& t);
    int names_in(size_t begin, size_t end);
    void part_names(const Chars& t, int first);
    void part_list(const Chars& t, int begin, int end);
    int longest_token(const Chars& t) const;
    static int letters_beside(const Chars& t, const Token& token, int step);
    void close_spread_words(const Chars& t);
    bool close_stretches(const Chars& t, int first, int most, bool near_spaced);
    bool close_stretch(const Chars& t, int k, int j, int most, bool near_spaced);
    bool is_latin_sign(const Chars& t, int k, int i) const;
    bool is_option(const Chars& t) const;
    void close_line_ends(const Chars& t, const Line& line);
    bool find_cuts(const Chars& t, const Line& line, uint8_t kinds);
    void close_numbers(const Chars& t, int first, bool body);
    Verdict beside_mark(const Chars& t, const Line& line, int k, bool damaged);
    bool is_sign(const Chars& t, int k) const;
    bool is_form(const Chars& t) const;
    int evidence(const Chars& t, int k) const;
    int soft_evidence(const Chars& t, int k) const;
    bool keeps_words(const Chars& t, int k) const;

    std::vector<Token> tokens_;
    std::vector<Verdict> verdicts_;
    std::vector<int> rooms_;
    // Of the gaps: whether they must or may be line ends; the room before each, and behind the last; the cut before a cut.
    enum EndBit : uint8_t { MUST = 1, AT_MARK = 2 };
    std::vector<uint8_t> ends_;
    std::vector<int> at_, before_, cuts_;
    std::vector<FieldWord> words_;
    std::vector<size_t> colons_;  // how many of words_ stand before each
    Bylines bylines_;
};

}  // namespace hanflow
