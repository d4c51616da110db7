#include "text/chars.hpp"

#include <algorithm>
#include <cstring>

#include "text/planes.hpp"

namespace hanflow {

void Chars::reserve(size_t count) {
    if (count <= room_) return;
    room_ = 0;
    constexpr size_t BEHIND = 64;
    cp.reset(new uint32_t[count + BEHIND]);
    cls.reset(new uint8_t[count + BEHIND]);
    room_ = count;
}

void Chars::trim() {
    constexpr size_t KEPT = size_t(1) << 18;
    if (room_ <= KEPT) return;
    *this = Chars();
}

void Chars::read(const CodeUnit* units, const uint8_t* classes, size_t begin, size_t end, bool escapes,
                 bool drop_is_other) {
    const size_t length = end - begin;
    reserve(length + 1);
    origin_ = begin;
    mapped_ = ill_formed = false;
    uint32_t* const to_cp = cp.get();
    uint8_t* const to_class = cls.get();
    const CodeUnit* const from = units + begin;
    const uint8_t* const from_class = classes + begin;
    uint8_t rare = 0;
    for (size_t i = 0; i < length; ++i) to_cp[i] = from[i];
    for (size_t i = 0; i < length; ++i) {
        rare |= from_class[i];
        to_class[i] = from_class[i] & CLASS;
    }
    n = int(length);
    if (rare & RARE_UNIT) {
        bool surrogates = false;
        for (size_t i = 0; i < length; ++i) surrogates |= is_surrogate(from[i]);
        if (surrogates) {
            offset_.resize(length + 1);
            mapped_ = true;
            int count = 0;
            for (size_t i = 0; i < length; ++i, ++count) {
                offset_[size_t(count)] = uint32_t(i);
                uint32_t c = from[i];
                to_class[count] = from_class[i] & CLASS;
                if (is_high_surrogate(c) && i + 1 < length && is_low_surrogate(from[i + 1])) {
                    c = code_point_of(c, from[++i]);
                    to_class[count] = char_class(c);
                } else if (escapes && is_escape(c)) {
                    c = ILL_FORMED;
                    to_class[count] = OTHER;
                    ill_formed = true;
                }
                to_cp[count] = c;
            }
            offset_[size_t(count)] = uint32_t(length);
            n = count;
        }
        if (drop_is_other) std::replace(to_class, to_class + n, uint8_t(DROP), uint8_t(OTHER));
    }
    s = 0;
    e = n;
    while (s < e && in(to_class[s], WHITE)) ++s;
    while (e > s && in(to_class[e - 1], WHITE)) --e;
}

void Chars::find_gaps() {
    gaps.clear();
    const uint8_t* const classes = cls.get();
    for (int i = s;;) {
        const void* const next = std::memchr(classes + i, GAP, size_t(e - i));
        if (!next) break;
        i = int(static_cast<const uint8_t*>(next) - classes);
        int j = i, room = 0;
        for (; in(cls[j], class_bit(GAP) | class_bit(DROP)); ++j)
            if (cls[j] == GAP) room += gap_room(cp[j]);
        const int left = visible(i - 1, -1), right = visible(j, 1);
        // Else only marks that attach stand before or behind it.
        if (left >= 0 && right >= 0) gaps.push_back(Gap{i, j, room, left, right});
        i = j;
    }
}

}  // namespace hanflow
