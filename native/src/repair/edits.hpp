// The one edit list over the source: built by the stages, composed over passes, emitted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "hanflow/api.hpp"
#include "text/chars.hpp"

namespace hanflow {

// Edits in source order that do not overlap, and the pool of their replacements. All in code units.
struct EditList {
    std::vector<Edit> edits;
    std::vector<CodeUnit> texts;

    void clear() {
        edits.clear();
        texts.clear();
    }
    // An edit behind all others.
    void add(size_t begin, size_t end, const CodeUnit* text, size_t length, Rule rule, uint8_t confidence, Why why);
    // ... that leaves nothing, or puts one unit.
    void add_cut(size_t begin, size_t end, Rule rule, uint8_t confidence, Why why) {
        edits.push_back(Edit{begin, end, uint32_t(texts.size()), 0, rule, confidence, why.count, why.reasons});
    }
    void add_unit(size_t begin, size_t end, CodeUnit unit, Rule rule, uint8_t confidence, Why why) {
        edits.push_back(Edit{begin, end, uint32_t(texts.size()), 1, rule, confidence, why.count, why.reasons});
        texts.push_back(unit);
    }
    // Edits of another list behind all others, moved by so many units; the other may be left with anything.
    void take(EditList& other, ptrdiff_t moved);
    void drop_front(size_t count);
    // How a line is rewritten: without its ASCII spaces; with ASCII for its full-width letters and digits; with the radicals
    // replaced that compat replaces.
    struct Rewriting {
        bool squeeze, narrow, compat;
        bool any() const { return squeeze || narrow || compat; }
    };
    // [begin, end) becomes source[from, to), rewritten: one edit, for who does not ask for each.
    void add_rewritten(const CodeUnit* source, size_t begin, size_t end, size_t from, size_t to, Rewriting rewriting,
                       uint8_t confidence);
};

// Code units that grow without being cleared, and stay allocated. Throws std::bad_alloc.
class Buffer {
public:
    Buffer() = default;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer();

    void clear() { size_ = 0; }
    void release();  // gives the memory back
    void reserve(size_t capacity);
    void append(const CodeUnit* units, size_t count) {
        if (count > capacity_ - size_) grow(count);
        if (count) std::memcpy(data_ + size_, units, 2 * count);
        size_ += count;
    }
    // Appends a few units; up to SLACK from `units` on must be readable.
    static constexpr size_t SLACK = 32;
    void append_short(const CodeUnit* units, size_t count) {
        if (count > SLACK || capacity_ - size_ < SLACK) return append(units, count);
        std::memcpy(data_ + size_, units, 2 * SLACK);  // of constant size: vectors, no call
        size_ += count;
    }
    void append_one(CodeUnit unit) {
        if (size_ == capacity_) grow(1);
        data_[size_++] = unit;
    }
    const CodeUnit* data() const { return data_; }
    // The memory behind the content, of which extend() takes some.
    CodeUnit* space(size_t count) {
        if (count > capacity_ - size_) grow(count);
        return data_ + size_;
    }
    void extend(size_t count) { size_ += count; }
    void drop_front(size_t count) {
        if (count && size_ != count) std::memmove(data_, data_ + count, 2 * (size_ - count));
        size_ -= count;
    }
    size_t size() const { return size_; }
    size_t capacity() const { return capacity_; }
    void swap(Buffer& other) noexcept;

private:
    void grow(size_t count);

    CodeUnit* data_ = nullptr;
    size_t size_ = 0, capacity_ = 0;
};

// Appends source[at, begin of the first edit), ... with the edits done; returns the source position behind the last one.
// readable: units of the source.
size_t emit(const CodeUnit* source, size_t readable, size_t at, const EditList& list, Buffer& out);

// first makes text 1 of the source, second makes text 2 of text 1, whose first `end` units have been looked through: moves what
// is known of the edits that make text 2 of the source behind those of out. What may yet change stays in both lists.
// shift: position in text 1 less that in the source, in front of the first edit of `first`; also when it returns.
// Linear in both lists and their texts.
void compose(EditList& first, EditList& second, size_t end, ptrdiff_t& shift, EditList& out);

}  // namespace hanflow
