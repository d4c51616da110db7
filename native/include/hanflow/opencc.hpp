// What an OpenCC configuration can change in a text, and where the text may be cut for it; src/hanflow/_opencc.py proves it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hanflow {

// What a text is made of: well-formed UTF-8, or code points in units of one, two or four bytes.
enum class Units : uint8_t { utf8 = 0, one = 1, two = 2, four = 4 };

// A set of code points.
class CodePoints {
public:
    void add(uint32_t cp) { words_[cp >> 6] |= uint64_t{1} << (cp & 63); }
    bool has(uint32_t cp) const { return words_[cp >> 6] >> (cp & 63) & 1; }
    uint64_t word(uint32_t index) const { return words_[index]; }  // of the code points 64 * index and after

    static constexpr uint32_t LIMIT = 0x110000;

private:
    uint64_t words_[LIMIT / 64] = {};
};

struct Stretch {
    size_t begin, end;  // in units
};

class OpenccTable {
public:
    void add_trigger(uint32_t cp) { triggers_.add(cp); }  // cp < LIMIT
    void add_key(uint32_t cp) { keys_.add(cp); }

    // The stretches that a conversion may change, in order: each ends at the end of the text or behind a character that is in no
    // key, and begins at the start or behind such a one; none holds a trigger outside. A stretch longer than `longest` units is
    // parted at the next such place (0: never). A text that may not be cut is one stretch. False: out of memory.
    // Linear.
    bool find(const void* text, size_t size, Units units, size_t longest, std::vector<Stretch>& out) const noexcept;

private:
    CodePoints triggers_, keys_;
};

// The C interface of the OpenCC library.
using OpenccConvert = char* (*)(void* handle, const char* text, size_t size);
using OpenccRelease = void (*)(char* text);

struct OpenccLibrary {
    OpenccConvert convert;
    OpenccRelease release;
    void* handle;
};

struct OpenccText {
    const char* text;
    size_t size;
    char* result;  // null before; to be released
};

// Converts them in order; false: one failed, its result is null as are those of the rest. The texts hold no NUL.
bool opencc_convert(const OpenccLibrary& library, OpenccText* texts, size_t count) noexcept;

}  // namespace hanflow
