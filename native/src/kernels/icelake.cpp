// AVX-512 F, BW, VL and VBMI2: Intel Ice Lake (2019), AMD Zen 4 (2022) and later.
#include "kernels.hpp"

#if HANFLOW_X86
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "features.hpp"

#pragma GCC push_options
#pragma GCC target("avx2,avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,bmi2,lzcnt,popcnt")

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

void shift_masks(const uint64_t* from, unsigned shift, uint64_t valid, uint64_t* to) {
    static_assert(SCAN_GAP == 1 && SCAN_KINDS == 13, "three vectors of four masks");
    const __m128i down = _mm_cvtsi32_si128(int(shift)), up = _mm_cvtsi32_si128(int(64 - shift));  // up by 64: zero
    const __m256i inside = _mm256_set1_epi64x(int64_t(valid));
    for (int k = SCAN_GAP; k < SCAN_KINDS; k += 4) {
        const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + k));
        const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + k + SCAN_KINDS));
        const __m256i both = _mm256_or_si256(_mm256_srl_epi64(low, down), _mm256_sll_epi64(high, up));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + k), _mm256_and_si256(both, inside));
    }
}

#include "scan.inl"
#include "measure.inl"
#include "utf8.inl"

}  // namespace

const Kernels table = {"icelake", scan, measure, well_formed};

}  // namespace icelake
}  // namespace hanflow

#pragma GCC pop_options
#endif
