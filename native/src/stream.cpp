// A text in pieces: the passes one behind the other, each working on what the one before has finished. A segment is finished
// when its end has been seen, so what is decided is what the whole text gives, wherever the pieces are cut.
#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "hanflow/api.hpp"
#include "pass.hpp"
#include "utf8.hpp"

namespace hanflow {
namespace {

// The first pass waits for so many bytes, and each for twice what it had to leave the last time: work stays linear.
constexpr size_t PORTION = size_t(256) << 10;

// What one pass has yet to do.
struct Stage {
    std::vector<uint8_t> pending;
    std::vector<Segment> segments;  // of the pass before, in pending
    Part part;
    size_t left = 0;  // bytes of pending that the last run left

    bool waits(size_t complete) const { return complete < std::max(PORTION, 2 * left); }
    void take(const uint8_t* bytes, size_t count) { pending.insert(pending.end(), bytes, bytes + count); }
    void drop(size_t count) {
        pending.erase(pending.begin(), pending.begin() + ptrdiff_t(count));
        left = pending.size();
    }
};

}  // namespace

struct Stream::Impl {
    Options options;
    Invalid invalid;
    Pass pass;
    Stage stages[PASSES];
    std::vector<Segment> segments;
    Buffer out;
    std::vector<uint8_t> output;
    size_t base = 0;      // bytes of the stream before the first stage's pending
    size_t valid = 0;     // bytes of it that are known to be UTF-8
    size_t complete = 0;  // bytes of it up to the last line end that is surely whole
    bool failed = false;

    bool take(const uint8_t* data, size_t size, bool last, Plan& plan);
    void run(bool last);
};

// Appends a piece and checks it; false: it is not UTF-8.
bool Stream::Impl::take(const uint8_t* data, size_t size, bool last, Plan& plan) {
    Stage& source = stages[0];
    // A carriage return that ended the last piece may be followed by its line feed.
    const size_t from = source.pending.empty() ? 0 : source.pending.size() - 1;
    source.take(data, size);
    const std::vector<uint8_t>& text = source.pending;
    for (size_t i = text.size(); i > from; --i) {
        if (text[i - 1] != '\n' && (text[i - 1] != '\r' || i == text.size())) continue;
        complete = i;
        break;
    }
    if (invalid == Invalid::preserve) return true;
    const Utf8Error error = validate_utf8(text.data() + valid, text.size() - valid, invalid == Invalid::surrogates);
    if (error.ok) {
        valid = text.size();
        return true;
    }
    valid += error.begin;
    // The next piece may complete it; of a surrogate two bytes are not enough to tell.
    const bool cut = !std::strcmp(error.reason, "unexpected end of data") ||
                     (invalid == Invalid::surrogates && text.size() - valid == 2 && text[valid] == 0xED);
    if (!last && cut) return true;
    plan.status = Status::invalid_utf8;
    plan.error_begin = base + valid;
    plan.error_end = plan.error_begin + (error.end - error.begin);
    plan.error_reason = error.reason;
    return false;
}

void Stream::Impl::run(bool last) {
    for (int k = 0; k < PASSES; ++k) {
        Stage& stage = stages[k];
        const size_t size = k || last ? stage.pending.size() : complete;
        if (!last && stage.waits(size)) return;
        segments = stage.segments;
        stage.part.last = last;
        const bool edited =
            pass.run(stage.pending.data(), size, options, invalid == Invalid::preserve, out, nullptr, segments, stage.part) > 0;
        const size_t done = stage.part.consumed;
        const uint8_t* const bytes = edited ? out.data() : stage.pending.data();
        const size_t count = edited ? out.size() : done;
        if (k + 1 == PASSES) {
            output.insert(output.end(), bytes, bytes + count);
        } else {
            Stage& next = stages[k + 1];
            for (Segment segment : segments) {
                segment.begin += next.pending.size();
                next.segments.push_back(segment);
            }
            next.take(bytes, count);
        }
        const auto undone = std::find_if(stage.segments.begin(), stage.segments.end(), [&](const Segment& s) { return s.begin >= done; });
        stage.segments.erase(stage.segments.begin(), undone);
        for (Segment& segment : stage.segments) segment.begin -= done;
        stage.drop(done);
        if (!k) {
            base += done;
            valid -= std::min(valid, done);
            complete -= std::min(complete, done);
        }
    }
}

Stream::Stream(const Options& options, Invalid invalid) noexcept : impl_(new (std::nothrow) Impl) {
    if (!impl_) return;
    impl_->options = options;
    impl_->invalid = invalid;
}
Stream::~Stream() { delete impl_; }

Plan Stream::feed(const uint8_t* data, size_t size, bool last) noexcept {
    Plan plan{};
    plan.status = Status::out_of_memory;
    if (!impl_ || impl_->failed) return plan;
    Impl& s = *impl_;
    s.output.clear();
    s.failed = true;  // until this piece is done
    try {
        if (!s.take(data, size, last, plan)) return plan;
        s.run(last);
    } catch (const std::bad_alloc&) {
        return plan;
    }
    s.failed = false;
    plan.status = Status::ok;
    plan.changed = true;
    plan.size = s.output.size();
    return plan;
}

const uint8_t* Stream::output() const noexcept { return impl_->output.data(); }

}  // namespace hanflow
