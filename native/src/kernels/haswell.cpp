// AVX2, BMI and POPCNT: Intel Haswell (2013), AMD Excavator (2015) and later.
#include "kernels.hpp"

#if HANFLOW_X86
#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include "features.hpp"
#include "lattice.hpp"
#include "weights.hpp"
#include "width.hpp"

HANFLOW_TARGET_BEGIN("avx2,bmi,bmi2,lzcnt,popcnt")

namespace hanflow {
namespace haswell {
namespace {

#include "avx2.inl"
#include "measure.inl"
#include "decode_costs.inl"
#include "lanes_avx2.inl"
#include "decode.inl"
#include "weigh.inl"
#include "columns.inl"
#include "portable.inl"
#include "utf8.inl"

}  // namespace

const Kernels table = {"haswell", classify, well_formed, nullptr, nullptr, squeeze, measure, around, titles, weigh, columns, decode};

}  // namespace haswell
}  // namespace hanflow

HANFLOW_TARGET_END
#endif
