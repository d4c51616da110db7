// Plain C++: what every CPU runs, and what the other paths are tested against.
#include "kernels.hpp"

#if defined(__SSE2__) || defined(_M_X64)
#define HANFLOW_SSE2 1
#include <emmintrin.h>
#endif

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include "features.hpp"
#include "lattice.hpp"
#include "weights.hpp"
#include "width.hpp"

namespace hanflow {
namespace portable {
namespace {

#include "measure.inl"
#include "decode_costs.inl"
#ifdef HANFLOW_SSE2
#include "lanes_sse2.inl"
#else
#include "lanes_plain.inl"
#endif
#include "decode.inl"
#include "weigh.inl"
#include "columns.inl"
#include "portable.inl"

}  // namespace

const Kernels table = {"portable", classify, nullptr, nullptr, nullptr, squeeze, measure, around, titles, weigh, columns, decode};

}  // namespace portable
}  // namespace hanflow
