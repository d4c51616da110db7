// Why a repair is made, in words: what explain() shows. Bit k of Why::reasons stands for line k of one of the two tables.
#pragma once

#include "hanflow/api.hpp"

// {n} is Why::count.
#define HANFLOW_REASONS_INSIDE(X) \
    X(RADICAL, "a radical in the place of an ideograph") \
    X(COMPATIBILITY, "a compatibility ideograph") \
    X(VERTICAL_FORM, "a form for vertical text") \
    X(INVISIBLE, "an invisible character or stray control") \
    X(FULL_WIDTH, "a full-width letter or digit") \
    X(FULL_WIDTH_MARK, "a full-width mark at a letter or digit") \
    X(HALF_WIDTH, "half-width kana or marks beside CJK") \
    X(ASKED, "an option asks for it") \
    X(SPREAD, "the line is letter-spaced") \
    X(MARK_GAP, "it stands at a CJK mark") \
    X(LATIN_GAP, "between Han and Latin or a digit, where layout damaged the lines") \
    X(OTHER_GAP, "neither side is a word of its own") \
    X(SEPARATOR, "it parts names or words") \
    X(EDGE, "indent or trailing space of a repaired line") \
    X(OF_RUN, "in a run of one-character lines")

// The first LAST_FOR + 1 speak for a joint, the others against it.
#define HANFLOW_REASONS_JOINT(X) \
    X(RUN, "one of {n} lines of one character") \
    X(NAMES, "names stand on both sides") \
    X(HALVES, "the title is parted there") \
    X(CUT_BYLINE, "a byline cut at its padding") \
    X(GRID, "columns of one-character cells") \
    X(LEADING, "blank lines are leading here") \
    X(HALF_LINES, "both are halves of a heading") \
    X(CREDIT, "a credit closes the caption") \
    X(PARENTHESES, "names in parentheses go on") \
    X(FULL, "the line fills its column of {n} cells") \
    X(STRETCHED, "the line is stretched to its column of {n} cells") \
    X(PIECE, "lines are cut after marks here") \
    X(NO_MARK, "no mark ends it") \
    X(PAUSE, "it ends in a pause") \
    X(CANNOT_START, "the next line begins with a mark that cannot begin one") \
    X(QUOTED, "a quotation is open") \
    X(REMAINDER, "the next line is the rest of a title") \
    X(LATIN_WORD, "letters or digits stand on both sides") \
    X(HAN_WORD, "a word stands across the line end") \
    X(TITLE, "the title goes on") \
    X(CAPTION, "the caption goes on") \
    X(NO_BLANK, "blank lines part paragraphs here, and there is none") \
    X(NO_INDENT, "the next line is not indented") \
    X(SHORT, "the line is shorter than its column of {n} cells") \
    X(SENTENCE, "a sentence ends there") \
    X(BLANKS, "a blank line stands between") \
    X(INDENTED, "the next line is indented") \
    X(ITEM, "the next line begins like an item") \
    X(ROW, "one is like a row or byline")

namespace hanflow {
namespace reasons {

namespace inside {
enum Number {
#define X(name, text) name,
    HANFLOW_REASONS_INSIDE(X)
#undef X
        COUNT
};
}  // namespace inside

namespace joint {
enum Number {
#define X(name, text) name,
    HANFLOW_REASONS_JOINT(X)
#undef X
        COUNT,
    LAST_FOR = NO_INDENT
};
static_assert(COUNT <= 32, "a bit each");
}  // namespace joint

// The words of reason k of this rule; null behind the last.
inline const char* text(Rule rule, size_t k) {
#define X(name, text) text,
    static constexpr const char* inside_texts[] = {HANFLOW_REASONS_INSIDE(X) nullptr};
    static constexpr const char* joint_texts[] = {HANFLOW_REASONS_JOINT(X) nullptr};
#undef X
    return (rule < Rule::vertical ? inside_texts : joint_texts)[k];
}
// Whether it speaks for the repair.
inline bool is_for(Rule rule, size_t k) { return rule < Rule::vertical || k <= joint::LAST_FOR; }

constexpr Why why(unsigned number, size_t count = 0) {
    return Why{uint32_t(1) << number, uint16_t(count < 0xFFFF ? count : 0xFFFF)};
}

}  // namespace reasons
}  // namespace hanflow
