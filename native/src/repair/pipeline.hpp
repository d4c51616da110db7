// The passes over a text one behind the other, each working on what the one before has finished. A segment is finished when its
// end has been seen, so what is decided is what the whole text gives, wherever its portions are cut; and memory does not grow
// with the text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "repair/edits.hpp"
#include "repair/pass.hpp"

namespace hanflow {

class Pipeline {
public:
    // A new text. A pass works on so many code units at once, and on twice what it had to leave the last time: work stays linear.
    // keep_same: as long as nothing is edited, nothing is written either. traced: edits() are collected.
    void start(const Options& options, Source source, size_t portion, bool keep_same, bool traced);
    // Takes more of the text, data[0, size), which ends behind a line end or at the end of the text (last). Appends to `out` what
    // is finished, and returns how many units are taken: the rest must be given again, with more behind it.
    size_t run(const CodeUnit* data, size_t size, bool last, Buffer& out);
    // How many units the next run() should have, so that it can finish some.
    size_t portion() const { return std::max(portion_, 2 * left_); }
    // How many units the last run() left: with no line more it will leave them again.
    size_t left() const { return left_; }
    // Whether something was edited. With keep_same the result then begins with the first same() units of the text, followed by
    // what run() has written.
    bool changed() const { return changed_; }
    size_t same() const { return same_; }
    // The edits of the text that became final with the last run(), in its positions; no later one begins before settled().
    EditList& edits() { return edits_; }
    size_t settled() const;

private:
    // What the pass behind another one has yet to do.
    struct Stage {
        std::vector<CodeUnit> pending;
        std::vector<Segment> segments;  // of the pass before, in pending
        Part part;
        size_t left = 0;  // units of pending that the last run left
        // If traced: the edits that make the text before this pass of the source, and those of this pass, as far as they are not
        // composed. Positions are those of the whole texts, as is that of pending.
        EditList before, made;
        ptrdiff_t shift = 0;  // position in the text before this pass less that in the source, in front of the edits
        size_t position = 0;

        void clear();
        void take(const CodeUnit* units, size_t count, const std::vector<Segment>& made, size_t from);
        void drop(size_t count);
    };
    size_t pass(int k, const CodeUnit* data, size_t size, bool last, Buffer& out);
    void finish(int k, const CodeUnit* units, size_t count, bool edited, bool last, Buffer& out);
    void put(const CodeUnit* units, size_t count, Buffer& out);
    void trace(int k, size_t done);
    void settle();

    Options options_;
    Source source_;
    bool keep_same_ = false, changed_ = false, traced_ = false;
    size_t portion_ = 0, same_ = 0, left_ = 0;
    size_t put_ = 0;  // units of the result that are finished
    int active_ = 1;  // passes that have something to do: one more than those that edited something
    Pass pass_;
    Stage stages_[PASSES + 1];  // behind the active ones stands what the result is held in, if traced
    std::vector<Segment> segments_;
    Buffer text_;
    EditList edits_, pass_edits_;
    // The last segment that the last of these passes finished: if the next one is edited, the pass behind must see both.
    std::vector<CodeUnit> held_;
    Segment held_segment_{};
};

// Behind the last line end of text[from, size) that is surely whole, or 0. A carriage return at the end may be followed by its
// line feed.
template <typename Element>
size_t last_line_end(const Element* text, size_t from, size_t size) {
    for (size_t i = size; i > from; --i)
        if (text[i - 1] == '\n' || (text[i - 1] == '\r' && i < size)) return i;
    return 0;
}

}  // namespace hanflow
