// The line table: what the stages know of each line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "hanflow/api.hpp"
#include "lines/byline.hpp"
#include "lines/counted.hpp"
#include "lines/program.hpp"
#include "text/chars.hpp"
#include "text/planes.hpp"
#include "text/units.hpp"
#include "text/words.hpp"

namespace hanflow {

enum class EndKind : uint8_t { mid, pause, open, close, colon, stop, credit };
enum class StartKind : uint8_t { plain, nostart, item, dateline, dash, open };
enum class UnitKind : uint8_t { none, chr, number, dash, name };

// A line short enough to stand in a vertical run: its kind and its first characters as they become under compat.
struct Unit {
    static constexpr int KEPT = 6;
    UnitKind kind = UnitKind::none;
    uint8_t length = 0;  // characters, marks that attach included
    uint32_t text[KEPT] = {};
    uint32_t last = 0;
};

constexpr int MANY_BLANKS = 1000000;
constexpr int MAX_MEASURE = 64 * CELL;  // no column is wider

struct Line {
    uint32_t begin, end, next;  // code units: first, behind the last without the line end, behind the line end
    uint32_t s, e;              // content; s == e: a blank line
    int32_t indent = 0;       // q of white space before the content
    int32_t width = 0;        // q, as the column saw it: letter-spacing taken out
    int32_t tight = 0;        // q, with marks squeezed as far as typesetters do
    int32_t dropped = 0;      // q of kerning between Han and Latin that the extractor did not print
    int32_t unit = 0;         // q of the first unit, which could not be cut
    int32_t letters = 0, cjks = 0;
    int32_t gaps = 0;     // inside
    int32_t marks = 0;    // CJK pauses and sentence ends inside
    int32_t blanks = 0;   // blank lines before this one, at most MANY_BLANKS
    int32_t rhythm = 0;   // cost of a join across these blank lines
    EndKind end_kind = EndKind::mid;
    StartKind start_kind = StartKind::plain;
    uint8_t first_class = OTHER, last_class = OTHER;  // of its first and last visible characters
    bool continues = false;    // a piece of a long line, not its first
    bool continued = false;    // ... not its last
    bool page = false;         // a form feed stands in the white space around the content
    bool page_before = false;  // ... or between the last text line and this one
    bool literal = false, cjk = false, blank = false;
    bool unit_line = false;       // may stand in a vertical run
    bool number_or_dash = false;  // six characters at most, digits, ASCII signs or dashes
    bool stops = false;           // holds a sentence end
    bool spaced = false;          // letter-spaced: it was stretched to fill the column
    bool vertical = false, table = false;
    bool cut_byline = false;      // one line of a byline that was cut; ...
    uint32_t name_gaps = 0;       // ... bit k: its gap k parts names
    bool opened = false;     // an opening mark is not closed in the line
    bool closed = false;     // a closing mark has no opening one in the line
    bool code = false;       // more signs of programs and mark-up than Chinese text has
    bool key = false;        // a short key and its colon: 传真：
    bool speaker = false;    // ... that says who speaks: 问：, 记者：, 林青岚：
    bool digit_gap = false;  // a gap between Han and a digit
    bool rowlike = false;    // looks like a row of a table: numbers apart from words, no sentence
    bool row = false;        // two to four one-character cells
    bool remainder = false;  // one visible Han character
    uint8_t few_han = 0;     // two or three Han alone that are neither a name nor a role: how many
    bool single_name = false;  // a name or role, nothing else
    bool byline = false;     // nothing but names and roles
    bool parted = false;     // a separator between Han, no sentence marks: a heading of two halves
    int16_t page_number = -1;     // that closes it behind a gap; -1: none does
    bool opens_contents = false;  // a section number or 第 … 章 opens it, if it has a page number
    bool signs = false;      // holds signs that a program may have (is_program_sign)
    bool prose = false;      // ... and if it holds none, whether it is a sentence of prose in the eyes of ProgramScanner
    bool starts_alnum = false, ends_alnum = false;
    Cut cut = Cut::unknown;         // what the line end before it parts
    bool work = false;     // holds gaps, or ...
    bool changes = false;  // ... characters that compat or width may change
    bool by_itself = false;    // ... each whatever stands beside it: no others than the next two
    bool radicals = false;     // Han of three bytes that compat changes
    bool full_width = false;   // full-width letters or digits
    bool closes_all = false;  // each gap is one ASCII space and letter-spacing, whatever the lines around say
    bool latin_gaps = false;  // some gaps, each of one or two ASCII spaces between Han and a letter or digit, or % before
                              // Han; may be set

#ifdef HANFLOW_COUNT
    mutable bool read = false;  // as characters
#endif

    bool is_piece() const { return continues || continued; }
    // Titles, bylines and the like are not looked for in it.
    bool is_settled() const { return literal || vertical || is_piece(); }
};

// What the code units of a text came from.
struct Source {
    bool escapes = false; // a lone low surrogate is a byte that is not UTF-8
};

// A segment of the text of one pass: text lines that are decided by themselves, so that memory and the work of a
// decision are bounded. Memory is kept from segment to segment.
struct Page {
    // Text lines of a segment: it ends before four blank lines, behind SEGMENT lines where a paragraph seems to end, and
    // behind three times as many; behind PARAGRAPHS lines between two that are whole paragraphs.
    static constexpr size_t SEGMENT = 256, PARAGRAPHS = 32;
    // Behind so many lines one line end of sixteen will do. Which ones, the two characters there say, not their number: so what is
    // joined in one segment moves the ends of those behind it seldom, and never for long.
    static constexpr size_t ANYWHERE = 512;
    // So many lines of one character, or of what may stand among them, that follow each other are a list of characters or words, no
    // title: literal. Such a list begins and ends a segment.
    static constexpr size_t LONG_LIST = 256;
    // Code units of a line at most. No column has such lines: a longer one is cut into pieces, each decided like a line, so that
    // the work and memory of a decision are bounded; nothing is joined or left out between them.
    static constexpr size_t LONG = 2048;

    const CodeUnit* data = nullptr;
    size_t size = 0;
    Options options;
    Source source;
    bool explained = false;    // how sure a repair is will be asked
    bool traced = false;       // ... and why it is made
    bool whole = false;        // the segment is all of the text
    bool closed = false;       // the line behind it says that it ends: more text would not change that
    std::vector<Line> texts;   // its lines that are not blank
    std::vector<Unit> units;   // one for each of texts
    Chars chars;
    Bylines bylines;

    // A new text, or what follows of one: the fence that is open, whether no text line came before. Throws std::bad_alloc,
    // also for more code units than 32 bits can count.
    void start(const CodeUnit* text, size_t length, const Options& opts, Source kind, uint8_t fence, bool first);
    // Reads and measures the next segment; false at the end of the text. Linear in its size.
    bool next_segment();
    // Where the next segment starts, and what is open there: the mark of fenced code (0: none), LISTED with it inside a long list.
    // With the text behind, all that it depends on.
    static constexpr uint8_t LISTED = 0x80;
    size_t position() const { return at_; }
    uint8_t fence() const { return fence_; }
    bool first() const { return first_; }
    // Goes on at the start of a later segment, whose fence is known.
    void skip(size_t to, uint8_t fence);
    // Reads a line into chars, gaps included. why: what the planes do not tell; only counted.
    void open(const Line& line, const char* why) {
        HANFLOW_COUNT_READ(line, why);
        read(line);
    }

    const uint8_t* classes() const { return classes_.get(); }
    uint8_t class_at(size_t i) const { return classes_[i] & CLASS; }
    const PlaneWord* words() const { return words_.get(); }

    Line& text(size_t i) { return texts[i]; }
    const Line& text(size_t i) const { return texts[i]; }

private:
    void read(const Line& line);
    bool next_line();
    bool is_speaker(const Line& line);
    void find_end(size_t& end, size_t& next);
    size_t piece_end() const;
    bool drop_blank();
    void end_long_line();
    void mark_literal(const Line* following, bool listed);
    void mark_programs();
    bool is_program(size_t begin, size_t end);
    void measure(Line& line, Unit& unit);
    bool may_change(const Chars& t, int i, int last) const;

    size_t at_ = 0;        // unit that is read next
    uint8_t fence_ = 0;    // inside fenced code: its mark; LISTED
    bool inside_ = false;  // at_ stands inside a long line
    bool first_ = true;    // no text line came before this segment
    size_t room_ = 0;      // of the arrays, in words
    size_t scanned_ = 0;   // how far they are set, from where the segment starts at least
    void scan();
    std::unique_ptr<uint8_t[]> classes_;
    std::unique_ptr<PlaneWord[]> words_;
    ProgramScanner scanner_;
};

// Behind the list marker that opens the line, or its first character when there is none. Indexes of chars.
int list_marker(const Chars& chars);

}  // namespace hanflow
