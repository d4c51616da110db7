// The engine: passes over the text until nothing changes, their edits composed over the source.
#include "hanflow/api.hpp"

#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "compat.hpp"
#include "edits.hpp"
#include "layout.hpp"
#include "page.hpp"
#include "spacing.hpp"
#include "utf8.hpp"
#include "width.hpp"

namespace hanflow {
namespace {

// What one pass repaired is evidence for the next; the last pass of these is made even if it still changed something.
constexpr int PASSES = 4;
// Memory that an engine keeps between calls.
constexpr size_t KEPT_LINES = size_t(1) << 16;

constexpr uint8_t CERTAIN = 100, LIKELY = 95, GUESSED = 85;  // confidence in per cent

// One pass: reads a text and writes its edits in source order.
class Pass {
public:
    void run(const uint8_t* data, size_t size, const Options& options, bool preserve, EditList& out);
    void trim_memory();

private:
    void edit_line(size_t index, EditList& out);
    void edit_grid(const Grid& grid, EditList& out);
    void edit_chars(int begin, int end, EditList& out, bool insert);
    void edit_white(int begin, int end, EditList& out);
    void edit_joint(size_t index, EditList& out);
    bool is_latin_boundary(int i, int j) const;

    Page page_;
    Layout layout_;
    SpacingStage spacing_;
    std::string text_;
};

void Pass::run(const uint8_t* data, size_t size, const Options& options, bool preserve, EditList& out) {
    out.clear();
    page_.read(data, size, options, preserve);
    layout_.decide(page_);
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

void Pass::trim_memory() {
    if (page_.lines.capacity() > KEPT_LINES) *this = Pass();
}

// Edits of the characters [begin, end): compat, width, and with `insert` the space between Han and Latin.
void Pass::edit_chars(int begin, int end, EditList& out, bool insert) {
    const Chars& t = page_.chars;
    const Options& options = page_.options;
    for (int i = begin, last = -1; i < end;) {
        if (insert && !t.is(i, ATTACHED)) {
            if (last >= 0 && is_latin_boundary(last, i)) out.add(t.at(i), t.at(i), " ", 1, Rule::spacing, LIKELY);
            last = i;
        }
        CharEdit edit = options.compat ? compat_edit(t, i) : CharEdit{};
        Rule rule = Rule::compat;
        if (!edit.count) {
            edit = width_edit(t, i, options.width);
            rule = Rule::width;
        }
        if (!edit.count) {
            ++i;
            continue;
        }
        text_.clear();
        if (edit.target) append_utf8(text_, edit.target);
        out.add(t.at(i), t.at(i + edit.count), text_.data(), text_.size(), rule, CERTAIN);
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
        out.add(t.at(begin), t.at(end), text_.data(), text_.size(), Rule::spacing, CERTAIN);
}

void Pass::edit_line(size_t index, EditList& out) {
    const Line& line = page_.text(index);
    const Options& options = page_.options;
    const bool joined = layout_.joined[index], insert = options.latin_gap == LatinGap::insert;
    const bool edges = line.begin != line.s || line.e != line.end;
    if (!line.work && !insert && !(edges && (joined || options.width == Width::all))) return;
    page_.open(line);
    const Chars& t = page_.chars;
    static const std::vector<Verdict> none;
    const bool spaces = options.spacing != Spacing::none || options.latin_gap != LatinGap::automatic;
    const std::vector<Verdict>& verdicts = spaces ? spacing_.decide(page_, layout_, index) : none;
    bool repaired = joined;
    const auto changes = [&](size_t k) {
        if (verdicts[k] == Verdict::close) return true;
        const Gap& g = t.gaps[k];
        return verdicts[k] == Verdict::one && !(g.end - g.begin == 1 && t.cp[g.begin] == ' ');
    };
    if (!repaired && options.spacing != Spacing::none)
        for (size_t k = 0; k < verdicts.size() && !repaired; ++k) repaired = changes(k);
    // A joint takes the white space on its own side.
    const bool joint_before = index && layout_.joints[index - 1] != Joint::line_end;
    const bool joint_behind = layout_.joints[index] != Joint::line_end;
    if (!joint_before) {
        if (repaired)
            edit_white(0, t.s, out);
        else
            edit_chars(0, t.s, out, false);
    }
    int at = t.s;
    for (size_t k = 0; k < verdicts.size(); ++k) {
        if (!changes(k)) continue;
        const Gap& g = t.gaps[k];
        edit_chars(at, g.begin, out, insert);
        out.add(t.at(g.begin), t.at(g.end), " ", verdicts[k] == Verdict::one ? 1 : 0, Rule::spacing, LIKELY);
        at = g.end;
    }
    edit_chars(at, t.e, out, insert);
    if (!joint_behind) {
        if (repaired)
            edit_white(t.e, t.n, out);
        else
            edit_chars(t.e, t.n, out, false);
    }
}

// The rows of a grid become one line; white space at the ends of the first and last row stays.
void Pass::edit_grid(const Grid& grid, EditList& out) {
    const Line &first = page_.text(grid.first), &last = page_.text(grid.last);
    page_.open(first);
    edit_chars(0, page_.chars.s, out, false);
    out.add(first.s, last.e, grid.text.data(), grid.text.size(), Rule::vertical, GUESSED);
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
                GUESSED);
    else if (layout_.leading[index])
        out.add(a.next, b.begin, "", 0, layout_.leading_by_vertical[index] ? Rule::vertical : Rule::unwrap, GUESSED);
}

}  // namespace

struct Engine::Impl {
    Pass pass;
    EditList edits, next, composed;
    std::vector<uint8_t> text, other;  // results of the passes
    const uint8_t* data = nullptr;
    size_t size = 0;
};

Engine::Engine() noexcept : impl_(new (std::nothrow) Impl) {}
Engine::~Engine() { delete impl_; }

Plan Engine::plan(const uint8_t* data, size_t size, const Options& options, Invalid invalid) noexcept {
    Plan plan{};
    plan.status = Status::out_of_memory;
    if (!impl_) return plan;
    Impl& s = *impl_;
    s.data = data;
    s.size = size;
    s.edits.clear();
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
        s.pass.run(data, size, options, preserve, s.edits);
        if (!s.edits.edits.empty()) {
            s.text.resize(s.edits.result_size(size));
            hanflow::emit(data, size, s.edits, s.text.data());
            for (int pass = 1; pass < PASSES; ++pass) {
                s.pass.run(s.text.data(), s.text.size(), options, preserve, s.next);
                if (s.next.edits.empty()) break;
                s.other.resize(s.next.result_size(s.text.size()));
                hanflow::emit(s.text.data(), s.text.size(), s.next, s.other.data());
                std::swap(s.text, s.other);
                compose(s.edits, s.next, s.composed);
                std::swap(s.edits, s.composed);
            }
        }
        s.pass.trim_memory();
    } catch (const std::bad_alloc&) {
        return plan;
    }
    plan.status = Status::ok;
    plan.changed = !s.edits.edits.empty();
    plan.size = plan.changed ? s.text.size() : size;
    plan.edits = s.edits.edits.data();
    plan.edit_count = s.edits.edits.size();
    plan.texts = s.edits.texts.data();
    return plan;
}

void Engine::emit(uint8_t* out) const noexcept {
    if (impl_->edits.edits.empty()) {
        if (impl_->size) std::memcpy(out, impl_->data, impl_->size);
    } else if (!impl_->text.empty()) {
        std::memcpy(out, impl_->text.data(), impl_->text.size());
    }
}

}  // namespace hanflow
