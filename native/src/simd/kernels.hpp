// The loops that differ by CPU. Each CPU path fills one table; dispatch.cpp picks one at first use.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/lattice.hpp"

namespace hanflow {

// What the layers above hold their arrays in; only their loops look inside.
struct PlaneWord;  // text/planes.hpp
struct Page;       // lines/page.hpp
struct Line;
struct Unit;
struct Facts;      // evidence/facts.hpp

struct Kernels {
    const char* name;  // the CPU generation that has the features: portable, haswell, icelake, neon

    // Sets classes[0, size) and words[0, words_of(size)), whose bits behind `size` are zero. Reads nothing behind units[size - 1];
    // may write classes up to the next multiple of 64.
    void (*classify)(const uint16_t* units, size_t size, uint8_t* classes, PlaneWord* words);

    // What utf8.cpp does for whole blocks of 64 bytes (utf8.inl); nullptr: only that.
    size_t (*well_formed)(const uint8_t* data, size_t begin, size_t end, bool allow_surrogates);

    // Writes the units of the first bytes of well-formed UTF-8, and at most 64 units behind them; returns the bytes, which end behind
    // a character, and the units in made. nullptr: none.
    size_t (*from_utf8)(const uint8_t* data, size_t size, uint16_t* out, size_t& made);
    // Writes the first units as UTF-8, and at most 64 bytes behind; returns how many, and the bytes in made. Stops before a surrogate.
    // nullptr: none.
    size_t (*to_utf8)(const uint16_t* units, size_t length, uint8_t* out, size_t& made);

    // Writes units[0, length) without their ASCII spaces to out, which has room for UNIT_SLACK more; returns how many are left.
    size_t (*squeeze)(const uint16_t* units, size_t length, uint16_t* out);

    // What Page::measure does, for the line [begin, end), if it has no rare characters. false: the line must be measured character by character, from
    // fresh.
    bool (*measure)(Page& page, Line& line, Unit& unit, size_t begin, size_t end);

    // What the lines around say of lines; which lines go on titles, as far as flags tell; what line ends cost and what lines vote for
    // (weigh.inl).
    void (*around)(Facts& facts);
    void (*titles)(Facts& facts);
    void (*weigh)(Facts& facts);
    // The measures of each block of lines, best first, and what they cost at its lines (columns.inl). few: they cost nothing.
    void (*columns)(Facts& facts, int16_t* measures, bool few);

    // The Viterbi pass over runs of lines (lattice.hpp): sets their states. Several go side by side.
    void (*decode)(const lattice::Run* runs, size_t count, lattice::Scratch& scratch);
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
