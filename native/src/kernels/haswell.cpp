// AVX2, BMI and POPCNT: Intel Haswell (2013), AMD Excavator (2015) and later.
#include "kernels.hpp"

#if HANFLOW_X86
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "features.hpp"
#include "lanes.hpp"
#include "weights.hpp"
#include "width.hpp"

HANFLOW_TARGET_BEGIN("avx2,bmi,bmi2,lzcnt,popcnt")

namespace hanflow {
namespace haswell {
namespace {

struct Block {
    __m256i a, b;
    explicit Block(const uint8_t* p)
        : a(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))),
          b(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32))) {}
    Block(__m256i x, __m256i y) : a(x), b(y) {}
    static uint64_t mask(__m256i x, __m256i y) {
        return uint32_t(_mm256_movemask_epi8(x)) | uint64_t(uint32_t(_mm256_movemask_epi8(y))) << 32;
    }
    uint64_t eq(uint8_t c) const {
        const __m256i v = _mm256_set1_epi8(char(c));
        return mask(_mm256_cmpeq_epi8(a, v), _mm256_cmpeq_epi8(b, v));
    }
    uint64_t range(uint8_t low, uint8_t high) const {
        const __m256i from = _mm256_set1_epi8(char(low)), span = _mm256_set1_epi8(char(high - low));
        const __m256i x = _mm256_sub_epi8(a, from), y = _mm256_sub_epi8(b, from);
        return mask(_mm256_cmpeq_epi8(_mm256_min_epu8(x, span), x), _mm256_cmpeq_epi8(_mm256_min_epu8(y, span), y));
    }
    Block lower() const {
        const __m256i bit = _mm256_set1_epi8(0x20);
        return Block(_mm256_or_si256(a, bit), _mm256_or_si256(b, bit));
    }
};

#include "avx2.inl"
#include "scan.inl"
#include "measure.inl"
#include "fit.inl"
#include "reach.inl"
#include "rewrite.inl"
#include "utf8.inl"

}  // namespace

const Kernels table = {"haswell", scan, measure, well_formed, nullptr, nullptr, nullptr, squeeze, narrow, reach};

}  // namespace haswell
}  // namespace hanflow

HANFLOW_TARGET_END
#endif
