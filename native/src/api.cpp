// The engine: passes over the text until nothing changes, their edits composed over the source.
#include "hanflow/api.hpp"

#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "edits.hpp"
#include "pass.hpp"
#include "units.hpp"
#include "utf8.hpp"

namespace hanflow {
namespace {

// Memory that an engine keeps for its next call.
constexpr size_t KEPT_BYTES = size_t(8) << 20;

}  // namespace

struct Engine::Impl {
    Pass pass;
    EditList edits, next, composed;
    std::vector<Segment> segments;
    Buffer text, other;  // results of the passes
    Buffer encoded;      // the source of plan_units()
    const uint8_t* data = nullptr;
    size_t size = 0;
    bool changed = false;
};

Engine::Engine() noexcept : impl_(new (std::nothrow) Impl) {}
Engine::~Engine() { delete impl_; }

Plan Engine::plan(const uint8_t* data, size_t size, const Options& options, Invalid invalid, bool trace) noexcept {
    const bool preserve = invalid == Invalid::preserve;
    if (!preserve) {
        const Utf8Error error = validate_utf8(data, size, invalid == Invalid::surrogates);
        if (!error.ok) {
            Plan plan{};
            plan.status = Status::invalid_utf8;
            plan.error_begin = error.begin;
            plan.error_end = error.end;
            plan.error_reason = error.reason;
            return plan;
        }
    }
    return decide(data, size, options, preserve, trace);
}

Plan Engine::plan_units(const void* units, size_t length, int unit_bytes, const Options& options) noexcept {
    Plan plan{};
    plan.status = Status::out_of_memory;
    if (!impl_) return plan;
    Buffer& encoded = impl_->encoded;
    const size_t room = utf8_room(length, unit_bytes);
    if (encoded.capacity() > KEPT_BYTES && room < KEPT_BYTES) encoded.release();
    try {
        encoded.reserve(room);
    } catch (const std::bad_alloc&) {
        return plan;
    }
    return decide(encoded.data(), units_to_utf8(units, length, unit_bytes, encoded.space()), options, false, false);
}

// The text is well-formed, unless its ill-formed bytes are to be preserved.
Plan Engine::decide(const uint8_t* data, size_t size, const Options& options, bool preserve, bool trace) noexcept {
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
    try {
        Part source;
        s.changed = s.pass.run(data, size, options, preserve, s.text, trace ? &s.edits : nullptr, s.segments, source) > 0;
        for (int pass = 1; s.changed && pass < PASSES; ++pass) {
            Part all;
            const size_t count = s.pass.run(s.text.data(), s.text.size(), options, preserve, s.other, trace ? &s.next : nullptr,
                                            s.segments, all);
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

Extent Engine::extent() const noexcept { return extent_of(impl_->text.data(), impl_->text.size()); }

void Engine::emit_units(void* out, size_t length, int unit_bytes) const noexcept {
    utf8_to_units(impl_->text.data(), impl_->text.size(), out, length, unit_bytes);
}

}  // namespace hanflow
