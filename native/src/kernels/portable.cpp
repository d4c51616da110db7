// Plain C++: what every CPU runs, and what the other paths are tested against.
#include "kernels.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "features.hpp"
#include "lanes.hpp"
#include "weights.hpp"
#include "width.hpp"

namespace hanflow {
namespace portable {
namespace {

void scan(const uint8_t* data, size_t size, size_t available, Masks& masks) {
    const uint8_t* const kinds = scan_kinds();
    const size_t words = (size + 63) / 64;
    for (size_t w = 0; w < words; ++w) {
        uint64_t word[SCAN_TABLE_KINDS] = {};
        const size_t begin = w * 64, end = std::min(size, begin + 64);
        size_t i = begin;
        while (i < end && (data[i] & 0xC0) == 0x80) ++i;  // the rest of a character of the word before
        while (i < end) {
            const uint8_t lead = data[i];
            const size_t length = sequence_length(lead);
            const uint8_t kind = i + length <= available ? scan_kind_at(data + i, kinds) : uint8_t(SCAN_RARE);
            word[kind] |= uint64_t(1) << (i - begin);
            i += length;
        }
        add_changes(word, word + SCAN_KINDS);
        for (int k = 0; k < SCAN_KINDS; ++k) masks.word[w][k] = word[k];
    }
    for (int k = 0; k < SCAN_KINDS; ++k) masks.word[words][k] = 0;
}

void shift_masks(const uint64_t* from, unsigned shift, uint64_t valid, uint64_t* to) {
    for (int k = SCAN_GAP; k < SCAN_KINDS; ++k)
        to[k] = (from[k] >> shift | from[k + SCAN_KINDS] << 1 << (63 - shift)) & valid;
}

#include "measure.inl"
#include "fit.inl"
#include "reach.inl"
#include "rewrite.inl"

}  // namespace

const Kernels table = {"portable", scan, measure, nullptr, nullptr, nullptr, nullptr, squeeze, narrow, reach};

}  // namespace portable
}  // namespace hanflow
