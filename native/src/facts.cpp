#include "facts.hpp"

#include <cstring>
#include <type_traits>

namespace hanflow {

void Facts::reset(int count) {
    n = count;
    const size_t lines = size_t(count) + 2 * PAD;
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
            if (gives) array = reinterpret_cast<Element*>(reinterpret_cast<char*>(memory_.data()) + at) + PAD;
            at += (lines * sizeof(Element) + 63) / 64 * 64;
        };
        take(flags), take(around), take(width), take(tight), take(unit), take(indent), take(dropped), take(narrow);
        take(blanks), take(kind), take(rhythm), take(join), take(part), take(free_join);
        take(low), take(high), take(low_indented), take(high_indented), take(exact), take(weight), take(lines_of), take(prose);
        for (auto*& c : cost) take(c);
        take(ends), take(sums), take(more), take(near);
    }
}

}  // namespace hanflow
