// The one edit list over the source: built by the stages, composed over passes, emitted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hanflow/api.hpp"

namespace hanflow {

// Appends cp as UTF-8 (surrogates too).
template <typename Text>
void append_utf8(Text& text, uint32_t cp) {
    const auto put = [&](uint32_t byte) { text.push_back(char(byte)); };
    if (cp < 0x80) {
        put(cp);
    } else if (cp < 0x800) {
        put(0xC0 | cp >> 6);
        put(0x80 | (cp & 0x3F));
    } else if (cp < 0x10000) {
        put(0xE0 | cp >> 12);
        put(0x80 | (cp >> 6 & 0x3F));
        put(0x80 | (cp & 0x3F));
    } else {
        put(0xF0 | cp >> 18);
        put(0x80 | (cp >> 12 & 0x3F));
        put(0x80 | (cp >> 6 & 0x3F));
        put(0x80 | (cp & 0x3F));
    }
}

// Edits in source order that do not overlap, and the pool of their replacements.
struct EditList {
    std::vector<Edit> edits;
    std::string texts;

    void clear() {
        edits.clear();
        texts.clear();
    }
    // An edit behind all others.
    void add(size_t begin, size_t end, const char* text, size_t length, Rule rule, uint8_t confidence);
    // Bytes of the text that the edits make of a source of the given size.
    size_t result_size(size_t source) const;
};

// Writes source with the edits done to out: result_size(size) bytes.
void emit(const uint8_t* source, size_t size, const EditList& list, uint8_t* out);

// first makes text 1 of the source, second makes text 2 of text 1: the edits that make text 2 of the source.
// Linear in both lists and their texts.
void compose(const EditList& first, const EditList& second, EditList& out);

}  // namespace hanflow
