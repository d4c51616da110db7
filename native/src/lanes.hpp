// Four whole numbers that are reckoned with at once: one for each measure of a line. All is static: each CPU path compiles it
// for itself.
#pragma once

#include <cstdint>

namespace hanflow {

#ifdef __GNUC__
typedef int32_t Lanes __attribute__((vector_size(16)));  // compilers know what the CPU has for it
#else
struct Lanes {
    int32_t lane[4];
    int32_t operator[](int k) const { return lane[k]; }
};
#define HANFLOW_LANES(op, expression)                                                                       \
    static inline Lanes operator op(Lanes a, Lanes b) {                                                            \
        const auto one = [&](int k) { const int32_t x = a.lane[k], y = b.lane[k]; return int32_t(expression); }; \
        return Lanes{{one(0), one(1), one(2), one(3)}};                                                     \
    }
HANFLOW_LANES(+, x + y)
HANFLOW_LANES(-, x - y)
HANFLOW_LANES(*, x * y)
HANFLOW_LANES(&, x & y)
HANFLOW_LANES(|, x | y)
HANFLOW_LANES(<, -(x < y))
HANFLOW_LANES(==, -(x == y))
HANFLOW_LANES(<<, x << y)
HANFLOW_LANES(>>, x >> y)
#undef HANFLOW_LANES
static inline Lanes operator~(Lanes a) { return Lanes{{~a.lane[0], ~a.lane[1], ~a.lane[2], ~a.lane[3]}}; }
#endif

// Where a comparison holds, a lane of it has all bits set.
static inline Lanes all(int32_t x) { return Lanes{x, x, x, x}; }
static inline Lanes choose(Lanes where, Lanes a, Lanes b) { return (where & a) | (~where & b); }
static inline Lanes lesser(Lanes a, Lanes b) { return choose(a < b, a, b); }
static inline Lanes greater(Lanes a, Lanes b) { return choose(a < b, b, a); }

}  // namespace hanflow
