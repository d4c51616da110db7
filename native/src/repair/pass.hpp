// One pass over a text, segment by segment: what is decided for a segment becomes edits in source order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "decide/layout.hpp"
#include "decide/spacing.hpp"
#include "lines/page.hpp"
#include "repair/edits.hpp"
#include "simd/lattice.hpp"

namespace hanflow {

// What one pass repaired is evidence for the next; the last pass of these is made even if it still changed something.
constexpr int PASSES = 16;

// A segment of a pass: where it starts in the text that the pass made, and what came out.
struct Segment {
    size_t begin;
    uint8_t fence;  // open at its start
    bool first;     // no text line came before it
    bool edited;
    bool starts_edited;  // its first text line or the line end behind that was
};

// Where a pass goes on in the middle of a text, and how far it came.
struct Part {
    uint8_t fence = 0;  // open at the start; then at `consumed`
    bool first = true;  // no text line came before; then whether none has come yet
    bool last = true;   // the text ends with the data. If not, the data must end behind a line end, and a segment whose end
                        // has not been seen is left for the next part
    size_t consumed = 0;  // units of the data that are done
};

class Pass {
public:
    // Writes the repaired text of what it consumed to out and returns the number of edits; with none, out is left empty.
    // trace: collects them. segments: in, those of the pass that made data (none for the source); out, those of this pass.
    // One that was not edited, nor the line behind it, and starts where it did then, at the same fence, will not be edited now:
    // it is skipped.
    size_t run(const CodeUnit* data, size_t size, const Options& options, Source source, Buffer& out, EditList* trace,
               std::vector<Segment>& segments, Part& part);

private:
    // A segment between its reading and its repair.
    struct Work {
        size_t begin;
        uint8_t fence;
        bool first, skipped;
        std::vector<Line> texts;
        std::vector<Unit> units;
        Layout layout;
        void swap(Page& page) {
            texts.swap(page.texts);
            units.swap(page.units);
        }
    };
    bool read_segments(size_t& old, Part& part);
    void edit_segment(EditList& out);
    void edit_line(size_t index, EditList& out);
    void edit_spaces(const Line& line, EditList& out);
    void edit_grid(const Grid& grid, EditList& out);
    void edit_chars(int begin, int end, EditList& out, bool insert);
    void edit_white(int begin, int end, EditList& out);
    void edit_joint(size_t index, EditList& out);
    bool is_latin_boundary(int i, int j) const;

    Page page_;
    std::vector<std::unique_ptr<Work>> works_;
    size_t work_ = 0;  // of them in use
    Layout* layout_ = nullptr;  // of the segment at hand
    std::vector<lattice::Run> runs_;
    lattice::Scratch scratch_;
    SpacingStage spacing_;
    EditList edits_;
    std::vector<Segment> old_segments_;
    std::vector<CodeUnit> text_;
};

}  // namespace hanflow
