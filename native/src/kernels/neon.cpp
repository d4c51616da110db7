// NEON: every 64-bit ARM CPU.
#include "kernels.hpp"

#if HANFLOW_NEON
#include <arm_neon.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "features.hpp"
#include "lanes.hpp"
#include "weights.hpp"
#include "width.hpp"

namespace hanflow {
namespace neon {
namespace {

struct Block {
    uint8x16_t v[4];
    explicit Block(const uint8_t* p) : v{vld1q_u8(p), vld1q_u8(p + 16), vld1q_u8(p + 32), vld1q_u8(p + 48)} {}
    // Bit i is set where `test`, which gives 0xFF or 0, holds for byte i: weights, and three sums of neighbours.
    template <typename Test>
    uint64_t mask(Test test) const {
        const uint8x16_t weight = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
        const uint8x16_t low = vpaddq_u8(vandq_u8(test(v[0]), weight), vandq_u8(test(v[1]), weight));
        const uint8x16_t high = vpaddq_u8(vandq_u8(test(v[2]), weight), vandq_u8(test(v[3]), weight));
        const uint8x16_t both = vpaddq_u8(low, high);
        return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(both, both)), 0);
    }
    uint64_t eq(uint8_t c) const {
        return mask([=](uint8x16_t x) { return vceqq_u8(x, vdupq_n_u8(c)); });
    }
    uint64_t range(uint8_t low, uint8_t high) const {
        return mask([=](uint8x16_t x) { return vcleq_u8(vsubq_u8(x, vdupq_n_u8(low)), vdupq_n_u8(uint8_t(high - low))); });
    }
    Block lower() const {
        Block b = *this;
        for (uint8x16_t& x : b.v) x = vorrq_u8(x, vdupq_n_u8(0x20));
        return b;
    }
};

struct Bytes {
    static constexpr size_t SIZE = 16;
    uint8x16_t v;
    explicit Bytes(uint8x16_t x) : v(x) {}
    explicit Bytes(const uint8_t* p) : v(vld1q_u8(p)) {}
    explicit Bytes(uint8_t c) : v(vdupq_n_u8(c)) {}
    static Bytes table(const uint8_t* sixteen) { return Bytes(sixteen); }
    Bytes at(Bytes i) const { return Bytes(vqtbl1q_u8(v, i.v)); }
    Bytes high() const { return Bytes(vshrq_n_u8(v, 4)); }
    Bytes above(Bytes x) const { return Bytes(vqsubq_u8(v, x.v)); }
    Bytes operator&(Bytes x) const { return Bytes(vandq_u8(v, x.v)); }
    Bytes operator|(Bytes x) const { return Bytes(vorrq_u8(v, x.v)); }
    Bytes operator^(Bytes x) const { return Bytes(veorq_u8(v, x.v)); }
    bool any() const { return vmaxvq_u8(v) != 0; }
};

void shift_masks(const uint64_t* from, unsigned shift, uint64_t valid, uint64_t* to) {
    static_assert(SCAN_GAP == 1 && SCAN_KINDS == 13, "six vectors of two masks");
    const int64x2_t down = vdupq_n_s64(-int64_t(shift)), up = vdupq_n_s64(64 - int64_t(shift));  // up by 64: zero
    const uint64x2_t inside = vdupq_n_u64(valid);
    for (int k = SCAN_GAP; k < SCAN_KINDS; k += 2) {
        const uint64x2_t low = vshlq_u64(vld1q_u64(from + k), down), high = vshlq_u64(vld1q_u64(from + k + SCAN_KINDS), up);
        vst1q_u64(to + k, vandq_u64(vorrq_u64(low, high), inside));
    }
}

#include "scan.inl"
#include "measure.inl"
#include "fit.inl"
#include "reach.inl"
#include "rewrite.inl"
#include "utf8.inl"

}  // namespace

const Kernels table = {"neon", scan, measure, well_formed, nullptr, nullptr, nullptr, squeeze, narrow, reach};

}  // namespace neon
}  // namespace hanflow
#endif
