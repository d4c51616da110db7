#include "units.hpp"

#include <algorithm>
#include <cstring>

#include "chars.hpp"
#include "kernels/kernels.hpp"

namespace hanflow {
namespace {

// Code points one by one: `out` behind the last byte.
template <typename Unit>
uint8_t* encode_all(const Unit* units, size_t length, uint8_t* out) {
    for (size_t i = 0; i < length; ++i) out = encode(units[i], out);
    return out;
}

template <typename Unit>
void decode_all(const uint8_t* data, size_t size, Unit* out) {
    for (size_t i = 0; i < size; ++out) {
        uint32_t cp;
        i += size_t(decode(data + i, cp));
        *out = Unit(cp);
    }
}

}  // namespace

size_t units_to_utf8(const void* units, size_t length, int unit_bytes, uint8_t* out) noexcept {
    if (unit_bytes == 1) return size_t(encode_all(static_cast<const uint8_t*>(units), length, out) - out);
    if (unit_bytes == 4) return size_t(encode_all(static_cast<const uint32_t*>(units), length, out) - out);
    const uint16_t* const two = static_cast<const uint16_t*>(units);
    size_t size = 0, done = 0;
    if (kernels().to_utf8) done = kernels().to_utf8(two, length, out, size);
    return size_t(encode_all(two + done, length - done, out + size) - out);
}

Extent extent_of(const uint8_t* data, size_t size) noexcept {
    Extent extent{0, 0};
    // Blocks short enough for the compiler to count in bytes.
    for (size_t at = 0; at < size;) {
        const size_t end = std::min(size, at + 192);
        uint8_t leads = 0, most = 0;
        for (; at < end; ++at) {
            leads = uint8_t(leads + ((data[at] & 0xC0) != 0x80));
            most = std::max(most, data[at]);
        }
        extent.length += leads;
        extent.most = std::max(extent.most, most);
    }
    return extent;
}

void utf8_to_units(const uint8_t* data, size_t size, void* units, size_t length, int unit_bytes) noexcept {
    if (unit_bytes == 1) {
        if (size == length) {
            if (size) std::memcpy(units, data, size);
        } else {
            decode_all(data, size, static_cast<uint8_t*>(units));
        }
    } else if (unit_bytes == 4) {
        decode_all(data, size, static_cast<uint32_t*>(units));
    } else {
        uint16_t* const out = static_cast<uint16_t*>(units);
        size_t at = 0, made = 0;
        if (kernels().from_utf8) at = kernels().from_utf8(data, size, out, length, made);
        decode_all(data + at, size - at, out + made);
    }
}

}  // namespace hanflow
