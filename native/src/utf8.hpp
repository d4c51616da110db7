// UTF-8: validation, the exact place and reason of an error, and the length of what is ill-formed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hanflow/api.hpp"

namespace hanflow {

// What is known of the bytes of a text, and what is to be done about those that are not UTF-8.
enum class Validity : uint8_t {
    known,             // there are none
    check,             // the scan finds them (IllFormed); ...
    check_surrogates,  // ... three-byte surrogates pass
    preserve,          // they stay as they are
};

constexpr Validity validity_of(Invalid invalid) {
    return invalid == Invalid::reject ? Validity::check : invalid == Invalid::surrogates ? Validity::check_surrogates : Validity::preserve;
}
// Of a text that has been checked, or that a pass made of such a one.
constexpr Validity once_checked(Validity source) { return source == Validity::preserve ? source : Validity::known; }

// ok: the rest is zero. Otherwise [begin, end) is the first ill-formed sequence and reason says, in static storage and
// CPython's words, what is wrong with it.
struct Utf8Error {
    bool ok;
    size_t begin, end;
    const char* reason;
};

// Thrown where a scan finds one: positions in the data that it was given.
struct IllFormed {
    Utf8Error error;
};

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
