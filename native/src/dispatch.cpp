// Which CPU path runs: decided once, by what CPU and operating system have, or by HANFLOW_ISA.
#include <cstdlib>
#include <cstring>

#include "kernels/kernels.hpp"

namespace hanflow {
namespace {

#if HANFLOW_X86
// __builtin_cpu_supports asks CPUID, and XGETBV for what the operating system saves.
bool has_haswell() {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt");
}
bool has_icelake() {
    return has_haswell() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi2");
}
#endif

const Kernels& best() {
    if (const char* name = std::getenv("HANFLOW_ISA"))
        if (const Kernels* table = kernels_named(name)) return *table;
#if HANFLOW_X86
    if (has_icelake()) return icelake::table;
    if (has_haswell()) return haswell::table;
#endif
    return portable::table;
}

}  // namespace

const Kernels* kernels_named(const char* name) {
    if (!std::strcmp(name, portable::table.name)) return &portable::table;
#if HANFLOW_X86
    if (!std::strcmp(name, haswell::table.name) && has_haswell()) return &haswell::table;
    if (!std::strcmp(name, icelake::table.name) && has_icelake()) return &icelake::table;
#endif
    return nullptr;
}

const Kernels& kernels() {
    static const Kernels& table = best();
    return table;
}

}  // namespace hanflow
