// The loops that differ by CPU. Each CPU path fills one table; dispatch.cpp picks one at first use.
#pragma once

#include <cstddef>
#include <cstdint>

#include "page.hpp"
#include "scan.hpp"
#include "unwrap.hpp"

namespace hanflow {

struct Kernels {
    const char* name;  // the CPU generation that has the features: portable, haswell, icelake, neon

    // Fills the masks of data[0, size), size <= SCAN_BYTES. data[0, size) is well-formed UTF-8 (three-byte surrogates
    // allowed) that may be cut off in a sequence at the end; nothing behind data[available - 1] is read, available >= size.
    void (*scan)(const uint8_t* data, size_t size, size_t available, Masks& masks);

    // What Page::measure does, for a line that page.masks cover (from byte `scanned` of the text on) and that holds few rare
    // characters. false: the line must be measured character by character, from fresh.
    bool (*measure)(Page& page, Line& line, Unit& unit, size_t scanned);

    // What utf8.cpp does for whole blocks of 64 bytes (utf8.inl); nullptr: only that.
    size_t (*well_formed)(const uint8_t* data, size_t begin, size_t end, bool allow_surrogates);

    // What units.cpp does for most of a text in units of two bytes (vbmi2.inl); nullptr: only that.
    size_t (*to_utf8)(const uint16_t* units, size_t length, uint8_t* out, size_t& size);
    size_t (*from_utf8)(const uint8_t* data, size_t size, uint16_t* out, size_t length, size_t& made);

    // What Chars::read does, for well-formed data[0, size); returns how many characters. The arrays have room for 64 more.
    // nullptr: only that.
    int (*read)(const uint8_t* data, size_t size, uint32_t* cp, uint8_t* cls, uint32_t* offset);

    // Writes data[0, size) without its ASCII spaces to out, which has 64 bytes more; returns how many are left.
    size_t (*squeeze)(const uint8_t* data, size_t size, uint8_t* out);

    // Puts ASCII for the full-width letters and digits of text[0, size), behind which there is room for 64 bytes; returns how many
    // are left.
    size_t (*narrow)(uint8_t* text, size_t size);

    // Sets the ways to the states of a line, and its last ending, from the line before (reach.inl).
    void (*reach)(const Unwrap::Row& row, const Unwrap::Step& last, Unwrap::Step& step);
};

// The table in use: the best that CPU and operating system allow, or what HANFLOW_ISA names. Never changes.
const Kernels& kernels();

namespace portable { extern const Kernels table; }
#if defined(__x86_64__) && defined(__GNUC__)
#define HANFLOW_X86 1
namespace haswell { extern const Kernels table; }
namespace icelake { extern const Kernels table; }
#elif defined(__AARCH64EL__)
#define HANFLOW_NEON 1
namespace neon { extern const Kernels table; }
#endif

// Code between the two is compiled for these features of the CPU.
#define HANFLOW_PRAGMA(text) _Pragma(#text)
#ifdef __clang__
#define HANFLOW_TARGET_BEGIN(features) \
    HANFLOW_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define HANFLOW_TARGET_END HANFLOW_PRAGMA(clang attribute pop)
#else
#define HANFLOW_TARGET_BEGIN(features) HANFLOW_PRAGMA(GCC push_options) HANFLOW_PRAGMA(GCC target(features))
#define HANFLOW_TARGET_END HANFLOW_PRAGMA(GCC pop_options)
#endif

}  // namespace hanflow
