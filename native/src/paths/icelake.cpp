// AVX-512 F, BW, VL, VBMI and VBMI2: Intel Ice Lake (2019), AMD Zen 4 (2022) and later.
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

HANFLOW_TARGET_BEGIN("avx2,avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,lzcnt,popcnt")

namespace hanflow {
namespace icelake {
namespace {

#include "paths/avx2.inl"
#include "lines/measure.inl"
#include "decide/decode_costs.inl"
#include "paths/lanes_avx512.inl"
#include "decide/decode.inl"
#include "evidence/weigh.inl"
#include "decide/columns.inl"
#include "text/utf8.inl"
#include "paths/avx512.inl"

}  // namespace

const Kernels table = {"icelake", classify, well_formed, from_utf8, to_utf8, squeeze, measure, around, titles, weigh, columns, decode};

}  // namespace icelake
}  // namespace hanflow

HANFLOW_TARGET_END
#endif
