// A text in pieces: what is whole of it goes through the pipeline.
#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <vector>

#include "hanflow/api.hpp"
#include "pipeline.hpp"
#include "utf8.hpp"

namespace hanflow {

// Smaller than the engine's, so that results come sooner.
constexpr size_t STREAM_PORTION = size_t(256) << 10;

struct Stream::Impl {
    Invalid invalid;
    Pipeline pipeline;
    std::vector<uint8_t> pending;
    Buffer output;
    size_t base = 0;      // bytes of the stream before pending
    size_t valid = 0;     // bytes of pending that are known to be UTF-8
    size_t complete = 0;  // bytes of it up to the last line end that is surely whole
    bool closed = false;  // after an error or the last piece
    bool ran = false;     // with the last piece something went through the pipeline

    bool take(const uint8_t* data, size_t size, bool last, Plan& plan);
    void run(bool last);
};

// Appends a piece and checks it; false: it is not UTF-8.
bool Stream::Impl::take(const uint8_t* data, size_t size, bool last, Plan& plan) {
    // A carriage return that ended the last piece may be followed by its line feed.
    const size_t from = pending.empty() ? 0 : pending.size() - 1;
    pending.insert(pending.end(), data, data + size);
    complete = std::max(complete, last_line_end(pending.data(), from, pending.size()));
    if (invalid == Invalid::preserve) return true;
    const Utf8Error error = validate_utf8(pending.data() + valid, pending.size() - valid, invalid == Invalid::surrogates);
    if (error.ok) {
        valid = pending.size();
        return true;
    }
    valid += error.begin;
    // The next piece may complete it; of a surrogate two bytes are not enough to tell.
    const bool cut = !std::strcmp(error.reason, "unexpected end of data") ||
                     (invalid == Invalid::surrogates && pending.size() - valid == 2 && pending[valid] == 0xED);
    if (!last && cut) return true;
    plan.status = Status::invalid_utf8;
    plan.error_begin = base + valid;
    plan.error_end = plan.error_begin + (error.end - error.begin);
    plan.error_reason = error.reason;
    return false;
}

void Stream::Impl::run(bool last) {
    const size_t size = last ? pending.size() : complete;
    ran = last || size >= pipeline.portion();
    if (!ran) return;
    const size_t done = pipeline.run(pending.data(), size, last, output);
    pending.erase(pending.begin(), pending.begin() + ptrdiff_t(done));
    base += done;
    valid -= std::min(valid, done);
    complete -= std::min(complete, done);
}

Stream::Stream(const Options& options, Invalid invalid, bool trace) noexcept : impl_(new (std::nothrow) Impl) {
    if (!impl_) return;
    impl_->invalid = invalid;
    impl_->pipeline.start(options, once_checked(validity_of(invalid)), STREAM_PORTION, false, trace);
}
Stream::~Stream() { delete impl_; }

Plan Stream::feed(const uint8_t* data, size_t size, bool last) noexcept {
    Plan plan{};
    plan.status = Status::out_of_memory;
    if (!impl_) return plan;
    Impl& s = *impl_;
    s.output.clear();
    if (s.closed) {
        plan.status = Status::closed;
        return plan;
    }
    s.closed = true;  // unless all goes well
    try {
        if (!s.take(data, size, last, plan)) return plan;
        s.run(last);
    } catch (const std::exception&) {
        return plan;
    }
    s.closed = last;
    plan.status = Status::ok;
    plan.changed = true;
    plan.size = s.output.size();
    const EditList& edits = s.pipeline.edits();
    plan.edits = edits.edits.data();
    plan.edit_count = s.ran ? edits.edits.size() : 0;
    plan.texts = edits.texts.data();
    plan.settled = s.pipeline.settled();
    return plan;
}

const uint8_t* Stream::output() const noexcept { return impl_->output.data(); }

}  // namespace hanflow
