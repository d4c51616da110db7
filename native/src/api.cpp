// The engine: a whole text through the pipeline.
#include "hanflow/api.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <utility>
#include <vector>

#include "edits.hpp"
#include "pipeline.hpp"
#include "result.hpp"
#include "units.hpp"
#include "utf8.hpp"

namespace hanflow {
namespace {

// Memory that an engine keeps for its next call.
constexpr size_t KEPT_BYTES = size_t(4) << 20;

// A portion's last segment, some ten thousand bytes, is decided twice.
constexpr size_t PORTION = size_t(1) << 19;

// The first lines of data[0, size) that have about `wanted` bytes, and more than `least`.
size_t whole_lines(const uint8_t* data, size_t size, size_t wanted, size_t least) {
    if (wanted >= size) return size;
    if (const size_t end = last_line_end(data, least, wanted)) return end;
    size_t i = wanted - 1;
    while (i < size && data[i] != '\n' && data[i] != '\r') ++i;
    return std::min(size, i + 1 + (i + 1 < size && data[i] == '\r' && data[i + 1] == '\n'));
}

// A str's own units.
struct UnitText {
    const uint8_t* units;
    size_t length;
    int unit_bytes;

    // Appends units [begin, end) to `out` as UTF-8.
    void encode(size_t begin, size_t end, Buffer& out) const {
        uint8_t* const to = out.space(utf8_room(end - begin, unit_bytes));
        out.extend(units_to_utf8(units + begin * size_t(unit_bytes), end - begin, unit_bytes, to));
    }
};

}  // namespace

struct Engine::Impl {
    bool changed = false;
    size_t begin = 0;  // of the text: what the pipeline has taken of it
    Result result;
    Pipeline pipeline;
    Buffer out;      // of one run of it
    Buffer encoded;  // what the pipeline has yet to take of a str
    EditList edits;  // if traced

    void start(const Options& options, Validity validity, bool trace);
    void run(const uint8_t* data, size_t size);
    void run(const UnitText& text);
    template <typename AddSame>
    size_t feed(const uint8_t* data, size_t size, bool last, AddSame add_same);
    Plan plan(size_t size) const;
};

Engine::Engine() noexcept : impl_(new (std::nothrow) Impl) {}
Engine::~Engine() { delete impl_; }

void Engine::Impl::start(const Options& options, Validity validity, bool trace) {
    changed = false;
    begin = 0;
    edits.clear();
    result.clear();
    if (encoded.capacity() > KEPT_BYTES) encoded.release();
    if (out.capacity() > KEPT_BYTES) out.release();
    pipeline.start(options, validity, PORTION, true, trace);
}

// One run of the pipeline, whose result is kept; returns how many bytes it has taken. add_same(count) adds the
// first bytes of the text to the result, when something is edited for the first time.
template <typename AddSame>
size_t Engine::Impl::feed(const uint8_t* data, size_t size, bool last, AddSame add_same) {
    out.clear();
    const size_t taken = pipeline.run(data, size, last, out);
    if (pipeline.changed()) {
        if (!changed) add_same(pipeline.same());
        changed = true;
        result.append(out.data(), out.size());
        edits.take(pipeline.edits(), 0);
    }
    return taken;
}

void Engine::Impl::run(const uint8_t* data, size_t size) {
    const auto add_same = [&](size_t count) { result.append(data, count); };
    for (;;) {
        const size_t count = whole_lines(data + begin, size - begin, pipeline.portion(), pipeline.left());
        const bool last = begin + count == size;
        begin += feed(data + begin, count, last, add_same);
        if (last) break;
    }
}

void Engine::Impl::run(const UnitText& text) {
    constexpr size_t STEP = PORTION / 4;  // units encoded at once
    const auto add_same = [&](size_t count) {
        Buffer part;
        for (size_t from = 0; count; from += STEP) {
            part.clear();
            text.encode(from, std::min(text.length, from + STEP), part);
            const size_t bytes = std::min(count, part.size());
            result.append(part.data(), bytes);
            count -= bytes;
        }
    };
    encoded.clear();
    size_t at = 0, wanted = 0;
    for (;;) {
        wanted = std::max(wanted, pipeline.portion());
        for (size_t end; at < text.length && encoded.size() < wanted; at = end) {
            end = std::min(text.length, at + STEP);
            text.encode(at, end, encoded);
        }
        const bool last = at == text.length;
        const size_t count = last ? encoded.size() : last_line_end(encoded.data(), pipeline.left(), encoded.size());
        if (!count && !last) {  // a line longer than that
            wanted = 2 * encoded.size();
            continue;
        }
        wanted = 0;
        encoded.drop_front(feed(encoded.data(), count, last, add_same));
        if (last) break;
    }
}

// The plan of a text of so many bytes that is done.
Plan Engine::Impl::plan(size_t size) const {
    Plan plan{};
    plan.changed = changed;
    plan.size = changed ? result.size() : size;
    plan.edits = edits.edits.data();
    plan.edit_count = edits.edits.size();
    plan.texts = edits.texts.data();
    return plan;
}

Plan Engine::plan(const uint8_t* data, size_t size, const Options& options, Invalid invalid, bool trace) noexcept {
    Plan plan{};
    plan.status = Status::out_of_memory;
    if (!impl_) return plan;
    try {
        impl_->start(options, validity_of(invalid), trace);
        impl_->run(data, size);
    } catch (const IllFormed& found) {
        impl_->result.clear();
        plan.status = Status::invalid_utf8;
        plan.error_begin = impl_->begin + found.error.begin;
        plan.error_end = impl_->begin + found.error.end;
        plan.error_reason = found.error.reason;
        return plan;
    } catch (const std::exception&) {
        return plan;
    }
    return impl_->plan(size);
}

Plan Engine::plan_units(const void* units, size_t length, int unit_bytes, const Options& options) noexcept {
    Plan plan{};
    plan.status = Status::out_of_memory;
    if (!impl_) return plan;
    try {
        impl_->start(options, Validity::known, false);
        impl_->run(UnitText{static_cast<const uint8_t*>(units), length, unit_bytes});
    } catch (const std::exception&) {
        return plan;
    }
    return impl_->plan(0);
}

void Engine::emit(uint8_t* out) noexcept {
    impl_->result.drain([&](const uint8_t* piece, size_t size) {
        std::memcpy(out, piece, size);
        out += size;
    });
}

Extent Engine::extent() const noexcept {
    Extent all{0, 0};
    impl_->result.each([&](const uint8_t* piece, size_t size) {
        const Extent extent = extent_of(piece, size);
        all.length += extent.length;
        all.most = std::max(all.most, extent.most);
    });
    return all;
}

void Engine::emit_units(void* out, int unit_bytes) noexcept {
    uint8_t* to = static_cast<uint8_t*>(out);
    impl_->result.drain([&](const uint8_t* piece, size_t size) {
        const size_t length = extent_of(piece, size).length;
        utf8_to_units(piece, size, to, length, unit_bytes);
        to += length * size_t(unit_bytes);
    });
}

}  // namespace hanflow
