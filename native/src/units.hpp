// A Python str's own units (PEP 393: one, two or four bytes a code point) to UTF-8 and back, so that no text pays for
// CPython's encoder and decoder. Lone surrogates have three bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hanflow/api.hpp"

namespace hanflow {

// Bytes that units_to_utf8() may write, and what it may write behind its result.
constexpr size_t UTF8_SLACK = 64;
inline size_t utf8_room(size_t length, int unit_bytes) { return length * size_t(unit_bytes == 4 ? 4 : unit_bytes + 1) + UTF8_SLACK; }

// Writes units[0, length) as UTF-8 to out, which has utf8_room() bytes; returns how many it has. Units of four bytes are at
// most 0x10FFFF. Linear.
size_t units_to_utf8(const void* units, size_t length, int unit_bytes, uint8_t* out) noexcept;

// Of well-formed UTF-8, surrogates included.
Extent extent_of(const uint8_t* data, size_t size) noexcept;

// Writes data[0, size) to units[0, length), length and unit_bytes as its extent says. Writes nothing behind.
void utf8_to_units(const uint8_t* data, size_t size, void* units, size_t length, int unit_bytes) noexcept;

}  // namespace hanflow
