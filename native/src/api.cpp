// TEMPORARY: passes text through unchanged, so that the Python side can be built. The real core replaces this file.
#include "hanflow/api.hpp"

#include <cstring>
#include <new>

namespace hanflow {

struct Engine::Impl {
    const uint8_t* data = nullptr;
    size_t size = 0;
};

namespace {

// CPython's rules; returns the length of the sequence at data[i], or 0 and the range and reason of the error.
size_t step(const uint8_t* data, size_t size, size_t i, bool surrogates, Plan& plan) {
    const uint8_t lead = data[i];
    if (lead < 0x80) return 1;
    const auto fail = [&](size_t end, const char* reason) {
        plan.status = Status::invalid_utf8;
        plan.error_begin = i;
        plan.error_end = end;
        plan.error_reason = reason;
        return size_t(0);
    };
    if (lead < 0xC2 || lead > 0xF4) return fail(i + 1, "invalid start byte");
    const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    for (size_t k = 1; k < length; ++k) {
        if (i + k == size) return fail(size, "unexpected end of data");
        uint8_t low = 0x80, high = 0xBF;
        if (k == 1) {
            if (lead == 0xE0) low = 0xA0;
            if (lead == 0xED && !surrogates) high = 0x9F;
            if (lead == 0xF0) low = 0x90;
            if (lead == 0xF4) high = 0x8F;
        }
        if (data[i + k] < low || data[i + k] > high) return fail(i + k, "invalid continuation byte");
    }
    return length;
}

}  // namespace

Engine::Engine() noexcept : impl_(new (std::nothrow) Impl) {}
Engine::~Engine() { delete impl_; }

Plan Engine::plan(const uint8_t* data, size_t size, const Options&, Invalid invalid) noexcept {
    Plan plan{};
    if (!impl_) {
        plan.status = Status::out_of_memory;
        return plan;
    }
    impl_->data = data;
    impl_->size = size;
    plan.size = size;
    if (invalid != Invalid::preserve)
        for (size_t i = 0; i < size;) {
            const size_t length = step(data, size, i, invalid == Invalid::surrogates, plan);
            if (!length) return plan;
            i += length;
        }
    return plan;
}

void Engine::emit(uint8_t* out) const noexcept { std::memcpy(out, impl_->data, impl_->size); }

}  // namespace hanflow
