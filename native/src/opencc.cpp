#include "opencc.hpp"

#include <cstring>
#include <type_traits>

namespace hanflow {
namespace {

// So many characters without a trigger are worth a stretch's end: the call costs as much as converting some twenty.
constexpr size_t WINDOW = 64;

struct Utf8 {
    const uint8_t* data;
    size_t size;

    // The character at p < size; moves p behind it. Overlong forms and surrogates pass as what they would be: no harm, as nothing
    // is decided by them but where to convert.
    uint32_t next(size_t& p) const {
        const uint8_t* d = data + p;
        const size_t left = size - p;
        if (d[0] < 0x80) return ++p, d[0];
        if (left >= 3 && (d[0] & 0xF0) == 0xE0 && (d[1] & 0xC0) == 0x80 && (d[2] & 0xC0) == 0x80)
            return p += 3, (d[0] & 15u) << 12 | (d[1] & 63u) << 6 | (d[2] & 63u);
        if (left >= 2 && (d[0] & 0xE0) == 0xC0 && (d[1] & 0xC0) == 0x80) return p += 2, (d[0] & 31u) << 6 | (d[1] & 63u);
        if (left >= 4 && (d[0] & 0xF8) == 0xF0 && (d[1] & 0xC0) == 0x80 && (d[2] & 0xC0) == 0x80 && (d[3] & 0xC0) == 0x80) {
            const uint32_t cp = (d[0] & 7u) << 18 | (d[1] & 63u) << 12 | (d[2] & 63u) << 6 | (d[3] & 63u);
            if (cp < CodePoints::LIMIT) return p += 4, cp;
        }
        return ++p, CodePoints::LIMIT;
    }

    // The character before p > 0; moves p to it.
    uint32_t previous(size_t& p) const {
        const size_t end = p;
        size_t begin = end - 1;
        while (begin > 0 && end - begin < 4 && (data[begin] & 0xC0) == 0x80) --begin;
        size_t behind = begin;
        const uint32_t cp = next(behind);
        if (behind == end) return p = begin, cp;
        return --p, CodePoints::LIMIT;
    }

    // A boundary of characters at about p, not after it unless p is in front of `least`.
    size_t boundary(size_t p, size_t least) const {
        if (p >= size) return size;
        while (p > least && (data[p] & 0xC0) == 0x80) --p;
        return p;
    }

    size_t ahead(size_t p) const { return size - p <= 3 * WINDOW ? size : boundary(p + 3 * WINDOW, p); }

    // Where the first of the set is, from p on.
    size_t first(const CodePoints& set, size_t p) const {
        while (p < size) {
            while (size - p >= 4 && (data[p] & 0xF0) == 0xE0 && (data[p + 1] & 0xC0) == 0x80 && (data[p + 2] & 0xC0) == 0x80) {
                if (set.word((data[p] & 15u) << 6 | (data[p + 1] & 63u)) >> (data[p + 2] & 63) & 1) return p;
                p += 3;
            }
            if (p == size) break;
            const size_t begin = p;
            if (set.has(next(p))) return begin;
        }
        return size;
    }

    bool whole() const {
        bool found = false;  // not a break: this way it is vectorized
        for (size_t i = 0; i + 1 < size; ++i) found |= (data[i] == 0xE2) & (data[i + 1] == 0xBF);  // U+2FC0 to U+2FFF
        return found || std::memchr(data, 0, size);
    }
};

template <class Unit>
struct Points {
    const Unit* data;
    size_t size;

    uint32_t next(size_t& p) const { return data[p++]; }
    uint32_t previous(size_t& p) const { return data[--p]; }
    size_t boundary(size_t p, size_t) const { return p < size ? p : size; }
    size_t ahead(size_t p) const { return size - p <= WINDOW ? size : p + WINDOW; }

    size_t first(const CodePoints& set, size_t p) const {
        for (; size - p >= 4; p += 4)
            if (set.has(data[p]) | set.has(data[p + 1]) | set.has(data[p + 2]) | set.has(data[p + 3])) break;
        while (p < size && !set.has(data[p])) ++p;
        return p;
    }

    bool whole() const {
        bool found = false;
        for (size_t i = 0; i < size; ++i) found |= (data[i] == 0) | ((uint32_t{data[i]} & ~15u) == 0x2FF0);
        return found;
    }
};

template <class Text>
class Finder {
public:
    Finder(const Text& text, const CodePoints& triggers, const CodePoints& keys, size_t longest, std::vector<Stretch>& out)
        : text_(text), triggers_(triggers), keys_(keys), longest_(longest), out_(out) {}

    void find() {
        if (text_.whole()) {
            out_.push_back({0, text_.size});
            return;
        }
        size_t done = 0;  // a cut
        for (size_t p = text_.first(triggers_, 0); p < text_.size; p = text_.first(triggers_, p)) {
            const size_t begin = cut_before(p, done);
            text_.next(p);
            done = cut_behind(p);
            add(begin, done);
        }
    }

private:
    // The last cut at or before p, not before `least`, which is one.
    size_t cut_before(size_t p, size_t least) const {
        while (p > least) {
            size_t begin = p;
            if (!keys_.has(text_.previous(begin))) break;
            p = begin;
        }
        return p;
    }

    // The first cut from p on that no trigger follows for a while; moves p to where the next one may be.
    size_t cut_behind(size_t& p) const {
        for (;;) {
            const size_t window = text_.ahead(p);
            size_t clean = window;  // from here on the window has no trigger
            while (clean > p) {
                size_t begin = clean;
                if (triggers_.has(text_.previous(begin))) break;
                clean = begin;
            }
            if (clean > p) {
                p = clean;
                continue;
            }
            while (p < text_.size) {
                const size_t begin = p;
                const uint32_t cp = text_.next(p);
                if (!keys_.has(cp)) {
                    const size_t cut = p;
                    if (p < window) p = window;
                    return cut;
                }
                if (begin >= window && triggers_.has(cp)) break;
            }
            if (p == text_.size) return p;
        }
    }

    void add(size_t begin, size_t end) {
        while (longest_ && end - begin > longest_) {
            size_t p = text_.boundary(begin + longest_, begin);
            while (p < end && keys_.has(text_.next(p))) {}
            if (p >= end) break;
            out_.push_back({begin, p});
            begin = p;
        }
        out_.push_back({begin, end});
    }

    const Text text_;
    const CodePoints& triggers_;
    const CodePoints& keys_;
    const size_t longest_;
    std::vector<Stretch>& out_;
};

}  // namespace

bool OpenccTable::find(const void* text, size_t size, Units units, size_t longest, std::vector<Stretch>& out) const noexcept {
    const auto run = [&](const auto& of) { Finder<std::decay_t<decltype(of)>>(of, triggers_, keys_, longest, out).find(); };
    try {
        switch (units) {
            case Units::utf8: run(Utf8{static_cast<const uint8_t*>(text), size}); break;
            case Units::one: run(Points<uint8_t>{static_cast<const uint8_t*>(text), size}); break;
            case Units::two: run(Points<uint16_t>{static_cast<const uint16_t*>(text), size}); break;
            case Units::four: run(Points<uint32_t>{static_cast<const uint32_t*>(text), size}); break;
        }
        return true;
    } catch (...) {
        return false;
    }
}

bool opencc_convert(const OpenccLibrary& library, OpenccText* texts, size_t count) noexcept {
    for (size_t i = 0; i < count; ++i) {
        try {  // the library is C++ behind a C face, and keeps only some of its exceptions to itself
            texts[i].result = library.convert(library.handle, texts[i].text, texts[i].size);
        } catch (...) {
            texts[i].result = nullptr;
        }
        if (!texts[i].result) return false;
    }
    return true;
}

}  // namespace hanflow
