// AVX2, BMI and POPCNT: Intel Haswell (2013), AMD Excavator (2015) and later.
#include "simd/kernels.hpp"

#if HANFLOW_X86
#include <immintrin.h>

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

HANFLOW_TARGET_BEGIN("avx2,bmi,bmi2,lzcnt,popcnt")

namespace hanflow {
namespace haswell {
namespace {

#include "paths/avx2.inl"
#include "lines/measure.inl"
#include "decide/decode_costs.inl"
#include "paths/lanes_avx2.inl"
#include "decide/decode.inl"
#include "evidence/weigh.inl"
#include "decide/columns.inl"
#include "paths/portable.inl"
#include "text/utf8.inl"

}  // namespace

const Kernels table = {"haswell", classify, well_formed, nullptr, nullptr, squeeze, measure, around, titles, weigh, columns, decode};

}  // namespace haswell
}  // namespace hanflow

HANFLOW_TARGET_END
#endif
