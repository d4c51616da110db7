// One pass over a text: segments are read, decided together and turned into edits in source order.
//
// Problem. Deciding needs lines side by side (the Viterbi pass fills lanes with strips of many segments), editing needs them in
// order; and most of a text has nothing to edit.
// Idea. read_segments() reads and prepares as many segments as fill the lanes twice or so; one call decides all their strips; then
// each is finished and edited in turn. A line goes the cheapest way that still says all that is asked: not at all (no gaps, nothing
// to change, not joined), rewritten whole in one edit (add_rewritten, when nobody asks why), or gap by gap with its characters read.
// Guaranteed. Both ways give the same text. Edits are in order and do not overlap. What is decided for a segment depends on its
// lines, the open fence and whether it is the first, so that a later pass skips it if neither it nor the start of the next was edited.
// Example. Source 江 水 东 流， / 渡 口： line 0 is letter-spaced, and no one asks for edits. If it is joined to line 1, one edit writes
// 江水东流， from its start to its content's end, and edit_joint() cuts what stands from there to the content of line 1.
#include "repair/pass.hpp"

#include "decide/confidence.hpp"
#include "repair/compat.hpp"
#include "repair/reasons.hpp"
#include "repair/width.hpp"
#include "simd/kernels.hpp"

namespace hanflow {

using reasons::why;
namespace inside = reasons::inside;
namespace joint = reasons::joint;

size_t Pass::run(const CodeUnit* data, size_t size, const Options& options, Source source, Buffer& out, EditList* trace,
                 std::vector<Segment>& segments, Part& part) {
    out.clear();
    if (trace) trace->clear();
    old_segments_.swap(segments);
    segments.clear();
    page_.start(data, size, options, source, part.fence, part.first);
    page_.traced = trace;
    page_.explained = trace || options.min_confidence;
    size_t count = 0, at = 0, old = 0;
    for (bool more = true; more;) {
        more = read_segments(old, part);
        kernels().decode(runs_.data(), runs_.size(), scratch_);
        for (size_t k = 0; k < work_; ++k) {
            Work& work = *works_[k];
            segments.push_back(Segment{out.size() + (work.begin - at), work.fence, work.first, false, false});
            if (work.skipped) continue;
            work.swap(page_);
            layout_ = &work.layout;
            layout_->finish(page_);
            edits_.clear();
            edit_segment(edits_);
            if (!edits_.edits.empty()) {
                segments.back().edited = true;
                size_t first_line = 0;
                while (page_.text(first_line).continued && first_line + 1 < page_.texts.size()) ++first_line;
                segments.back().starts_edited = edits_.edits.front().begin < page_.text(first_line).next;
                if (!count) out.reserve(size);
                count += edits_.edits.size();
                at = emit(data, size, at, edits_, out);
                if (trace) trace->take(edits_, 0);
            }
            work.swap(page_);
        }
    }
    if (part.consumed == size) segments.push_back(Segment{out.size() + (size - at), page_.fence(), page_.first(), false, false});
    if (count) out.append(data + at, part.consumed - at);
    return count;
}

// Reads the next segments, as many as the Viterbi pass likes to have at once, and prepares it. false: the text ends, or what is left
// of it is for the next part.
bool Pass::read_segments(size_t& old, Part& part) {
    constexpr size_t RUNS = 2 * lattice::MOST_LANES - 6;  // with the last segment's they fill the lanes as a rule
    constexpr size_t MOST = 256;
    runs_.clear();
    for (work_ = 0; runs_.size() < RUNS && work_ < MOST;) {
        if (work_ == works_.size()) works_.emplace_back(new Work);
        Work& work = *works_[work_];
        work.begin = page_.position();
        work.fence = page_.fence();
        work.first = page_.first();
        work.skipped = false;
        while (old < old_segments_.size() && old_segments_[old].begin < work.begin) ++old;
        // The last segment depends on where the text ends: it is never skipped.
        if (old + 1 < old_segments_.size() && old_segments_[old].begin == work.begin && old_segments_[old].fence == work.fence &&
            !old_segments_[old].edited && !old_segments_[old + 1].starts_edited) {
            page_.skip(old_segments_[old + 1].begin, old_segments_[old + 1].fence);
            work.skipped = true;
            ++work_;
            continue;
        }
        if (!page_.next_segment()) {
            part.consumed = page_.size;
            return false;
        }
        if (!part.last && !page_.closed) {
            part.consumed = work.begin;
            part.fence = work.fence;
            part.first = work.first;
            return false;
        }
        work.layout.prepare(page_, runs_);
        work.swap(page_);
        ++work_;
    }
    return true;
}

void Pass::edit_segment(EditList& out) {
    for (size_t i = 0; i < page_.texts.size();) {
        if (const uint32_t g = layout_->grid_of[i]) {
            const Grid& grid = layout_->vertical.grids[g - 1];
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
    const auto stays = [&](int i) { return t.cls[i] == HAN && t.cp[i] >= 0x3400 && t.cp[i] <= 0x9FFF; };  // most of a line
    for (int i = begin, last = -1; i < end;) {
        if (!insert && stays(i)) {
            ++i;
            continue;
        }
        if (insert && !t.is(i, ATTACHED)) {
            if (last >= 0 && is_latin_boundary(last, i))
                out.add_unit(t.at(i), t.at(i), ' ', Rule::spacing, confidence::CERTAIN, why(inside::ASKED));
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
        if (edit.target) append_units(text_, edit.target);
        out.add(t.at(i), t.at(i + edit.count), text_.data(), text_.size(), rule, confidence::CERTAIN,
                page_.traced ? reasons::of_character(t, i, edit, rule) : Why{});
        i += edit.count;
    }
}

bool Pass::is_latin_boundary(int i, int j) const {
    const Chars& t = page_.chars;
    if (t.is(i, HAN_KANA)) return t.is(j, ALNUM);
    return t.is(j, HAN_KANA) && (t.is(i, ALNUM) || t.cp[i] == '%' || t.cp[i] == 0xFF05);
}

// White space at an end of a line goes; form feeds stay.
void Pass::edit_white(int begin, int end, EditList& out) {
    const Chars& t = page_.chars;
    if (begin == end) return;
    text_.clear();
    for (int i = begin; i < end; ++i)
        if (t.cls[i] == PAGE) text_.push_back('\f');
    if (int(text_.size()) != end - begin)
        out.add(t.at(begin), t.at(end), text_.data(), text_.size(), Rule::spacing, confidence::CERTAIN, why(inside::EDGE));
}

// All spaces inside the line go.
void Pass::edit_spaces(const Line& line, EditList& out) {
    const bool asked = page_.options.latin_gap == LatinGap::remove;
    const uint8_t sure = asked ? confidence::CERTAIN : confidence::LATIN;
    if (sure < page_.options.min_confidence) return;
    const CodeUnit* const p = page_.data;
    for (size_t i = line.s; i < line.e; ++i) {
        if (p[i] != ' ') continue;
        const size_t begin = i;
        while (p[i] == ' ') ++i;
        out.add_cut(begin, i, Rule::spacing, sure, why(asked ? inside::ASKED : inside::LATIN_GAP));
    }
}

void Pass::edit_line(size_t index, EditList& out) {
    const Line& line = page_.text(index);
    const Options& options = page_.options;
    const bool trimmed = layout_->trimmed[index], insert = options.latin_gap == LatinGap::insert;
    const bool changes = line.changes || insert || options.width == Width::all;
    const bool edges = line.begin != line.s || line.e != line.end;
    if (!line.work && !insert && !(edges && (trimmed || options.width == Width::all))) return;
    // A joint takes the white space on its own side.
    const bool joint_before = index && layout_->joints[index - 1] != Joint::line_end;
    const bool joint_behind = layout_->joints[index] != Joint::line_end;
    const bool plain = SpacingStage::is_plain(page_, *layout_, index);
    // Where nobody asks for each edit, most lines are rewritten whole.
    if (!page_.explained && !line.page && !insert && options.width != Width::all && line.changes == line.by_itself) {
        const bool all = SpacingStage::closes_all(page_, *layout_, index);
        if (all || plain || !line.gaps) {
            const bool squeeze = all || (plain && SpacingStage::closes_latin(page_, *layout_, index));
            const bool ends = trimmed || (squeeze && line.spaced);
            const size_t begin = ends && !joint_before ? line.begin : line.s, end = ends && !joint_behind ? line.end : line.e;
            const EditList::Rewriting rewriting{squeeze, line.full_width && options.width != Width::none, line.radicals && options.compat};
            if (rewriting.any()) {
                out.add_rewritten(page_.data, begin, end, line.s, line.e, rewriting, confidence::SPREAD);
            } else {
                if (begin < line.s) out.add_cut(begin, line.s, Rule::spacing, confidence::CERTAIN, Why{});
                if (line.e < end) out.add_cut(line.e, end, Rule::spacing, confidence::CERTAIN, Why{});
            }
            return;
        }
    }
    if (plain && !edges && !changes) {
        if (SpacingStage::closes_latin(page_, *layout_, index)) edit_spaces(line, out);
        return;
    }
    page_.open(line, line.gaps ? "edit: gaps" : changes ? "edit: characters that change" : "edit: white space at its ends");
    const Chars& t = page_.chars;
    static const std::vector<Verdict> none;
    const bool spaces = options.spacing != Spacing::none || options.latin_gap != LatinGap::automatic;
    const std::vector<Verdict>& verdicts = spaces ? spacing_.decide(page_, *layout_, index) : none;
    const auto is_edit = [&](size_t k) {
        if (verdicts[k] == Verdict::close) return true;
        const Gap& g = t.gaps[k];
        return verdicts[k] == Verdict::one && !(g.end - g.begin == 1 && t.cp[g.begin] == ' ');
    };
    bool ends = trimmed;
    if (!ends && line.spaced && options.spacing != Spacing::none)
        for (size_t k = 0; k < verdicts.size() && !ends; ++k) ends = is_edit(k);
    if (!joint_before) {
        if (ends)
            edit_white(0, t.s, out);
        else if (changes)
            edit_chars(0, t.s, out, false);
    }
    int at = t.s;
    for (size_t k = 0; k < verdicts.size(); ++k) {
        if (!is_edit(k)) continue;
        const Gap& g = t.gaps[k];
        if (changes) edit_chars(at, g.begin, out, insert);
        const Grounds grounds = SpacingStage::grounds_of(page_, line, g, verdicts[k]);
        if (verdicts[k] == Verdict::one)
            out.add_unit(t.at(g.begin), t.at(g.end), ' ', Rule::spacing, grounds.confidence, grounds.why);
        else
            out.add_cut(t.at(g.begin), t.at(g.end), Rule::spacing, grounds.confidence, grounds.why);
        at = g.end;
    }
    if (changes) edit_chars(at, t.e, out, insert);
    if (!joint_behind) {
        if (ends)
            edit_white(t.e, t.n, out);
        else if (changes)
            edit_chars(t.e, t.n, out, false);
    }
}

// The rows of a grid become one line; white space at the ends of the first and last row stays.
void Pass::edit_grid(const Grid& grid, EditList& out) {
    const Line &first = page_.text(grid.first), &last = page_.text(grid.last);
    page_.open(first, "edit: a grid");
    edit_chars(0, page_.chars.s, out, false);
    out.add(first.s, last.e, grid.text.data(), grid.text.size(), Rule::vertical, confidence::GRID, why(joint::GRID));
    page_.open(last, "edit: a grid");
    edit_chars(page_.chars.e, page_.chars.n, out, false);
}

// What becomes of the line end behind a text line, and of the blank lines there.
void Pass::edit_joint(size_t index, EditList& out) {
    if (index + 1 >= page_.texts.size()) return;
    const Line &a = page_.text(index), &b = page_.text(index + 1);
    const Joint joint = layout_->joints[index];
    if (joint != Joint::line_end) {
        const Rule rule = layout_->by_vertical[index] ? Rule::vertical : Rule::unwrap;
        const Why reason = page_.traced ? layout_->whys[index] : Why{};
        if (joint == Joint::space)
            out.add_unit(a.e, b.s, ' ', rule, layout_->confidence[index], reason);
        else
            out.add_cut(a.e, b.s, rule, layout_->confidence[index], reason);
    } else if (layout_->leading[index]) {
        out.add_cut(a.next, b.begin, layout_->leading_by_vertical[index] ? Rule::vertical : Rule::unwrap, layout_->leading[index],
                    why(joint::LEADING));
    }
}

}  // namespace hanflow
