// The face of the core: what Cython sees. Knows no Python; throws nothing.
//
// Use: one Engine per thread. plan() reads the text and decides every repair; emit() writes a changed result into memory
// that the caller has allocated with the size that plan() returned. The source must stay alive and unchanged during
// plan(). All positions and sizes are in bytes of UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hanflow {

// The stage that made a repair. The order is that of the contract; the names are the options' names.
enum class Rule : uint8_t { compat = 0, width = 1, spacing = 2, vertical = 3, unwrap = 4 };

enum class Width : uint8_t { none = 0, alnum = 1, contextual = 2, all = 3 };
enum class Spacing : uint8_t { none = 0, automatic = 1, all = 2 };
enum class LatinGap : uint8_t { automatic = 0, remove = 1, keep = 2, insert = 3 };

// What plan() does with bytes that are not UTF-8.
enum class Invalid : uint8_t {
    reject = 0,      // stop with the exact range of the first ill-formed sequence
    preserve = 1,    // keep each such byte as it is; no repair touches it or reaches across it
    surrogates = 2,  // three-byte surrogates (a Python str's lone surrogates) pass; anything else ill-formed is rejected
};

struct Options {
    bool compat = true;
    Width width = Width::contextual;
    Spacing spacing = Spacing::automatic;
    LatinGap latin_gap = LatinGap::automatic;
    bool vertical = true;
    bool unwrap = true;
    uint8_t min_confidence = 0;  // per cent; less sure repairs are left out
};

// Why a repair is made, if it is traced: bits for lines of the tables in reasons.hpp, and the number that one speaks of.
struct Why {
    uint32_t reasons;
    uint16_t count;
};

// One repair: source bytes [begin, end) become texts[text, text + text_size). Edits come in source order and do not
// overlap. confidence is in per cent, 0..100.
struct Edit {
    size_t begin;
    size_t end;
    uint32_t text;
    uint32_t text_size;
    Rule rule;
    uint8_t confidence;
    uint16_t count;    // Why
    uint32_t reasons;
};

enum class Status : uint8_t { ok = 0, invalid_utf8 = 1, out_of_memory = 2, closed = 3 };

struct Plan {
    Status status;
    bool changed;             // false: the result is the source, byte for byte
    size_t size;              // bytes that emit() writes
    size_t error_begin;       // invalid_utf8: first ill-formed sequence, [error_begin, error_end), as
    size_t error_end;         //   CPython's decoder reports it
    const char* error_reason; // invalid_utf8: CPython's own words ("invalid start byte", "invalid continuation byte",
                              //   "unexpected end of data"), static storage
    const Edit* edits;        // if traced; valid until the next plan() or the engine's end
    size_t edit_count;
    const char* texts;        // the pool that Edit::text points into
    size_t settled;           // of a traced stream: no edit to come begins before this position
};

// Code points of a text, and the greatest one, rounded up as PyUnicode_New() wants it: 0x7F, 0xFF, 0xFFFF or 0x10FFFF.
struct Extent {
    size_t length;
    uint32_t greatest;
};

// Of well-formed UTF-8, surrogates included. Linear.
Extent extent_of(const uint8_t* data, size_t size) noexcept;

class Engine {
public:
    Engine() noexcept;
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Decides all repairs of data[0, size). Linear in size. trace: Plan::edits lists them; else it is empty, which is
    // faster. The engine keeps some megabytes of memory for the next call.
    Plan plan(const uint8_t* data, size_t size, const Options& options, Invalid invalid, bool trace) noexcept;

    // The same for a str's own units, of one, two or four bytes a code point; lone surrogates pass. Nothing is traced, and
    // Plan::size is that of a changed result only.
    Plan plan_units(const void* units, size_t length, int unit_bytes, const Options& options) noexcept;
    // Write the result of the last plan, which was changed, to `out`, and give most of its memory back: once. emit() after plan(),
    // exactly Plan::size bytes of UTF-8; emit_units() after plan_units(), units of a str, as long and wide as extent() says.
    void emit(uint8_t* out) noexcept;
    Extent extent() const noexcept;
    void emit_units(void* out, int unit_bytes) noexcept;

private:
    struct Impl;
    Impl* impl_;
};

// A text that comes in pieces, cut anywhere. The results one behind the other are what Engine gives for the whole.
class Stream {
public:
    // trace: the plans of feed() list the edits that have become final, in positions of the whole text.
    Stream(const Options& options, Invalid invalid, bool trace) noexcept;
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // Takes the next piece; last: the text ends with it. Plan::size bytes of the result are then in output(). Positions of an
    // error count from the start of the stream; after one, and after the last piece, Status::closed is all that comes. Memory does not grow
    // with the text: a pass holds its open segment (768 text lines at most) and a portion of 65,536 characters, and its edits if traced.
    Plan feed(const uint8_t* data, size_t size, bool last) noexcept;
    const uint8_t* output() const noexcept;

private:
    struct Impl;
    Impl* impl_;
};

// The name of the CPU path in use: the best that CPU and operating system allow, or what HANFLOW_ISA names if it is one of
// those. Decided at first use.
const char* cpu_path() noexcept;
// The i-th path that this CPU can run, the best first; null behind the last.
const char* cpu_path(size_t i) noexcept;

}  // namespace hanflow
