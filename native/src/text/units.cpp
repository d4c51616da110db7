#include "text/units.hpp"

#include <algorithm>
#include <cstring>

#include "simd/kernels.hpp"
#include "text/utf8.hpp"

namespace hanflow {
namespace {

// One well-formed sequence, three-byte surrogates included; returns its length.
size_t decode_one(const uint8_t* p, CodeUnit*& out) {
    const uint8_t lead = p[0];
    if (lead < 0x80) {
        *out++ = lead;
        return 1;
    }
    if (lead < 0xE0) {
        *out++ = CodeUnit((lead & 0x1F) << 6 | (p[1] & 0x3F));
        return 2;
    }
    if (lead < 0xF0) {
        *out++ = CodeUnit((lead & 0x0F) << 12 | (p[1] & 0x3F) << 6 | (p[2] & 0x3F));
        return 3;
    }
    const uint32_t cp = uint32_t(lead & 0x07) << 18 | uint32_t(p[1] & 0x3F) << 12 | uint32_t(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
    *out++ = CodeUnit(0xD800 + ((cp - 0x10000) >> 10));
    *out++ = CodeUnit(0xDC00 + (cp & 0x3FF));
    return 4;
}

uint8_t* encode_one(uint32_t cp, uint8_t* to) {
    if (cp < 0x80) {
        to[0] = uint8_t(cp);
        return to + 1;
    }
    if (cp < 0x800) {
        to[0] = uint8_t(0xC0 | cp >> 6);
        to[1] = uint8_t(0x80 | (cp & 0x3F));
        return to + 2;
    }
    if (cp < 0x10000) {
        to[0] = uint8_t(0xE0 | cp >> 12);
        to[1] = uint8_t(0x80 | (cp >> 6 & 0x3F));
        to[2] = uint8_t(0x80 | (cp & 0x3F));
        return to + 3;
    }
    to[0] = uint8_t(0xF0 | cp >> 18);
    to[1] = uint8_t(0x80 | (cp >> 12 & 0x3F));
    to[2] = uint8_t(0x80 | (cp >> 6 & 0x3F));
    to[3] = uint8_t(0x80 | (cp & 0x3F));
    return to + 4;
}

// The pair at units[i], if one stands there.
bool pair_at(const CodeUnit* units, size_t i, size_t length) {
    return is_high_surrogate(units[i]) && i + 1 < length && is_low_surrogate(units[i + 1]);
}

// What a substitute stands for, in its turn.
uint32_t put_back(Substitutes& substitutes) {
    return substitutes.next < substitutes.units.size() ? substitutes.units[substitutes.next++] : Substitutes::PLACE;
}

}  // namespace

size_t utf8_to_units(const uint8_t* data, size_t size, Reading reading, CodeUnit* out, Substitutes& substitutes) {
    CodeUnit* to = out;
    if (reading == Reading::well_formed) {
        size_t at = 0, made = 0;
        if (kernels().from_utf8) at = kernels().from_utf8(data, size, out, made);
        to += made;
        while (at < size) at += decode_one(data + at, to);
        return size_t(to - out);
    }
    for (size_t at = 0; at < size;) {
        if (reading == Reading::escaped && data[at] >= 0x80) {
            if (const size_t bad = ill_formed_length(data, size, at, false)) {
                for (size_t k = 0; k < bad; ++k) *to++ = CodeUnit(ESCAPE + data[at + k]);
                at += bad;
                continue;
            }
        }
        const size_t bytes = decode_one(data + at, to);
        at += bytes;
        if (reading == Reading::surrogates && bytes == 3 && (is_surrogate(to[-1]) || to[-1] == Substitutes::PLACE)) {
            substitutes.units.push_back(to[-1]);
            to[-1] = Substitutes::PLACE;
        }
    }
    return size_t(to - out);
}

size_t units_to_utf8(const CodeUnit* units, size_t length, Reading reading, uint8_t* out, Substitutes& substitutes) {
    uint8_t* to = out;
    const bool plain = reading != Reading::escaped && !substitutes.any();
    for (size_t i = 0; i < length;) {
        if (plain && kernels().to_utf8) {
            size_t made = 0;
            i += kernels().to_utf8(units + i, length - i, to, made);
            to += made;
            if (i == length) break;
        }
        // The kernel stopped at a surrogate, or at the end: some units by themselves.
        for (const size_t end = plain ? std::min(length, i + 32) : length; i < end; ++i) {
            const uint32_t unit = units[i];
            if (pair_at(units, i, length)) {
                to = encode_one(code_point_of(unit, units[i + 1]), to);
                ++i;
            } else if (reading == Reading::escaped && is_escape(unit)) {
                *to++ = uint8_t(unit - ESCAPE);
            } else if (unit == Substitutes::PLACE && substitutes.any()) {
                to = encode_one(put_back(substitutes), to);
            } else {
                to = encode_one(unit, to);
            }
        }
    }
    return size_t(to - out);
}

size_t utf8_bytes_at(const CodeUnit* units, size_t i, size_t length, Reading reading) {
    const uint32_t unit = units[i];
    if (unit < 0x80) return 1;
    if (unit < 0x800) return 2;
    if (!is_surrogate(unit)) return 3;
    if (pair_at(units, i, length)) return 4;
    if (is_low_surrogate(unit) && i && is_high_surrogate(units[i - 1])) return 0;
    return reading == Reading::escaped && is_escape(unit) ? 1 : 3;
}

template <typename Unit>
size_t str_to_units(const Unit* text, size_t length, CodeUnit* out, Substitutes& substitutes) {
    CodeUnit* to = out;
    for (size_t i = 0; i < length; ++i) {
        const uint32_t cp = text[i];
        if (cp >= 0x10000) {
            *to++ = CodeUnit(0xD800 + ((cp - 0x10000) >> 10));
            *to++ = CodeUnit(0xDC00 + (cp & 0x3FF));
        } else if (is_surrogate(cp) || cp == Substitutes::PLACE) {
            substitutes.units.push_back(CodeUnit(cp));
            *to++ = Substitutes::PLACE;
        } else {
            *to++ = CodeUnit(cp);
        }
    }
    return size_t(to - out);
}
template size_t str_to_units(const uint8_t*, size_t, CodeUnit*, Substitutes&);
template size_t str_to_units(const uint16_t*, size_t, CodeUnit*, Substitutes&);
template size_t str_to_units(const uint32_t*, size_t, CodeUnit*, Substitutes&);

bool is_units(const CodeUnit* text, size_t length) {
    for (size_t at = 0; at < length;) {
        const size_t end = length - at < 4096 ? length : at + 4096;
        uint32_t found = 0;
        for (; at < end; ++at) found |= uint32_t(is_surrogate(text[at]));
        if (found) return false;
    }
    return true;
}

Extent extent_of(const CodeUnit* units, size_t length) {
    Extent extent{length, 0};
    uint32_t all = 0, most = 0;
    bool surrogates = false;
    for (size_t i = 0; i < length; ++i) {
        all |= units[i];
        surrogates |= is_surrogate(units[i]);
    }
    most = all < 0x80 ? 0x7F : all < 0x100 ? 0xFF : 0xFFFF;
    if (surrogates)
        for (size_t i = 0; i + 1 < length; ++i)
            if (pair_at(units, i, length)) {
                --extent.length;
                most = 0x10FFFF;
                ++i;
            }
    extent.greatest = most;
    return extent;
}

size_t units_to_str(const CodeUnit* units, size_t length, void* out, int unit_bytes, Substitutes& substitutes) {
    if (unit_bytes == 2 && !substitutes.any()) {
        if (length) std::memcpy(out, units, 2 * length);
        return length;
    }
    if (unit_bytes == 1) {
        uint8_t* const to = static_cast<uint8_t*>(out);
        for (size_t i = 0; i < length; ++i) to[i] = uint8_t(units[i]);
        return length;
    }
    const auto unit_at = [&](size_t i) -> uint32_t {
        return units[i] == Substitutes::PLACE && substitutes.any() ? put_back(substitutes) : units[i];
    };
    if (unit_bytes == 2) {
        uint16_t* const to = static_cast<uint16_t*>(out);
        for (size_t i = 0; i < length; ++i) to[i] = uint16_t(unit_at(i));
        return length;
    }
    uint32_t* to = static_cast<uint32_t*>(out);
    for (size_t i = 0; i < length; ++i) {
        if (pair_at(units, i, length)) {
            *to++ = code_point_of(units[i], units[i + 1]);
            ++i;
        } else {
            *to++ = unit_at(i);
        }
    }
    return size_t(to - static_cast<uint32_t*>(out));
}

}  // namespace hanflow
