// A text in pieces: what is whole of it goes through the pipeline.
#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "hanflow/api.hpp"
#include "repair/byte_map.hpp"
#include "repair/pipeline.hpp"
#include "text/units.hpp"
#include "text/utf8.hpp"

namespace hanflow {

// Code units at once.
constexpr size_t STREAM_PORTION = size_t(1) << 16;

struct Stream::Impl {
    Reading reading;
    bool traced;
    Pipeline pipeline;
    std::vector<uint8_t> pending;  // bytes that are no code units yet
    Buffer units;                  // what the pipeline has yet to take
    Buffer out;
    Substitutes substitutes;
    std::vector<uint8_t> output;
    ByteMap map;
    std::vector<Edit> edits;
    std::string texts;
    size_t base = 0;      // bytes of the stream before pending
    size_t valid = 0;     // bytes of pending that are known to be UTF-8
    size_t complete = 0;  // bytes of it up to the last line end that is surely whole
    bool closed = false;  // after an error or the last piece

    bool take(const uint8_t* data, size_t size, bool last, Plan& plan);
    void run(bool last);
};

// Appends a piece and checks it; false: it is not UTF-8.
bool Stream::Impl::take(const uint8_t* data, size_t size, bool last, Plan& plan) {
    // A carriage return that ended the last piece may be followed by its line feed.
    const size_t from = pending.empty() ? 0 : pending.size() - 1;
    pending.insert(pending.end(), data, data + size);
    complete = std::max(complete, last_line_end(pending.data(), from, pending.size()));
    if (reading == Reading::escaped) return true;
    const bool surrogates = reading == Reading::surrogates;
    const Utf8Error error = validate_utf8(pending.data() + valid, pending.size() - valid, surrogates);
    if (error.ok) {
        valid = pending.size();
        return true;
    }
    valid += error.begin;
    // The next piece may complete it; of a surrogate two bytes are not enough to tell.
    const bool cut = !std::strcmp(error.reason, "unexpected end of data") ||
                     (surrogates && pending.size() - valid == 2 && pending[valid] == 0xED);
    if (!last && cut) return true;
    plan.status = Status::invalid_utf8;
    plan.error_begin = base + valid;
    plan.error_end = plan.error_begin + (error.end - error.begin);
    plan.error_reason = error.reason;
    return false;
}

void Stream::Impl::run(bool last) {
    // Whole lines become code units when they are worth a run.
    const size_t size = last ? pending.size() : complete;
    if (!last && units.size() + size / 3 < pipeline.portion()) return;
    CodeUnit* const to = units.space(size + UNIT_SLACK);
    const size_t made = utf8_to_units(pending.data(), size, reading, to, substitutes);
    if (traced) map.add(to, made);
    units.extend(made);
    pending.erase(pending.begin(), pending.begin() + ptrdiff_t(size));
    base += size;
    valid -= std::min(valid, size);
    complete -= std::min(complete, size);
    units.drop_front(pipeline.run(units.data(), units.size(), last, out));
    output.resize(utf8_room(out.size()));
    output.resize(units_to_utf8(out.data(), out.size(), reading, output.data(), substitutes));
    substitutes.forget();
    if (traced) map.translate(pipeline.edits(), edits, texts);
}

Stream::Stream(const Options& options, Invalid invalid, bool trace) noexcept : impl_(nullptr) {
    try {  // what it holds may find no memory either
        std::unique_ptr<Impl> made(new Impl);
        made->reading = invalid == Invalid::reject ? Reading::well_formed : invalid == Invalid::surrogates ? Reading::surrogates : Reading::escaped;
        made->traced = trace;
        made->map.start(made->reading);
        made->pipeline.start(options, Source{invalid == Invalid::preserve}, STREAM_PORTION, false, trace);
        impl_ = made.release();
    } catch (const std::bad_alloc&) {
    }
}
Stream::~Stream() { delete impl_; }

Plan Stream::feed(const uint8_t* data, size_t size, bool last) noexcept {
    Plan plan{};
    plan.status = Status::out_of_memory;
    if (!impl_) return plan;
    Impl& s = *impl_;
    s.out.clear();
    s.output.clear();
    s.edits.clear();
    s.texts.clear();
    if (s.closed) {
        plan.status = Status::closed;
        return plan;
    }
    s.closed = true;  // unless all goes well
    try {
        if (!s.take(data, size, last, plan)) return plan;
        s.run(last);
        if (s.traced) plan.settled = s.map.byte_at(std::max(s.map.position(), s.pipeline.settled()));
    } catch (const std::exception&) {
        return plan;
    }
    s.closed = last;
    plan.status = Status::ok;
    plan.changed = true;
    plan.size = s.output.size();
    plan.edits = s.edits.data();
    plan.edit_count = s.edits.size();
    plan.texts = s.texts.data();
    return plan;
}

const uint8_t* Stream::output() const noexcept { return impl_->output.data(); }

}  // namespace hanflow
