// The passes over a text, one behind the other.
//
// Problem. A repair makes evidence for others: gaps close, then the line shows its measure. So a text is repaired until nothing
// changes, but a text may be longer than memory, and most of it changes once or never.
// Idea. Pass k reads what pass k - 1 has finished, while the rest of the text has not been read. A pass comes to life when the one
// before it edits something, and starts one segment before that: what was finished earlier goes straight to the result. For that the
// last finished segment is held back (held_). Segments that need no second look are skipped (Pass::run). If edits are asked for, those
// of each pass are composed with the ones before, so that positions are those of the source.
// Guaranteed. The result is that of the whole text, wherever it is cut into portions. It is a fixed point, but for texts that still
// change in pass PASSES. What is held does not grow with the text.
// Example. Segments A B C D, of which pass 0 edits B. Pass 1 gets A B C D from A on: A is read again only if B was edited at its first
// line; B is; C is skipped; D is read, since where it ends may depend on more text. If pass 1 edits nothing, no pass 2 begins.
#include "repair/pipeline.hpp"

#include <algorithm>

namespace hanflow {

// What a stage keeps of its memory for the next text.
constexpr size_t KEPT_UNITS = size_t(1) << 20;

void Pipeline::Stage::take(const CodeUnit* units, size_t count, const std::vector<Segment>& made, size_t from) {
    for (Segment segment : made) {
        if (segment.begin < from) continue;
        segment.begin += pending.size() - from;
        segments.push_back(segment);
    }
    pending.insert(pending.end(), units + from, units + count);
}

void Pipeline::Stage::drop(size_t count) {
    const auto undone = std::find_if(segments.begin(), segments.end(), [&](const Segment& s) { return s.begin >= count; });
    segments.erase(segments.begin(), undone);
    for (Segment& segment : segments) segment.begin -= count;
    pending.erase(pending.begin(), pending.begin() + ptrdiff_t(count));
    left = pending.size();
}

void Pipeline::Stage::clear() {
    pending.clear();
    if (pending.capacity() > KEPT_UNITS) pending.shrink_to_fit();
    segments.clear();
    left = 0;
    before.clear();
    made.clear();
    shift = 0;
    position = 0;
}

void Pipeline::start(const Options& options, Source source, size_t portion, bool keep_same, bool traced) {
    options_ = options;
    portion_ = portion;
    source_ = source;
    keep_same_ = keep_same;
    changed_ = false;
    traced_ = traced;
    same_ = left_ = put_ = 0;
    for (int k = 0; k <= active_; ++k) stages_[k].clear();
    edits_.clear();
    active_ = 1;
    stages_[0].part = Part();
    held_.clear();
}

size_t Pipeline::run(const CodeUnit* data, size_t size, bool last, Buffer& out) {
    edits_.clear();
    const size_t taken = pass(0, data, size, last, out);
    left_ = size - taken;
    for (int k = 1; k < active_; ++k) {
        Stage& stage = stages_[k];
        if (!last && stage.pending.size() < std::max(portion_, 2 * stage.left)) break;
        stage.drop(pass(k, stage.pending.data(), stage.pending.size(), last, out));
    }
    if (traced_) settle();
    return taken;
}

// Pass k over what stands before it; returns how much of it is done.
size_t Pipeline::pass(int k, const CodeUnit* data, size_t size, bool last, Buffer& out) {
    Stage& stage = stages_[k];
    segments_ = stage.segments;
    stage.part.last = last;
    const bool edited = pass_.run(data, size, options_, source_, text_, traced_ ? &pass_edits_ : nullptr, segments_, stage.part) > 0;
    const size_t done = stage.part.consumed;
    if (traced_) trace(k, done);
    const CodeUnit* const units = edited ? text_.data() : data;
    const size_t count = edited ? text_.size() : done;
    if (k + 1 < active_)
        stages_[k + 1].take(units, count, segments_, 0);
    else
        finish(k, units, count, edited, last, out);
    return done;
}

// What the last of the passes made. Nothing more is to do for it, unless it was edited.
void Pipeline::finish(int k, const CodeUnit* units, size_t count, bool edited, bool last, Buffer& out) {
    if (k + 1 == PASSES) return put(units, count, out);
    if (!edited) {
        if (segments_.empty()) return;
        put(held_.data(), held_.size(), out);
        const size_t from = last ? count : segments_.back().begin;
        put(units, from, out);
        held_.assign(units + from, units + count);
        held_segment_ = segments_.back();
        held_segment_.begin = 0;
        return;
    }
    // The pass behind begins with the segment before the first one that was edited.
    Stage& next = stages_[k + 1];
    size_t first = 0, from = 0;
    while (!segments_[first].edited) ++first;
    const Segment* begin = segments_.data() + (first ? first - 1 : 0);
    if (first) {
        put(held_.data(), held_.size(), out);
        from = begin->begin;
        put(units, from, out);
    } else if (!held_.empty()) {
        begin = &held_segment_;
        next.take(held_.data(), held_.size(), {held_segment_}, 0);
    }
    if (traced_) {
        settle();
        next.position = put_;
        stages_[k + 2].shift = next.shift;
    }
    next.part = Part();
    next.part.fence = begin->fence;
    next.part.first = begin->first;
    next.take(units, count, segments_, from);
    held_.clear();
    active_ = k + 2;
    changed_ = true;
}

void Pipeline::put(const CodeUnit* units, size_t count, Buffer& out) {
    put_ += count;
    if (keep_same_ && !changed_)
        same_ += count;
    else
        out.append(units, count);
}

// What pass k made of its next units joins what was made before it.
void Pipeline::trace(int k, size_t done) {
    Stage& stage = stages_[k];
    stage.made.take(pass_edits_, ptrdiff_t(stage.position));
    stage.position += done;
    compose(stage.before, stage.made, stage.position, stage.shift, stages_[k + 1].before);
}

// The edits of what is finished of the result are final.
void Pipeline::settle() {
    Stage& held = stages_[active_];
    compose(held.before, held.made, put_, held.shift, edits_);
}

size_t Pipeline::settled() const {
    const Stage& held = stages_[active_];
    const size_t position = size_t(ptrdiff_t(put_) - held.shift);
    return held.before.edits.empty() ? position : std::min(position, held.before.edits.front().begin);
}

}  // namespace hanflow
