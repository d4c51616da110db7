// The evidence about a line end and its weights, in hundredths of a nat, so that they add up like negative log
// probabilities. benchmarks/quality/fit.py adjusts them on the fitting pages; each must have its reason.
// tests/reference/weights.py says the same.
#pragma once

#include <cstdint>

// fit.py builds the core with HANFLOW_FIT: then the weights are variables that it finds by name.
#ifdef HANFLOW_FIT
#define WEIGHT extern "C" inline __attribute__((visibility("default"), used)) int
#define WEIGHED inline  // a function of weights,
#define FIXED const     // ... and what is made of them once
#else
#define WEIGHT static constexpr int
#define WEIGHED constexpr
#define FIXED static const
#endif

namespace hanflow {
namespace weights {

// How a line ends:         mid pause open close colon stop credit
// Sentence ends are rare in mid-column,
WEIGHT GOES_ON[] =       {   5,   20,    0,   35,   10,  215,  700};
// ... and the last line of a paragraph nearly always ends a sentence.
WEIGHT LAST[] =          { 430,  420,  900,  160,  350,    0,    5};
// A line alone may be a heading (no sentence end, no pause inside) or a paragraph of one line.
WEIGHT ALONE[] =         { 200,  600,  900,   90,  470,   60,   10};
// Outside any measure: headings, verse and lists end as they like.
WEIGHT FREE_END[] =      { 150,  335,  900,   40,  420,   30,   10};

// The measure of a line, although ...
WEIGHT SUPPORT_NEAR[] = {200, 150, 0};     // no line near votes for it, one, more
WEIGHT SUPPORT_SHARE[] = {400, 200, 100};  // less than an eighth, a quarter, half as many vote as end in mid-sentence
WEIGHT DOUBT[] = {0, 100, 200};  // the line ends near part no words, as in a list: no doubt, some, much
WEIGHT UNENDED = 200;          // no line near ends a sentence
WEIGHT WIDE_LINES = 200;       // more than twice as many lines near are wider: whole paragraphs have no measure
WEIGHT VERSE_COLUMN = 300;     // no sentence end is near, and few marks in the lines that vote

// The width of a line, against the measure.
// A line that goes on although some q more than needed were left: none, up to 2, 4, 8, 16 q, more.
WEIGHT LOOSE[] = {0,110, 160, 380, 345, 715};
WEIGHT OVER =  85;             // each q wider than the measure
WEIGHT FULL_BY_CHANCE = 130;   // a last line that happens to fill the column
WEIGHT LOST_INDENT = 20;       // a first line is shorter by the indent that the extractor dropped
WEIGHT NO_INDENT = 250;        // newspaper columns indent: a full first line is rare
WEIGHT FIRST_FULL = 100;       // ... but not where it must begin a paragraph and is no heading
WEIGHT CUT = 155;              // some extractors end a line after a mark
WEIGHT RAW_CUT = 45;           // ... where many lines are
WEIGHT HEADING_CUT = 150;      // ... and before opening ones; but a heading may stand there
WEIGHT RAW_STOP =  80;          // a sentence ends in mid-paragraph, there
WEIGHT SWITCH_INSIDE = 220;    // the measure changes inside a paragraph
WEIGHT SWITCH_BETWEEN = 105;   // ... between two
WEIGHT FREE = 100;             // a line that no measure explains
WEIGHT LEAVE = 50;             // ... behind one that a measure does: headings, lists come in stretches

// The line goes on in the next one, although ...
WEIGHT FREE_JOIN = 370;        // no measure supports it
WEIGHT ITEM = 685;             // it starts like a list item,
WEIGHT DATELINE = 400;         // ... a news item,
WEIGHT DASH = 100;             // ... with a dash,
WEIGHT INDENTED = 425;         // ... further in
WEIGHT ROW = 665;              // one is a table row or byline
WEIGHT ROWLIKE = 250;          // one is a row among rows
WEIGHT FOREIGN = 900;          // program text, or two lines of Latin text
WEIGHT KEYS = 500;             // both begin with a key and a colon
WEIGHT SPEAKER = 500;          // the next line says who speaks
WEIGHT PARTED = 300;           // a separator inside: a heading of two halves
WEIGHT SPACED_HEADING = 425;   // letter-spaced alone, without marks
WEIGHT VERSE = 600;            // a sentence ends there, and one is a couplet among couplets
WEIGHT ALIKE = 200;            // both begin alike: with a number, 【, the same character
WEIGHT LIST = 700;             // a list begins: the next two begin alike, behind a sentence end or a colon
WEIGHT TRAILING = 170;         // white space at its end, which few lines around have
WEIGHT NOT_PROSE = 70;         // no mark in both
WEIGHT UNCUT = 40;             // no word is parted: half of all line ends part one
WEIGHT LEADING_MORE = 250;     // two blank lines or more, where one is leading
WEIGHT BLANK = 255;            // a blank line, where it parts paragraphs
WEIGHT BLANK_MORE = 100;       // ... and each more, up to three

// The line ends there, although ...
WEIGHT CANNOT_START = 900;     // a mark that cannot start a line does
WEIGHT QUOTED = 355;           // a quotation opens in this line and closes in the next
WEIGHT CUT_WORD = 150;         // Latin or digits stand on both sides
WEIGHT CUT_HAN = 350;          // a word is parted
WEIGHT TITLE_CUT = 355;        // ... in a title: its lines are not parted at random
WEIGHT SUBTITLE = 450;         // a title line stands behind the one that a dash opens
WEIGHT CAPTION = 450;          // a caption that 图为 opens has no sentence end yet
WEIGHT SEEN = 300;             // the characters on both sides stand side by side in a line of the text
WEIGHT INDENTS = 150;          // behind a sentence end, without an indent, where paragraphs have one
WEIGHT NO_BLANK = 175;         // blank lines part paragraphs here, and there is none
WEIGHT REMAINDER = 755;        // the next one is the rest of a title that was cut

constexpr int MOST = 2000;       // of the width of one line

}  // namespace weights
}  // namespace hanflow
#undef WEIGHT
