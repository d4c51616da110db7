// Runs texts through the engine, as units of a str, and in pieces through a stream, in memory of just their size; for sanitize.py and neon.py.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "hanflow/api.hpp"
#include "kernels/kernels.hpp"
#include "units.hpp"
#include "utf8.hpp"

using namespace hanflow;

namespace {

// Memory `alignment` bytes behind a multiple of 64, and without room behind it, so that a byte too many is seen.
struct Exact {
    void* room = nullptr;
    uint8_t* data;
    explicit Exact(size_t size, size_t alignment = 0) {
        if (posix_memalign(&room, 64, alignment + size)) std::abort();
        data = static_cast<uint8_t*>(room) + alignment;
    }
    Exact(const uint8_t* text, size_t size, size_t alignment = 0) : Exact(size, alignment) {
        if (size) std::memcpy(data, text, size);
    }
    Exact(const Exact&) = delete;
    ~Exact() { std::free(room); }
};

// false: refused; the result says where and why.
bool through_engine(const Exact& text, size_t size, const Options& options, Invalid invalid, bool trace, std::string& result) {
    Engine engine;
    const Plan plan = engine.plan(text.data, size, options, invalid, trace);
    if (plan.status != Status::ok) {
        result = std::to_string(plan.error_begin) + " " + std::to_string(plan.error_end) + " " + plan.error_reason;
        return false;
    }
    result.assign(reinterpret_cast<const char*>(text.data), size);
    if (!plan.changed) return true;
    const Exact out(plan.size);
    engine.emit(out.data);
    result.assign(reinterpret_cast<char*>(out.data), plan.size);
    return true;
}

// A well-formed text as units of a str, there and back; as wide as it needs, or wider.
void through_units(const Exact& text, size_t size, const Options& options, std::string& result) {
    Engine engine;
    const Extent extent = extent_of(text.data, size);
    const int unit_bytes = extent.most < 0xC4 ? 1 : extent.most < 0xF0 ? 2 : 4;
    const Exact units(extent.length * size_t(unit_bytes));
    utf8_to_units(text.data, size, units.data, extent.length, unit_bytes);
    const Plan plan = engine.plan_units(units.data, extent.length, unit_bytes, options);
    Extent made = extent;
    std::unique_ptr<Exact> out;
    if (plan.changed) {
        made = engine.extent();
        out.reset(new Exact(made.length * 4));
        engine.emit_units(out->data, made.most < 0xC4 ? 1 : made.most < 0xF0 ? 2 : 4);
    }
    const int made_bytes = made.most < 0xC4 ? 1 : made.most < 0xF0 ? 2 : 4;
    result.resize(utf8_room(made.length, made_bytes));
    result.resize(units_to_utf8(out ? out->data : units.data, made.length, made_bytes, reinterpret_cast<uint8_t*>(&result[0])));
}

bool through_stream(const Exact& text, size_t size, const Options& options, Invalid invalid, std::string& result) {
    Stream stream(options, invalid);
    result.clear();
    for (size_t at = 0;;) {
        const size_t step = std::min(size - at, size_t(1 + std::rand() % (1 + std::rand() % 700)));
        const Exact piece(text.data + at, step);
        at += step;
        const Plan plan = stream.feed(piece.data, step, at == size);
        if (plan.status != Status::ok) return false;
        result.append(reinterpret_cast<const char*>(stream.output()), plan.size);
        if (at == size) return true;
    }
}

// Whether the masks of a well-formed text are those of the portable scan.
bool scans_alike(const Exact& text, size_t size) {
    const std::unique_ptr<Masks> masks(new Masks), expected(new Masks);
    for (size_t at = 0; at < size; at += SCAN_BYTES) {
        const size_t bytes = std::min(size - at, SCAN_BYTES);
        kernels().scan(text.data + at, bytes, size - at, *masks);
        portable::table.scan(text.data + at, bytes, size - at, *expected);
        if (std::memcmp(masks->word, expected->word, ((bytes + 63) / 64 + 1) * sizeof masks->word[0])) return false;
    }
    return true;
}

}  // namespace

// Without arguments: names the CPU paths that run here.
// TEXTS [DIGESTS]: a file of texts, each behind its size and its alignment in four bytes each, little-endian; a file to be
// written: eight bytes for the results of each text (FNV-1a). With it, each text gets one set of options, not all three.
int main(int count, char** arguments) {
    if (count < 2) {
        for (size_t i = 0; cpu_path(i); ++i) std::puts(cpu_path(i));
        return 0;
    }
    std::ifstream file(arguments[1], std::ios::binary);
    const std::vector<char> all((std::istreambuf_iterator<char>(file)), {});
    std::vector<uint64_t> digests;
    int refused = 0, different = 0, scans = 0;
    for (size_t at = 0; at + 8 <= all.size();) {
        uint32_t head[2];
        std::memcpy(head, &all[at], sizeof head);
        const size_t size = head[0];
        const Exact text(reinterpret_cast<const uint8_t*>(all.data()) + at + sizeof head, size, head[1]);
        at += sizeof head + size;
        Options usual, wide, cautious;
        wide.width = Width::all;
        cautious.min_confidence = 80;
        cautious.latin_gap = LatinGap::keep;
        if (validate_utf8(text.data, size, true).ok) scans += !scans_alike(text, size);
        const Options* const sets[] = {&usual, &wide, &cautious};
        const size_t set = digests.size() % 3;
        digests.push_back(0xCBF29CE484222325);
        for (const Options* options : sets) {
            if (count > 2 && options != sets[set]) continue;
            for (const Invalid invalid : {Invalid::reject, Invalid::surrogates, Invalid::preserve}) {
                std::string whole, pieces;
                if (!through_engine(text, size, *options, invalid, options != &usual, whole))
                    ++refused;
                else if (!through_stream(text, size, *options, invalid, pieces) || pieces != whole)
                    ++different;
                if (invalid == Invalid::surrogates && validate_utf8(text.data, size, true).ok) {
                    through_units(text, size, *options, pieces);
                    different += pieces != whole;
                }
                for (const char c : whole + '\n') digests.back() = (digests.back() ^ uint8_t(c)) * 0x100000001B3;
            }
        }
    }
    if (count > 2)
        std::ofstream(arguments[2], std::ios::binary)
            .write(reinterpret_cast<const char*>(digests.data()), std::streamsize(digests.size() * 8));
    std::printf("%zu texts, %d times refused, %d streams or str that differ from the whole, %d scans that differ from the portable one\n",
                digests.size(), refused, different, scans);
    return different + scans > 0;
}
