// NEON: every 64-bit ARM CPU.
#include "simd/kernels.hpp"

#if HANFLOW_NEON
#include <arm_neon.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include "evidence/facts.hpp"
#include "evidence/weights.hpp"
#include "lines/features.hpp"
#include "lines/page.hpp"
#include "simd/lattice.hpp"
#include "text/planes.hpp"

namespace hanflow {
namespace neon {
namespace {

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

#include "lines/measure.inl"
#include "decide/decode_costs.inl"
#include "paths/lanes_neon.inl"
#include "decide/decode.inl"
#include "evidence/weigh.inl"
#include "decide/columns.inl"
#include "paths/portable.inl"
#include "text/utf8.inl"

}  // namespace

const Kernels table = {"neon", classify, well_formed, nullptr, nullptr, squeeze, measure, around, titles, weigh, columns, decode};

}  // namespace neon
}  // namespace hanflow
#endif
