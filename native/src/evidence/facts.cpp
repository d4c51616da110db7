#include "evidence/facts.hpp"

#include <cstring>
#include <type_traits>

namespace hanflow {

Facts FactsMemory::give(int lines) {
    Facts f{};
    f.n = lines;
    const size_t count = size_t(lines) + 2 * Facts::PAD;
    size_t at = 0;
    // Twice: first counts the memory, then gives it out.
    for (const bool gives : {false, true}) {
        if (gives) {
            const size_t words = at / 8 + 8;
            if (memory_.size() < words) memory_.resize(words);
            std::memset(memory_.data(), 0, words * 8);
            at = 0;
        }
        const auto take = [&](auto*& array) {
            using Element = std::remove_reference_t<decltype(*array)>;
            if (gives) array = reinterpret_cast<Element*>(reinterpret_cast<char*>(memory_.data()) + at) + Facts::PAD;
            at += (count * sizeof(Element) + 63) / 64 * 64;
        };
        take(f.flags), take(f.around), take(f.width), take(f.tight), take(f.unit), take(f.indent), take(f.dropped), take(f.narrow), take(f.begins);
        take(f.blanks), take(f.kind), take(f.rhythm), take(f.join), take(f.part), take(f.free_join);
        take(f.low), take(f.high), take(f.low_indented), take(f.high_indented), take(f.exact), take(f.weight), take(f.lines_of), take(f.prose);
        for (auto*& c : f.cost) take(c);
        take(f.ends), take(f.sums), take(f.more), take(f.near), take(f.found);
    }
    return f;
}

}  // namespace hanflow
