// The engine: passes over the text until nothing changes, their edits composed over the source.
#include "hanflow/api.hpp"

#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "compat.hpp"
#include "confidence.hpp"
#include "edits.hpp"
#include "layout.hpp"
#include "page.hpp"
#include "spacing.hpp"
#include "utf8.hpp"
#include "width.hpp"

namespace hanflow {
namespace {

// What one pass repaired is evidence for the next; the last pass of these is made even if it still changed something.
constexpr int PASSES = 16;
// Memory that an engine keeps for its next call.
constexpr size_t KEPT_BYTES = size_t(8) << 20;

// A segment of a pass: where it starts in the text that the pass made, and what came out.
struct Segment {
    size_t begin;
    uint8_t fence;  // open at its start
    bool edited;
};

// One pass over a text, segment by segment.
class Pass {
public:
    // Writes the repaired text to out and returns the number of edits; with none, out is left empty. trace: collects them.
    // segments: in, those of the pass that made data (none for the source); out, those of this pass. One that was not
    // edited and starts where it did then, at the same fence, will not be edited now: it is skipped.
    size_t run(const uint8_t* data, size_t size, const Options& options, bool preserve, Buffer& out, EditList* trace,
               std::vector<Segment>& segments);

private:
    void edit_segment(EditList& out);
    void edit_line(size_t index, EditList& out);
    void edit_spaces(const Line& line, EditList& out);
    void edit_grid(const Grid& grid, EditList& out);
    void edit_chars(int begin, int end, EditList& out, bool insert);
    void edit_white(int begin, int end, EditList& out);
    void edit_joint(size_t index, EditList& out);
    bool is_latin_boundary(int i, int j) const;

    Page page_;
    Layout layout_;
    SpacingStage spacing_;
    EditList edits_;
    std::vector<Segment> old_segments_;
    std::string text_;
};

size_t Pass::run(const uint8_t* data, size_t size, const Options& options, bool preserve, Buffer& out, EditList* trace,
                 std::vector<Segment>& segments) {
    out.clear();
    if (trace) trace->clear();
    old_segments_.swap(segments);
    segments.clear();
    size_t count = 0, at = 0, old = 0;
    page_.start(data, size, options, preserve);
    page_.explained = trace || options.min_confidence;
    for (;;) {
        const size_t begin = page_.position();
        const uint8_t fence = page_.fence();
        segments.push_back(Segment{out.size() + (begin - at), fence, false});
        while (old < old_segments_.size() && old_segments_[old].begin < begin) ++old;
        // The last segment depends on where the text ends: it is never skipped.
        if (old + 1 < old_segments_.size() && old_segments_[old].begin == begin && old_segments_[old].fence == fence &&
            !old_segments_[old].edited && !old_segments_[old + 1].edited) {
            page_.skip(old_segments_[old + 1].begin, old_segments_[old + 1].fence);
            continue;
        }
        if (!page_.next_segment()) break;
        layout_.decide(page_);
        edits_.clear();
        edit_segment(edits_);
        if (edits_.edits.empty()) continue;
        segments.back().edited = true;
        if (!count) out.reserve(size);
        count += edits_.edits.size();
        at = emit(data, size, at, edits_, out);
        if (!trace) continue;
        for (const Edit& edit : edits_.edits)
            trace->add(edit.begin, edit.end, edits_.texts.data() + edit.text, edit.text_size, edit.rule, edit.confidence);
    }
    if (count) out.append(data + at, size - at);
    return count;
}

void Pass::edit_segment(EditList& out) {
    for (size_t i = 0; i < page_.texts.size();) {
        if (const uint32_t g = layout_.grid_of[i]) {
            const Grid& grid = layout_.vertical.grids[g - 1];
            edit_grid(grid, out);
            i = grid.last;
        } else if (!page_.text(i).literal) {
            edit_line(i, out);
        }
        edit_joint(i, out);
        ++i;
    }
}

// Edits of the characters [begin, end): compat, width, and with `insert` the space between Han and Latin.
void Pass::edit_chars(int begin, int end, EditList& out, bool insert) {
    const Chars& t = page_.chars;
    const Options& options = page_.options;
    for (int i = begin, last = -1; i < end;) {
        if (insert && !t.is(i, ATTACHED)) {
            if (last >= 0 && is_latin_boundary(last, i)) out.add(t.at(i), t.at(i), " ", 1, Rule::spacing, confidence::CERTAIN);
            last = i;
        }
        CharEdit edit = options.compat ? compat_edit(t, i) : CharEdit{};
        Rule rule = Rule::compat;
        if (!edit.count && (t.cp[i] >= 0xFF01 || t.cp[i] == 0x3000)) {  // all that width knows of
            edit = width_edit(t, i, options.width);
            rule = Rule::width;
        }
        if (!edit.count) {
            ++i;
            continue;
        }
        text_.clear();
        if (edit.target) append_utf8(text_, edit.target);
        out.add(t.at(i), t.at(i + edit.count), text_.data(), text_.size(), rule, confidence::CERTAIN);
        i += edit.count;
    }
}

bool Pass::is_latin_boundary(int i, int j) const {
    const Chars& t = page_.chars;
    if (t.is(i, HAN_KANA)) return t.is(j, ALNUM);
    return t.is(j, HAN_KANA) && (t.is(i, ALNUM) || t.cp[i] == '%' || t.cp[i] == 0xFF05);
}

// White space at an end of a repaired line goes; form feeds stay.
void Pass::edit_white(int begin, int end, EditList& out) {
    const Chars& t = page_.chars;
    if (begin == end) return;
    text_.clear();
    for (int i = begin; i < end; ++i)
        if (t.cls[i] == PAGE) text_.push_back('\f');
    if (int(text_.size()) != end - begin)
        out.add(t.at(begin), t.at(end), text_.data(), text_.size(), Rule::spacing, confidence::CERTAIN);
}

// All spaces inside the line go.
void Pass::edit_spaces(const Line& line, EditList& out) {
    const uint8_t sure = page_.options.latin_gap == LatinGap::remove ? confidence::CERTAIN : confidence::LATIN;
    if (sure < page_.options.min_confidence) return;
    const uint8_t* const p = page_.data;
    for (size_t i = line.s; i < line.e; ++i) {
        if (p[i] != ' ') continue;
        const size_t begin = i;
        while (p[i] == ' ') ++i;
        out.add(begin, i, "", 0, Rule::spacing, sure);
    }
}

void Pass::edit_line(size_t index, EditList& out) {
    const Line& line = page_.text(index);
    const Options& options = page_.options;
    const bool joined = layout_.joined[index], insert = options.latin_gap == LatinGap::insert;
    const bool changes = line.changes || insert || options.width == Width::all;
    const bool edges = line.begin != line.s || line.e != line.end;
    if (!line.work && !insert && !(edges && (joined || options.width == Width::all))) return;
    if (!edges && !changes && SpacingStage::is_plain(page_, layout_, index)) {
        if (SpacingStage::closes_latin(page_, layout_, index)) edit_spaces(line, out);
        return;
    }
    page_.open(line);
    const Chars& t = page_.chars;
    static const std::vector<Verdict> none;
    const bool spaces = options.spacing != Spacing::none || options.latin_gap != LatinGap::automatic;
    const std::vector<Verdict>& verdicts = spaces ? spacing_.decide(page_, layout_, index) : none;
    bool repaired = joined;
    const auto is_edit = [&](size_t k) {
        if (verdicts[k] == Verdict::close) return true;
        const Gap& g = t.gaps[k];
        return verdicts[k] == Verdict::one && !(g.end - g.begin == 1 && t.cp[g.begin] == ' ');
    };
    if (!repaired && options.spacing != Spacing::none)
        for (size_t k = 0; k < verdicts.size() && !repaired; ++k) repaired = is_edit(k);
    // A joint takes the white space on its own side.
    const bool joint_before = index && layout_.joints[index - 1] != Joint::line_end;
    const bool joint_behind = layout_.joints[index] != Joint::line_end;
    if (!joint_before) {
        if (repaired)
            edit_white(0, t.s, out);
        else if (changes)
            edit_chars(0, t.s, out, false);
    }
    int at = t.s;
    for (size_t k = 0; k < verdicts.size(); ++k) {
        if (!is_edit(k)) continue;
        const Gap& g = t.gaps[k];
        if (changes) edit_chars(at, g.begin, out, insert);
        out.add(t.at(g.begin), t.at(g.end), " ", verdicts[k] == Verdict::one ? 1 : 0, Rule::spacing,
                SpacingStage::confidence_of(page_, line, g, verdicts[k]));
        at = g.end;
    }
    if (changes) edit_chars(at, t.e, out, insert);
    if (!joint_behind) {
        if (repaired)
            edit_white(t.e, t.n, out);
        else if (changes)
            edit_chars(t.e, t.n, out, false);
    }
}

// The rows of a grid become one line; white space at the ends of the first and last row stays.
void Pass::edit_grid(const Grid& grid, EditList& out) {
    const Line &first = page_.text(grid.first), &last = page_.text(grid.last);
    page_.open(first);
    edit_chars(0, page_.chars.s, out, false);
    out.add(first.s, last.e, grid.text.data(), grid.text.size(), Rule::vertical, confidence::GRID);
    page_.open(last);
    edit_chars(page_.chars.e, page_.chars.n, out, false);
}

// What becomes of the line end behind a text line, and of the blank lines there.
void Pass::edit_joint(size_t index, EditList& out) {
    if (index + 1 >= page_.texts.size()) return;
    const Line &a = page_.text(index), &b = page_.text(index + 1);
    const Joint joint = layout_.joints[index];
    if (joint != Joint::line_end)
        out.add(a.e, b.s, " ", joint == Joint::space ? 1 : 0, layout_.by_vertical[index] ? Rule::vertical : Rule::unwrap,
                layout_.confidence[index]);
    else if (layout_.leading[index])
        out.add(a.next, b.begin, "", 0, layout_.leading_by_vertical[index] ? Rule::vertical : Rule::unwrap,
                layout_.leading[index]);
}

}  // namespace

struct Engine::Impl {
    Pass pass;
    EditList edits, next, composed;
    std::vector<Segment> segments;
    Buffer text, other;  // results of the passes
    const uint8_t* data = nullptr;
    size_t size = 0;
    bool changed = false;
};

Engine::Engine() noexcept : impl_(new (std::nothrow) Impl) {}
Engine::~Engine() { delete impl_; }

Plan Engine::plan(const uint8_t* data, size_t size, const Options& options, Invalid invalid, bool trace) noexcept {
    Plan plan{};
    plan.status = Status::out_of_memory;
    if (!impl_) return plan;
    Impl& s = *impl_;
    s.data = data;
    s.size = size;
    s.changed = false;
    s.edits.clear();
    s.segments.clear();
    if (s.text.capacity() > KEPT_BYTES) s.text.release();
    if (s.other.capacity() > KEPT_BYTES) s.other.release();
    const bool preserve = invalid == Invalid::preserve;
    if (!preserve) {
        const Utf8Error error = validate_utf8(data, size, invalid == Invalid::surrogates);
        if (!error.ok) {
            plan.status = Status::invalid_utf8;
            plan.error_begin = error.begin;
            plan.error_end = error.end;
            plan.error_reason = error.reason;
            return plan;
        }
    }
    try {
        s.changed = s.pass.run(data, size, options, preserve, s.text, trace ? &s.edits : nullptr, s.segments) > 0;
        for (int pass = 1; s.changed && pass < PASSES; ++pass) {
            const size_t count =
                s.pass.run(s.text.data(), s.text.size(), options, preserve, s.other, trace ? &s.next : nullptr, s.segments);
            if (!count) break;
            s.text.swap(s.other);
            if (!trace) continue;
            compose(s.edits, s.next, s.composed);
            std::swap(s.edits, s.composed);
        }
    } catch (const std::bad_alloc&) {
        return plan;
    }
    plan.status = Status::ok;
    plan.changed = s.changed;
    plan.size = s.changed ? s.text.size() : size;
    plan.edits = s.edits.edits.data();
    plan.edit_count = s.edits.edits.size();
    plan.texts = s.edits.texts.data();
    return plan;
}

void Engine::emit(uint8_t* out) const noexcept {
    const uint8_t* from = impl_->changed ? impl_->text.data() : impl_->data;
    const size_t size = impl_->changed ? impl_->text.size() : impl_->size;
    if (size) std::memcpy(out, from, size);
}

}  // namespace hanflow
