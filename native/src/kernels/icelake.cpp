// AVX-512 F, BW, VL and VBMI2: Intel Ice Lake (2019), AMD Zen 4 (2022) and later.
#include "kernels.hpp"

#if HANFLOW_X86
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "features.hpp"
#include "lanes.hpp"
#include "weights.hpp"

HANFLOW_TARGET_BEGIN("avx2,avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,bmi2,lzcnt,popcnt")

namespace hanflow {
namespace icelake {
namespace {

struct Block {
    __m512i v;
    explicit Block(const uint8_t* p) : v(_mm512_loadu_si512(p)) {}
    explicit Block(__m512i x) : v(x) {}
    uint64_t eq(uint8_t c) const { return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(char(c))); }
    uint64_t range(uint8_t low, uint8_t high) const {
        const __m512i x = _mm512_sub_epi8(v, _mm512_set1_epi8(char(low)));
        return _mm512_cmple_epu8_mask(x, _mm512_set1_epi8(char(high - low)));
    }
    Block lower() const { return Block(_mm512_or_si512(v, _mm512_set1_epi8(0x20))); }
};

#include "avx2.inl"
#include "scan.inl"
#include "measure.inl"
#include "fit.inl"
#include "reach.inl"
#include "utf8.inl"
#include "vbmi2.inl"

}  // namespace

const Kernels table = {"icelake", scan, measure, well_formed, to_utf8, from_utf8, read, squeeze, narrow, reach};

}  // namespace icelake
}  // namespace hanflow

HANFLOW_TARGET_END
#endif
