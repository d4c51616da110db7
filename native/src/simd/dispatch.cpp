// Which CPU path runs: decided once, by what CPU and operating system have, or by HANFLOW_ISA.
#include <cstdlib>
#include <cstring>

#include "hanflow/api.hpp"
#include "simd/kernels.hpp"

namespace hanflow {
namespace {

bool always() { return true; }

#if HANFLOW_X86
// __builtin_cpu_supports asks CPUID, and XGETBV for what the operating system saves.
bool has_haswell() {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt");
}
bool has_icelake() {
    return has_haswell() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2");
}
#endif

// The paths of this build, the best first.
constexpr struct {
    const Kernels& table;
    bool (*runs)();
} PATHS[] = {
#if HANFLOW_X86
    {icelake::table, has_icelake},
    {haswell::table, has_haswell},
#elif HANFLOW_NEON
    {neon::table, always},
#endif
    {portable::table, always},
};

const Kernels& choose() {
    const Kernels* best = nullptr;
    const char* const pinned = std::getenv("HANFLOW_ISA");
    for (const auto& path : PATHS) {
        if (!path.runs()) continue;
        if (pinned && !std::strcmp(pinned, path.table.name)) return path.table;
        if (!best) best = &path.table;
    }
    return *best;
}

}  // namespace

const Kernels& kernels() {
    static const Kernels& table = choose();
    return table;
}

const char* cpu_path() noexcept { return kernels().name; }

const char* cpu_path(size_t i) noexcept {
    for (const auto& path : PATHS)
        if (path.runs() && i-- == 0) return path.table.name;
    return nullptr;
}

}  // namespace hanflow
