#include "hanflow/opencc.hpp"

#include <cstring>
#include <type_traits>

#include "text/chars.hpp"
#include "text/units.hpp"
#include "text/utf8.hpp"

namespace hanflow {
namespace {

// So many characters without a trigger are worth a stretch's end: the call costs as much as converting some twenty.
constexpr size_t WINDOW = 64;

constexpr size_t BLOCK = 768;  // bytes of UTF-8

template <class Unit>
struct Points {
    const Unit* data;
    size_t size;

    uint32_t next(size_t& p) const { return data[p++]; }
    uint32_t previous(size_t& p) const { return data[--p]; }
    size_t boundary(size_t p) const { return p; }
    size_t ahead(size_t p) const { return size - p <= WINDOW ? size : p + WINDOW; }

    size_t first(const CodePoints& set, size_t p) const {
        for (; size - p >= 4; p += 4)
            if (set.has(data[p]) | set.has(data[p + 1]) | set.has(data[p + 2]) | set.has(data[p + 3])) break;
        while (p < size && !set.has(data[p])) ++p;
        return p;
    }

    bool whole() const {
        Unit found = 0;
        for (size_t i = 0; i < size; ++i) found |= (data[i] == 0) | ((uint32_t{data[i]} & ~15u) == 0x2FF0);
        return found;
    }
};

struct Utf8 {
    const uint8_t* data;
    size_t size;

    // The character at p < size; moves p behind it.
    uint32_t next(size_t& p) const {
        uint32_t cp;
        p += size_t(decode(data + p, cp));
        return cp;
    }

    // The character before p > 0; moves p to it.
    uint32_t previous(size_t& p) const {
        p = boundary(p - 1);
        size_t behind = p;
        return next(behind);
    }

    // The start of the character that byte p is of.
    size_t boundary(size_t p) const {
        while (p > 0 && (data[p] & 0xC0) == 0x80) --p;
        return p;
    }

    size_t ahead(size_t p) const { return size - p <= 3 * WINDOW ? size : boundary(p + 3 * WINDOW); }

    // Where the first of the set is, from p on. Blocks of the BMP are looked at as UTF-16: a kernel is faster than a loop here.
    size_t first(const CodePoints& set, size_t p) const {
        CodeUnit units[BLOCK + UNIT_SLACK];
        Substitutes none;
        while (p < size) {
            const size_t end = size - p <= BLOCK ? size : boundary(p + BLOCK);
            const Extent extent = extent_of(data + p, end - p);
            if (extent.greatest <= 0xFFFF) {
                utf8_to_units(data + p, end - p, Reading::well_formed, units, none);
                const size_t found = Points<uint16_t>{units, extent.length}.first(set, 0);
                if (found == extent.length) {
                    p = end;
                    continue;
                }
                for (size_t i = 0; i < found; ++i) next(p);
                return p;
            }
            while (p < end) {
                const size_t begin = p;
                if (set.has(next(p))) return begin;
            }
        }
        return size;
    }

    bool whole() const {
        for (const uint8_t* p = data; (p = find(p, 0xE2)); ++p)
            if (data + size - p > 1 && p[1] == 0xBF) return true;  // U+2FC0 to U+2FFF
        return find(data, 0);
    }

    const uint8_t* find(const uint8_t* from, int byte) const {
        return static_cast<const uint8_t*>(std::memchr(from, byte, static_cast<size_t>(data + size - from)));
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
            size_t p = text_.boundary(begin + longest_);
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
