// UTF-8: validation, the exact place and reason of an error, and the length of what is ill-formed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hanflow/api.hpp"

namespace hanflow {

// ok: the rest is zero. Otherwise [begin, end) is the first ill-formed sequence and reason says, in static storage and
// CPython's words, what is wrong with it.
struct Utf8Error {
    bool ok;
    size_t begin, end;
    const char* reason;
};

// Decodes the well-formed sequence at p (surrogates included); returns its length.
inline int decode(const uint8_t* p, uint32_t& cp) {
    const uint8_t lead = p[0];
    if (lead < 0x80) {
        cp = lead;
        return 1;
    }
    if (lead < 0xE0) {
        cp = uint32_t(lead & 0x1F) << 6 | (p[1] & 0x3F);
        return 2;
    }
    if (lead < 0xF0) {
        cp = uint32_t(lead & 0x0F) << 12 | uint32_t(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
        return 3;
    }
    cp = uint32_t(lead & 0x07) << 18 | uint32_t(p[1] & 0x3F) << 12 | uint32_t(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
    return 4;
}

// Bytes of the sequence that begins so, in well-formed UTF-8.
inline size_t sequence_length(uint8_t lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

// Finds the first ill-formed sequence of data[0, size).
//
// Place and reason are those of CPython's bytes.decode("utf-8"); with allow_surrogates, those of
// decode("utf-8", "surrogatepass"), to which a complete ED A0..BF xx is well-formed.
// Linear; reads nothing outside of data[0, size); allocates nothing. data may be null if size is 0. Any bytes may be
// given.
// 0 <= begin < end <= size, and end - begin <= 3, in a report.
Utf8Error validate_utf8(const uint8_t* data, size_t size, bool allow_surrogates) noexcept;

// The length of the ill-formed sequence that starts at data[at]; 0 if the sequence there is well-formed.
//
// What is kept as it is under the preserve policy: the same bytes that validate_utf8 reports (1 to 3), so a caller who
// skips them and goes on finds every error that CPython finds with an error handler that skips.
// at < size, and at is the start of a sequence or the end of one that was ill-formed. Constant time.
size_t ill_formed_length(const uint8_t* data, size_t size, size_t at, bool allow_surrogates) noexcept;

}  // namespace hanflow
