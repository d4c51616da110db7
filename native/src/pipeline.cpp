#include "pipeline.hpp"

#include <algorithm>

namespace hanflow {

// What a stage keeps of its memory for the next text.
constexpr size_t KEPT_BYTES = size_t(4) << 20;

void Pipeline::Stage::take(const uint8_t* bytes, size_t count, const std::vector<Segment>& made, size_t from) {
    for (Segment segment : made) {
        if (segment.begin < from) continue;
        segment.begin += pending.size() - from;
        segments.push_back(segment);
    }
    pending.insert(pending.end(), bytes + from, bytes + count);
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
    if (pending.capacity() > KEPT_BYTES) pending.shrink_to_fit();
    segments.clear();
    left = 0;
    before.clear();
    made.clear();
    shift = 0;
    position = 0;
}

void Pipeline::start(const Options& options, Validity validity, size_t portion, bool keep_same, bool traced) {
    options_ = options;
    portion_ = portion;
    validity_ = validity;
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

size_t Pipeline::run(const uint8_t* data, size_t size, bool last, Buffer& out) {
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
size_t Pipeline::pass(int k, const uint8_t* data, size_t size, bool last, Buffer& out) {
    Stage& stage = stages_[k];
    segments_ = stage.segments;
    stage.part.last = last;
    const Validity validity = k ? once_checked(validity_) : validity_;
    const bool edited = pass_.run(data, size, options_, validity, text_, traced_ ? &pass_edits_ : nullptr, segments_, stage.part) > 0;
    const size_t done = stage.part.consumed;
    if (traced_) trace(k, done);
    const uint8_t* const bytes = edited ? text_.data() : data;
    const size_t count = edited ? text_.size() : done;
    if (k + 1 < active_)
        stages_[k + 1].take(bytes, count, segments_, 0);
    else
        finish(k, bytes, count, edited, last, out);
    return done;
}

// What the last of the passes made. Nothing more is to do for it, unless it was edited.
void Pipeline::finish(int k, const uint8_t* bytes, size_t count, bool edited, bool last, Buffer& out) {
    if (k + 1 == PASSES) return put(bytes, count, out);
    if (!edited) {
        if (segments_.empty()) return;
        put(held_.data(), held_.size(), out);
        const size_t from = last ? count : segments_.back().begin;
        put(bytes, from, out);
        held_.assign(bytes + from, bytes + count);
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
        put(bytes, from, out);
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
    next.take(bytes, count, segments_, from);
    held_.clear();
    active_ = k + 2;
    changed_ = true;
}

void Pipeline::put(const uint8_t* bytes, size_t count, Buffer& out) {
    put_ += count;
    if (keep_same_ && !changed_)
        same_ += count;
    else
        out.append(bytes, count);
}

// What pass k made of its next bytes joins what was made before it.
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

size_t last_line_end(const uint8_t* data, size_t from, size_t size) {
    for (size_t i = size; i > from; --i)
        if (data[i - 1] == '\n' || (data[i - 1] == '\r' && i < size)) return i;
    return 0;
}

}  // namespace hanflow
