// Repairs a text again and again, and says where the time went and why lines were read as characters; for stages.py, which builds
// it with the core and -DHANFLOW_COUNT.
//
//     stages FILE bytes|str SECONDS
//
// Prints lines of a word and what belongs to it: path; result, a digest; lines that were measured, in all passes; reads, how often
// and why; read, lines that were, for whatever reasons; runs and the CPU seconds of one; hertz of the CPU as it ran; and sample, how
// often the program stood at an address. SECONDS of runs are timed, then as many are sampled, by a timer that counts CPU time.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <sys/time.h>
#include <ucontext.h>

#include "hanflow/api.hpp"
#include "lines/page.hpp"

using namespace hanflow;

namespace {

size_t lines_measured, lines_read;
std::map<const char*, size_t> reads;  // the same words may stand at several places

constexpr size_t MOST = size_t(1) << 20;
uintptr_t samples[MOST];
volatile size_t sampled = 0;

void sample(int, siginfo_t*, void* context) {
    const mcontext_t& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    const uintptr_t at = uintptr_t(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
    const uintptr_t at = uintptr_t(machine.pc);
#else
#error "the program counter of this CPU"
#endif
    if (sampled < MOST) {
        samples[sampled] = at;
        sampled = sampled + 1;
    }
}

void sample_every(int microseconds) {
    const itimerval interval = {{0, microseconds}, {0, microseconds}};
    setitimer(ITIMER_PROF, &interval, nullptr);
}

double cpu_seconds() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

// Each step needs the one before: a cycle.
double hertz() {
    constexpr int STEPS = 20'000'000;
    double best = 0;
    for (int turn = 0; turn < 5; ++turn) {
        uint64_t x = 1, y = uint64_t(STEPS);
        const double begin = cpu_seconds();
        for (int i = 0; i < STEPS; i += 8)
            for (int k = 0; k < 8; ++k) {
                x ^= y;
                __asm__ volatile("" : "+r"(x));
            }
        const double hertz = STEPS / (cpu_seconds() - begin);
        if (hertz > best) best = hertz;
    }
    return best;
}

std::string run(Engine& engine, const std::string& text, const std::vector<uint16_t>& units) {
    std::string result;
    const Options options;
    if (units.empty()) {
        const uint8_t* const data = reinterpret_cast<const uint8_t*>(text.data());
        const Plan plan = engine.plan(data, text.size(), options, Invalid::surrogates, false);
        if (plan.status != Status::ok) std::exit(1);
        if (!plan.changed) return text;
        result.resize(plan.size);
        engine.emit(reinterpret_cast<uint8_t*>(&result[0]));
    } else {
        const Plan plan = engine.plan_units(units.data(), units.size(), 2, options);
        if (plan.status != Status::ok) std::exit(1);
        if (!plan.changed) return std::string(reinterpret_cast<const char*>(units.data()), units.size() * 2);
        result.resize(engine.extent().length * 2);
        engine.emit_units(&result[0], 2);
    }
    return result;
}

}  // namespace

namespace hanflow {

void count_line() { ++lines_measured; }

void count_read(const Line& line, const char* why) {
    ++reads[why];
    lines_read += !line.read;
    line.read = true;
}

}  // namespace hanflow

int main(int count, char** arguments) {
    if (count != 4) return 2;
    std::ifstream file(arguments[1], std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    std::vector<uint16_t> units;
    if (!std::strcmp(arguments[2], "str")) {  // the file holds UTF-16, no characters beyond U+FFFF
        units.resize(text.size() / 2);
        std::memcpy(units.data(), text.data(), units.size() * 2);
    }
    const double seconds = std::atof(arguments[3]);
    Engine engine;
    uint64_t digest = 0xCBF29CE484222325;
    for (const char c : run(engine, text, units)) digest = (digest ^ uint8_t(c)) * 0x100000001B3;
    std::printf("path %s\nresult %016llx\n", cpu_path(), static_cast<unsigned long long>(digest));
    std::printf("lines %zu\nread %zu\n", lines_measured, lines_read);
    for (const auto& found : reads) std::printf("reads %zu %s\n", found.second, found.first);

    struct sigaction action = {};
    action.sa_sigaction = sample;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaction(SIGPROF, &action, nullptr);
    double least = 1e9;
    int runs = 0;
    const auto run_for = [&] {
        const double end = cpu_seconds() + seconds;
        do {
            const double begin = cpu_seconds();
            run(engine, text, units);
            least = std::min(least, cpu_seconds() - begin);
            ++runs;
        } while (cpu_seconds() < end);
    };
    run_for();
    const double whole = least;  // that sampling takes nothing of
    sample_every(500);
    run_for();
    sample_every(0);
    std::printf("runs %d\nseconds %.9f\nhertz %.0f\n", runs, whole, hertz());
    std::map<uintptr_t, size_t> found;
    for (size_t i = 0; i < sampled; ++i) ++found[samples[i]];
    for (const auto& at : found) std::printf("sample %zu 0x%zx\n", at.second, size_t(at.first));
}
