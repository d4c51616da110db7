// Plain C++: what every CPU runs, and what the other paths are tested against.
#include "simd/kernels.hpp"

#if defined(__SSE2__) || defined(_M_X64)
#define HANFLOW_SSE2 1
#include <emmintrin.h>
#endif

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
namespace portable {
namespace {

#include "lines/measure.inl"
#include "decide/decode_costs.inl"
#ifdef HANFLOW_SSE2
#include "paths/lanes_sse2.inl"
#else
#include "paths/lanes_plain.inl"
#endif
#include "decide/decode.inl"
#include "evidence/weigh.inl"
#include "decide/columns.inl"
#include "paths/portable.inl"

}  // namespace

const Kernels table = {"portable", classify, nullptr, nullptr, nullptr, squeeze, measure, around, titles, weigh, columns, decode};

}  // namespace portable
}  // namespace hanflow
