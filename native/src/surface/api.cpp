// The engine: a whole text through the pipeline, whatever it comes as.
#include "hanflow/api.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <utility>
#include <vector>

#include "repair/byte_map.hpp"
#include "repair/pipeline.hpp"
#include "repair/result.hpp"
#include "text/units.hpp"
#include "text/utf8.hpp"

namespace hanflow {
namespace {

// Memory that an engine keeps for its next call.
constexpr size_t KEPT_UNITS = size_t(1) << 20;

// Code units that go through the pipeline at once: what is held of them fits the second cache. A portion's last segment, some
// thousand units, is decided twice.
constexpr size_t PORTION = size_t(1) << 16;

Reading reading_of(Invalid invalid) {
    return invalid == Invalid::reject ? Reading::well_formed : invalid == Invalid::surrogates ? Reading::surrogates : Reading::escaped;
}

// The first lines of text[0, size) that have about `wanted` elements, and more than `least`.
template <typename Element>
size_t whole_lines(const Element* text, size_t size, size_t wanted, size_t least) {
    if (wanted >= size) return size;
    if (const size_t end = last_line_end(text, least, wanted)) return end;
    size_t i = wanted - 1;
    while (i < size && text[i] != '\n' && text[i] != '\r') ++i;
    return std::min(size, i + 1 + (i + 1 < size && text[i] == '\r' && text[i + 1] == '\n'));
}

}  // namespace

struct Engine::Impl {
    bool changed = false;
    Result result;
    Pipeline pipeline;
    Buffer out;    // of one run of it
    Buffer units;  // what the pipeline has yet to take of a text that is no code units itself
    Substitutes substitutes;
    Extent extent{0, 0};  // of the result of plan_units()
    bool traced = false;
    ByteMap map;
    std::vector<Edit> edits;  // if traced
    std::string texts;

    void start(const Options& options, Source source, bool trace);
    bool run(const uint8_t* data, size_t size, Reading reading, Plan& plan);
    void run_str(const void* text, size_t length, int unit_bytes, const Options& options);
    void add_units(const CodeUnit* more, size_t count);
    template <typename Element, typename Read, typename AddSame, typename AddMore>
    bool run_pieces(const Element* text, size_t size, size_t per_unit, Read read, AddSame add_same, AddMore add_more);
    template <typename AddSame, typename AddMore>
    size_t feed(const CodeUnit* text, size_t length, bool last, AddSame add_same, AddMore add_more);
    Plan plan(size_t size) const;
};

// What it holds may find no memory either.
Engine::Engine() noexcept : impl_(nullptr) {
    try {
        impl_ = new Impl;
    } catch (const std::bad_alloc&) {
    }
}
Engine::~Engine() { delete impl_; }

void Engine::Impl::start(const Options& options, Source source, bool trace) {
    changed = false;
    traced = trace;
    edits.clear();
    texts.clear();
    result.clear();
    substitutes.clear();
    units.clear();
    if (units.capacity() > KEPT_UNITS) units.release();
    if (out.capacity() > KEPT_UNITS) out.release();
    pipeline.start(options, source, PORTION, true, trace);
}

// One run of the pipeline; returns how many units it has taken. add_same(count) adds the first units of the text to the result, when
// something is edited for the first time; add_more(units, count) what comes behind.
template <typename AddSame, typename AddMore>
size_t Engine::Impl::feed(const CodeUnit* text, size_t length, bool last, AddSame add_same, AddMore add_more) {
    out.clear();
    const size_t taken = pipeline.run(text, length, last, out);
    if (pipeline.changed()) {
        if (!changed) add_same(pipeline.same());
        changed = true;
        add_more(out.data(), out.size());
        if (traced) map.translate(pipeline.edits(), edits, texts);
    }
    return taken;
}

// A text that is put into code units piece by piece. per_unit: elements that one code unit has as a rule. read(begin, count, to, made)
// puts elements of it into code units; false: they are refused, as the result then says.
template <typename Element, typename Read, typename AddSame, typename AddMore>
bool Engine::Impl::run_pieces(const Element* text, size_t size, size_t per_unit, Read read, AddSame add_same, AddMore add_more) {
    for (size_t begin = 0;;) {
        const size_t wanted = std::max(pipeline.portion(), units.size() + 1) - units.size();
        const size_t count = whole_lines(text + begin, size - begin, per_unit * wanted, 0);
        const bool last = begin + count == size;
        CodeUnit* const to = units.space(2 * count + UNIT_SLACK);
        size_t made = 0;
        if (!read(begin, count, to, made)) return false;
        if (traced) map.add(to, made);
        units.extend(made);
        begin += count;
        if (!last && units.size() < pipeline.portion()) continue;
        units.drop_front(feed(units.data(), units.size(), last, add_same, add_more));
        if (last) return true;
    }
}

// false: the bytes are refused, and the plan says where.
bool Engine::Impl::run(const uint8_t* data, size_t size, Reading reading, Plan& plan) {
    map.start(reading);
    const auto read = [&](size_t begin, size_t count, CodeUnit* to, size_t& made) {
        if (reading != Reading::escaped) {
            const Utf8Error error = validate_utf8(data + begin, count, reading == Reading::surrogates);
            if (!error.ok) {
                plan.status = Status::invalid_utf8;
                plan.error_begin = begin + error.begin;
                plan.error_end = begin + error.end;
                plan.error_reason = error.reason;
                return false;
            }
        }
        made = utf8_to_units(data + begin, count, reading, to, substitutes);
        return true;
    };
    // The bytes of the first units, which are as they were.
    const auto add_same = [&](size_t count) {
        size_t at = 0;
        for (size_t unit = 0; unit < count;) {
            const size_t length = reading == Reading::escaped && ill_formed_length(data, size, at, false) ? 1 : sequence_length(data[at]);
            unit += length == 4 ? 2 : 1;
            at += length;
        }
        result.append(data, at);
        if (!substitutes.any()) return;
        Buffer again;
        Substitutes passed;
        utf8_to_units(data, at, reading, again.space(at + UNIT_SLACK), passed);
        substitutes.next = passed.units.size();
    };
    const auto add_more = [&](const CodeUnit* more, size_t count) {
        uint8_t* const to = result.space(utf8_room(count));
        result.extend(units_to_utf8(more, count, reading, to, substitutes));
    };
    return run_pieces(data, size, 3, read, add_same, add_more);
}

// Code units of a str's result.
void Engine::Impl::add_units(const CodeUnit* more, size_t count) {
    constexpr size_t MOST = size_t(1) << 19;  // so that a piece of the result holds whole characters
    while (count) {
        size_t part = std::min(count, MOST);
        if (part < count && is_high_surrogate(more[part - 1])) --part;
        const Extent found = extent_of(more, part);
        extent.length += found.length;
        extent.greatest = std::max(extent.greatest, found.greatest);
        result.append(more, 2 * part);
        more += part;
        count -= part;
    }
}

void Engine::Impl::run_str(const void* text, size_t length, int unit_bytes, const Options& options) {
    start(options, Source{}, false);
    extent = Extent{0, 0};
    const auto add_more = [&](const CodeUnit* more, size_t count) { add_units(more, count); };
    const CodeUnit* const given = static_cast<const CodeUnit*>(text);
    if (unit_bytes == 2 && is_units(given, length)) {
        for (size_t begin = 0, last = 0; !last;) {
            const size_t count = whole_lines(given + begin, length - begin, pipeline.portion(), pipeline.left());
            last = begin + count == length;
            begin += feed(given + begin, count, last, [&](size_t same) { add_more(given, same); }, add_more);
        }
        return;
    }
    const auto run = [&](const auto* text) {
        const auto read = [&](size_t begin, size_t count, CodeUnit* to, size_t& made) {
            made = str_to_units(text + begin, count, to, substitutes);
            return true;
        };
        const auto add_same = [&](size_t same) {
            constexpr size_t STEP = size_t(1) << 16;
            Buffer again;
            Substitutes passed;
            for (size_t at = 0; same; at += STEP) {
                CodeUnit* const to = again.space(2 * STEP + UNIT_SLACK);
                const size_t made = std::min(same, str_to_units(text + at, std::min(STEP, length - at), to, passed));
                add_more(to, made);
                same -= made;
            }
        };
        run_pieces(text, length, 1, read, add_same, add_more);
    };
    if (unit_bytes == 4)
        run(static_cast<const uint32_t*>(text));
    else if (unit_bytes == 2)
        run(given);
    else
        run(static_cast<const uint8_t*>(text));
}

// The plan of a text of so many bytes that is done.
Plan Engine::Impl::plan(size_t size) const {
    Plan plan{};
    plan.changed = changed;
    plan.size = changed ? result.size() : size;
    plan.edits = edits.data();
    plan.edit_count = edits.size();
    plan.texts = texts.data();
    return plan;
}

Plan Engine::plan(const uint8_t* data, size_t size, const Options& options, Invalid invalid, bool trace) noexcept {
    Plan plan{};
    plan.status = Status::out_of_memory;
    if (!impl_) return plan;
    try {
        const Reading reading = reading_of(invalid);
        impl_->start(options, Source{reading == Reading::escaped}, trace);
        if (!impl_->run(data, size, reading, plan)) {
            impl_->result.clear();
            return plan;
        }
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
        impl_->run_str(units, length, unit_bytes, options);
    } catch (const std::exception&) {
        return plan;
    }
    return impl_->plan(0);
}

void Engine::emit(uint8_t* out) noexcept {
    impl_->result.drain([&](const uint8_t* piece, size_t size) {
        if (size) std::memcpy(out, piece, size);
        out += size;
    });
}

Extent Engine::extent() const noexcept { return impl_->extent; }

void Engine::emit_units(void* out, int unit_bytes) noexcept {
    uint8_t* to = static_cast<uint8_t*>(out);
    impl_->result.drain([&](const uint8_t* piece, size_t size) {
        const CodeUnit* const units = reinterpret_cast<const CodeUnit*>(piece);
        to += units_to_str(units, size / 2, to, unit_bytes, impl_->substitutes) * size_t(unit_bytes);
    });
}

}  // namespace hanflow
