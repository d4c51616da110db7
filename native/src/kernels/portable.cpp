// Plain C++: what every CPU runs, and what the other paths are tested against.
#include "kernels.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "features.hpp"
#include "lanes.hpp"
#include "weights.hpp"
#include "width.hpp"

namespace hanflow {
namespace portable {
namespace {

#include "measure.inl"
#include "fit.inl"
#include "reach.inl"
#include "portable.inl"

}  // namespace

const Kernels table = {"portable", classify, nullptr, nullptr, nullptr, squeeze, measure, reach};

}  // namespace portable
}  // namespace hanflow
