// Runs texts through the engine and, in pieces, through a stream, in memory of just their size; for sanitize.py.
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

using namespace hanflow;

namespace {

// A copy without room behind it, so that a byte read too many is seen.
std::unique_ptr<uint8_t[]> exact(const uint8_t* data, size_t size) {
    std::unique_ptr<uint8_t[]> copy(new uint8_t[size]);
    if (size) std::memcpy(copy.get(), data, size);
    return copy;
}

bool through_engine(const uint8_t* data, size_t size, const Options& options, Invalid invalid, bool trace, std::string& result) {
    Engine engine;
    const auto text = exact(data, size);
    const Plan plan = engine.plan(text.get(), size, options, invalid, trace);
    if (plan.status != Status::ok) return false;
    result.assign(reinterpret_cast<const char*>(data), size);
    if (!plan.changed) return true;
    std::unique_ptr<uint8_t[]> out(new uint8_t[plan.size]);
    engine.emit(out.get());
    result.assign(reinterpret_cast<char*>(out.get()), plan.size);
    return true;
}

bool through_stream(const uint8_t* data, size_t size, const Options& options, Invalid invalid, std::string& result) {
    Stream stream(options, invalid);
    result.clear();
    for (size_t at = 0;;) {
        const size_t step = std::min(size - at, size_t(1 + std::rand() % (1 + std::rand() % 700)));
        const auto piece = exact(data + at, step);
        at += step;
        const Plan plan = stream.feed(piece.get(), step, at == size);
        if (plan.status != Status::ok) return false;
        result.append(reinterpret_cast<const char*>(stream.output()), plan.size);
        if (at == size) return true;
    }
}

}  // namespace

// The file: each text behind its size in four bytes, little-endian.
int main(int, char** arguments) {
    std::ifstream file(arguments[1], std::ios::binary);
    const std::vector<char> all((std::istreambuf_iterator<char>(file)), {});
    int texts = 0, refused = 0, different = 0;
    for (size_t at = 0; at + 4 <= all.size(); ++texts) {
        uint32_t size;
        std::memcpy(&size, &all[at], 4);
        const uint8_t* const data = reinterpret_cast<const uint8_t*>(all.data()) + at + 4;
        at += 4 + size;
        Options usual, wide, cautious;
        wide.width = Width::all;
        cautious.min_confidence = 80;
        cautious.latin_gap = LatinGap::keep;
        for (const Options& options : {usual, wide, cautious}) {
            for (const Invalid invalid : {Invalid::surrogates, Invalid::preserve}) {
                std::string whole, pieces;
                if (!through_engine(data, size, options, invalid, &options != &usual, whole))
                    ++refused;
                else if (!through_stream(data, size, options, invalid, pieces) || pieces != whole)
                    ++different;
            }
        }
    }
    std::printf("%d texts, %d times refused, %d streams that differ from the whole\n", texts, refused, different);
    return different > 0;
}
