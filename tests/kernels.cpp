// The core's inner functions by C names, for ctypes: validation, code units, and the kernels of each CPU path (core.py, library()).
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "evidence/facts.hpp"
#include "hanflow/api.hpp"
#include "simd/kernels.hpp"
#include "text/planes.hpp"
#include "text/units.hpp"
#include "text/utf8.hpp"

using namespace hanflow;

namespace {

constexpr const Kernels* TABLES[] = {
#if HANFLOW_X86
    &icelake::table, &haswell::table,
#elif HANFLOW_NEON
    &neon::table,
#endif
    &portable::table,
};

// The kernels of a path that this CPU runs.
const Kernels& table_of(int path) {
    for (const Kernels* table : TABLES)
        if (!std::strcmp(table->name, cpu_path(size_t(path)))) return *table;
    return portable::table;
}

// Puts random facts of lines, as lines may have them, into every array that read() of unwrap.cpp sets.
void fill(const Facts& f, unsigned seed) {
    std::mt19937 random(seed);
    const auto below = [&](unsigned limit) { return unsigned(random() % limit); };
    const unsigned density = 1 + below(4);
    const int measure = 32 + int(below(120));
    for (int i = 0; i < f.n; ++i) {
        uint32_t flags = ~uint32_t(0);
        for (unsigned k = 0; k < density; ++k) flags &= uint32_t(random());
        f.flags[i] = flags;
        f.around[i] = uint16_t(below(3) == 0 ? A_WORD : below(3) == 0 ? A_UNCUT : 0);
        const int width = below(20) == 0 ? int(below(32757)) : below(3) ? measure - int(below(5)) : int(below(200));
        f.width[i] = int16_t(width);
        f.tight[i] = int16_t(width - int(below(9)));
        f.unit[i] = int16_t(below(40) == 0 ? below(8193) : 2 * below(7));
        f.indent[i] = int16_t(below(3) ? 0 : below(14));
        f.dropped[i] = int16_t(below(3));
        f.narrow[i] = int16_t(below(4));
        f.blanks[i] = uint8_t(below(2) ? 0 : below(5));
        f.kind[i] = uint8_t(below(7));
        f.ends[i] = uint8_t(below(30) == 0 || i + 1 == f.n);
    }
}

}  // namespace

extern "C" {

Utf8Error validate(const uint8_t* data, size_t size, bool surrogates) { return validate_utf8(data, size, surrogates); }
size_t ill_formed(const uint8_t* data, size_t size, size_t at, bool surrogates) { return ill_formed_length(data, size, at, surrogates); }

const char* path_name(int path) { return cpu_path(size_t(path)); }

int planes() { return PLANES; }
void classify(int path, const uint16_t* units, size_t size, uint8_t* classes, uint64_t* words) {
    table_of(path).classify(units, size, classes, reinterpret_cast<PlaneWord*>(words));
}
size_t squeeze(int path, const uint16_t* units, size_t length, uint16_t* out) { return table_of(path).squeeze(units, length, out); }

// Bytes or units that are done; -1: the path has no such kernel.
ptrdiff_t from_utf8(int path, const uint8_t* data, size_t size, uint16_t* out, size_t* made) {
    const auto kernel = table_of(path).from_utf8;
    return kernel ? ptrdiff_t(kernel(data, size, out, *made)) : -1;
}
ptrdiff_t to_utf8(int path, const uint16_t* units, size_t length, uint8_t* out, size_t* made) {
    const auto kernel = table_of(path).to_utf8;
    return kernel ? ptrdiff_t(kernel(units, length, out, *made)) : -1;
}

// There and back in code units; `substitutes` holds as many as the text has characters, and their count is written to it last.
size_t units_of_utf8(const uint8_t* data, size_t size, int reading, uint16_t* out, uint16_t* substitutes, size_t* count) {
    Substitutes found;
    const size_t made = utf8_to_units(data, size, Reading(reading), out, found);
    *count = found.units.size();
    if (*count) std::memcpy(substitutes, found.units.data(), 2 * *count);
    return made;
}
size_t utf8_of_units(const uint16_t* units, size_t length, int reading, uint8_t* out, const uint16_t* substitutes, size_t count) {
    Substitutes given;
    given.units.assign(substitutes, substitutes + count);
    return units_to_utf8(units, length, Reading(reading), out, given);
}
size_t units_of_str(const void* text, size_t length, int unit_bytes, uint16_t* out, uint16_t* substitutes, size_t* count) {
    Substitutes found;
    const size_t made = unit_bytes == 1   ? str_to_units(static_cast<const uint8_t*>(text), length, out, found)
                        : unit_bytes == 2 ? str_to_units(static_cast<const uint16_t*>(text), length, out, found)
                                          : str_to_units(static_cast<const uint32_t*>(text), length, out, found);
    *count = found.units.size();
    if (*count) std::memcpy(substitutes, found.units.data(), 2 * *count);
    return made;
}
size_t str_of_units(const uint16_t* units, size_t length, void* out, int unit_bytes, const uint16_t* substitutes, size_t count) {
    Substitutes given;
    given.units.assign(substitutes, substitutes + count);
    return units_to_str(units, length, out, unit_bytes, given);
}
size_t extent(const uint16_t* units, size_t length, uint32_t* greatest) {
    const Extent found = extent_of(units, length);
    *greatest = found.greatest;
    return found.length;
}
bool is_code_units(const uint16_t* units, size_t length) { return is_units(units, length); }
size_t bytes_at(const uint16_t* units, size_t i, size_t length, int reading) { return utf8_bytes_at(units, i, length, Reading(reading)); }

// Runs of rows; of each its first row, lines, own and count in `runs`, and where its states go.
void decode(int path, const int16_t* rows, const int32_t* runs, size_t count, uint8_t* states) {
    std::vector<lattice::Run> all;
    for (size_t i = 0; i < count; ++i, runs += 5)
        all.push_back(lattice::Run{reinterpret_cast<const lattice::Row*>(rows) + runs[0], runs[1], runs[2], runs[3], states + runs[4]});
    lattice::Scratch scratch;
    table_of(path).decode(all.data(), count, scratch);
}

// Whether evidence and measures of random facts are those of the portable path; else the name of what differs.
const char* facts_differ(int path, int lines, unsigned seed) {
    const Kernels* const tables[] = {&table_of(path), &portable::table};
    FactsMemory memory[2];
    Facts facts[2];
    std::vector<int16_t> measures[2];
    for (int k = 0; k < 2; ++k) {
        facts[k] = memory[k].give(lines);
        fill(facts[k], seed);
        tables[k]->around(facts[k]);
        tables[k]->titles(facts[k]);
        tables[k]->weigh(facts[k]);
        measures[k].assign(size_t(lines / Facts::BLOCK + 1) * lattice::MEASURES, 0);
        tables[k]->columns(facts[k], measures[k].data(), seed % 8 == 0);
    }
    if (measures[0] != measures[1]) return "measures";
    const auto differ = [&](auto array) { return std::memcmp(facts[0].*array, facts[1].*array, size_t(lines) * sizeof *(facts[0].*array)) != 0; };
    if (differ(&Facts::around)) return "around";
    if (differ(&Facts::rhythm)) return "rhythm";
    if (differ(&Facts::join)) return "join";
    if (differ(&Facts::part)) return "part";
    if (differ(&Facts::free_join)) return "free_join";
    if (differ(&Facts::low) || differ(&Facts::high)) return "votes";
    if (differ(&Facts::low_indented) || differ(&Facts::high_indented) || differ(&Facts::exact)) return "votes";
    if (differ(&Facts::weight) || differ(&Facts::lines_of) || differ(&Facts::prose) || differ(&Facts::near)) return "votes";
    for (int m = 0; m < lattice::MEASURES; ++m)
        if (std::memcmp(facts[0].cost[m], facts[1].cost[m], size_t(lines) * 2)) return "costs";
    return nullptr;
}

}  // extern "C"
