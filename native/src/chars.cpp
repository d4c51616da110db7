#include "chars.hpp"

#include <algorithm>
#include <cstring>

#include "kernels/kernels.hpp"
#include "units.hpp"
#include "utf8.hpp"

namespace hanflow {

void Chars::reserve(size_t count) {
    if (count <= room_) return;
    room_ = 0;
    constexpr size_t BEHIND = 64;  // that a kernel may write too
    cp.reset(new uint32_t[count + BEHIND]);
    cls.reset(new uint8_t[count + BEHIND]);
    offset.reset(new uint32_t[count + BEHIND]);
    room_ = count;
}

void Chars::trim() {
    constexpr size_t KEPT = size_t(1) << 18;
    if (room_ <= KEPT) return;
    *this = Chars();
}

void Chars::read(const uint8_t* source, size_t begin, size_t end, bool drop_is_other, bool preserve) {
    const size_t bytes = end - begin;
    // A short line has at most as many characters as bytes; those of a long one are counted, as memory costs more.
    constexpr size_t SHORT = 4096;
    reserve(1 + (bytes <= SHORT || preserve ? bytes : extent_of(source + begin, bytes).length));
    base = source;
    origin = begin;
    ill_formed = false;
    const uint8_t* const p = source + begin;
    uint32_t *const to_cp = cp.get(), *const to_offset = offset.get();
    uint8_t* const to_class = cls.get();
    int count = 0;
    size_t i = 0;
    if (kernels().read && !preserve) {
        count = kernels().read(p, bytes, to_cp, to_class, to_offset);
        i = bytes;
        if (drop_is_other) std::replace(to_class, to_class + count, uint8_t(DROP), uint8_t(OTHER));
    }
    for (; i < bytes; ++count) {
        to_offset[count] = uint32_t(i);
        const uint8_t lead = p[i];
        uint32_t c = lead;
        if (uint8_t(lead - 0xE5) <= 0xE9 - 0xE5 && !preserve) {  // U+5000..9FFF: Han
            to_cp[count] = uint32_t(lead & 0x0F) << 12 | uint32_t(p[i + 1] & 0x3F) << 6 | (p[i + 2] & 0x3F);
            to_class[count] = HAN;
            i += 3;
            continue;
        }
        const size_t bad = preserve && lead >= 0x80 ? ill_formed_length(source, end, begin + i, false) : 0;
        if (bad) {
            c = ILL_FORMED;
            ill_formed = true;
            i += bad;
        } else {
            i += size_t(decode(p + i, c));
        }
        to_cp[count] = c;
        const uint8_t k = char_class(c);
        to_class[count] = drop_is_other && k == DROP ? uint8_t(OTHER) : k;
    }
    to_offset[count] = uint32_t(bytes);
    n = count;
    s = 0;
    e = n;
    while (s < e && in(cls[s], WHITE)) ++s;
    while (e > s && in(cls[e - 1], WHITE)) --e;
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
