#include "repair/edits.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

#include "repair/compat.hpp"
#include "repair/width.hpp"
#include "simd/kernels.hpp"

namespace hanflow {

// Edit has 32 bits for places in the texts: more of them than that are more than there is memory for.
static void check_room(size_t size) {
    if (size > UINT32_MAX) throw std::bad_alloc();
}

void EditList::add(size_t begin, size_t end, const CodeUnit* text, size_t length, Rule rule, uint8_t confidence, Why why) {
    edits.push_back(Edit{begin, end, uint32_t(texts.size()), uint32_t(length), rule, confidence, why.count, why.reasons});
    texts.insert(texts.end(), text, text + length);
    check_room(texts.size());
}

void EditList::take(EditList& other, ptrdiff_t moved) {
    const size_t count = edits.size(), text = texts.size();
    if (!count) {
        std::swap(edits, other.edits);
        std::swap(texts, other.texts);
    } else {
        check_room(text + other.texts.size());
        texts.insert(texts.end(), other.texts.begin(), other.texts.end());
        edits.insert(edits.end(), other.edits.begin(), other.edits.end());
    }
    for (size_t i = count; i < edits.size(); ++i) {
        edits[i].begin = size_t(ptrdiff_t(edits[i].begin) + moved);
        edits[i].end = size_t(ptrdiff_t(edits[i].end) + moved);
        if (count) edits[i].text += uint32_t(text);
    }
}

void EditList::drop_front(size_t count) {
    if (!count) return;
    const size_t text = count < edits.size() ? edits[count].text : texts.size();
    edits.erase(edits.begin(), edits.begin() + ptrdiff_t(count));
    texts.erase(texts.begin(), texts.begin() + ptrdiff_t(text));
    for (Edit& edit : edits) edit.text -= uint32_t(text);
}

void EditList::add_rewritten(const CodeUnit* source, size_t begin, size_t end, size_t from, size_t to, Rewriting rewriting,
                             uint8_t confidence) {
    const size_t at = texts.size();
    // A radical of one unit becomes two at most.
    const size_t room = at + (to - from) * (rewriting.compat ? 2 : 1) + UNIT_SLACK;
    check_room(room);
    texts.resize(room);
    CodeUnit* const text = texts.data() + at;
    size_t length = to - from;
    if (rewriting.squeeze)
        length = kernels().squeeze(source + from, length, text);
    else
        std::memcpy(text, source + from, 2 * length);
    if (rewriting.narrow)
        for (size_t i = 0; i < length; ++i) text[i] = narrowed(text[i]);
    if (rewriting.compat) length = replace_radicals(text, length);
    texts.resize(at + length);
    edits.push_back(Edit{begin, end, uint32_t(at), uint32_t(length), rewriting.squeeze ? Rule::spacing : Rule::compat, confidence, 0, 0});
}

Buffer::~Buffer() { std::free(data_); }

void Buffer::release() {
    std::free(data_);
    data_ = nullptr;
    size_ = capacity_ = 0;
}

void Buffer::reserve(size_t capacity) {
    if (capacity <= capacity_) return;
    void* moved = std::realloc(data_, 2 * capacity);
    if (!moved) throw std::bad_alloc();
    data_ = static_cast<CodeUnit*>(moved);
    capacity_ = capacity;
}

void Buffer::grow(size_t count) { reserve(std::max(size_ + count, capacity_ + capacity_ / 2 + 256)); }

void Buffer::swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
}

size_t emit(const CodeUnit* source, size_t readable, size_t at, const EditList& list, Buffer& out) {
    for (const Edit& edit : list.edits) {
        if (readable - at >= Buffer::SLACK)
            out.append_short(source + at, edit.begin - at);
        else
            out.append(source + at, edit.begin - at);
        if (edit.text_size == 1)
            out.append_one(list.texts[edit.text]);
        else if (edit.text_size)
            out.append(list.texts.data() + edit.text, edit.text_size);
        at = edit.end;
    }
    return at;
}

namespace {

ptrdiff_t growth(const Edit& edit) { return ptrdiff_t(edit.text_size) - ptrdiff_t(edit.end - edit.begin); }

// How many edits of both lists lie in front of a place in text 1, at or before `end`, that none of them stands across.
void whole_part(const EditList& first, const EditList& second, size_t end, ptrdiff_t shift, size_t& n, size_t& m) {
    n = first.edits.size();
    m = second.edits.size();
    for (const Edit& edit : first.edits) shift += growth(edit);  // behind first.edits[n - 1]
    for (size_t before = end + 1; end < before;) {
        before = end;
        while (n && size_t(ptrdiff_t(first.edits[n - 1].end) + shift) > end) {
            shift -= growth(first.edits[--n]);
            end = std::min(end, size_t(ptrdiff_t(first.edits[n].begin) + shift));
        }
        while (m && second.edits[m - 1].end > end) end = std::min(end, second.edits[--m].begin);
    }
}

}  // namespace

void compose(EditList& first, EditList& second, size_t end, ptrdiff_t& shift, EditList& out) {
    size_t i = 0, n, m;
    whole_part(first, second, end, shift, n, m);
    if ((n == first.edits.size() && second.edits.empty()) || (m == second.edits.size() && first.edits.empty())) {
        EditList& all = first.edits.empty() ? second : first;
        const ptrdiff_t moved = first.edits.empty() ? -shift : 0;
        for (const Edit& edit : first.edits) shift += growth(edit);
        out.take(all, moved);
        all.clear();
        return;
    }
    const auto begin_of = [&](size_t k) { return size_t(ptrdiff_t(first.edits[k].begin) + shift); };  // in text 1, k == i
    const auto end_of = [&](size_t k) { return begin_of(k) + first.edits[k].text_size; };
    const auto pass = [&] {
        shift += growth(first.edits[i++]);
    };
    const auto keep = [&] {
        const Edit& edit = first.edits[i];
        out.add(edit.begin, edit.end, first.texts.data() + edit.text, edit.text_size, edit.rule, edit.confidence,
                Why{edit.reasons, edit.count});
        pass();
    };
    std::vector<CodeUnit> text;
    const auto put = [&](const std::vector<CodeUnit>& from, size_t at, size_t count) {
        text.insert(text.end(), from.begin() + ptrdiff_t(at), from.begin() + ptrdiff_t(at + count));
    };
    for (size_t j = 0; j < m;) {
        const Edit& edit = second.edits[j];
        while (i < n && end_of(i) <= edit.begin) keep();
        text.clear();
        size_t begin = size_t(ptrdiff_t(edit.begin) - shift);
        if (i < n && begin_of(i) < edit.begin) {  // inside what the first pass wrote
            begin = first.edits[i].begin;
            put(first.texts, first.edits[i].text, edit.begin - begin_of(i));
        }
        size_t reach = edit.end;  // in text 1, behind what this edit covers so far
        put(second.texts, edit.text, edit.text_size);
        ++j;
        uint8_t confidence = edit.confidence;  // of the least sure part
        if (i < n && begin_of(i) < edit.begin) confidence = std::min(confidence, first.edits[i].confidence);
        // The edit of the first pass that reaches furthest into what this one covers, in text 1.
        const Edit* last = nullptr;
        size_t last_begin = 0, last_end = 0;
        size_t source_end = 0;
        for (;;) {
            while (i < n && begin_of(i) < reach) {
                last = &first.edits[i];
                confidence = std::min(confidence, last->confidence);
                last_begin = begin_of(i);
                last_end = end_of(i);
                pass();
            }
            if (!last || last_end <= reach) {
                source_end = size_t(ptrdiff_t(reach) - shift);
                break;
            }
            // The rest of its text stays, up to the next edit of the second pass that stands in it too.
            const bool more = j < m && second.edits[j].begin < last_end;
            const size_t until = more ? second.edits[j].begin : last_end;
            put(first.texts, last->text + (reach - last_begin), until - reach);
            if (!more) {
                source_end = last->end;
                break;
            }
            put(second.texts, second.edits[j].text, second.edits[j].text_size);
            confidence = std::min(confidence, second.edits[j].confidence);
            reach = second.edits[j].end;
            ++j;
        }
        out.add(begin, source_end, text.data(), text.size(), edit.rule, confidence, Why{edit.reasons, edit.count});
    }
    while (i < n) keep();
    first.drop_front(n);
    second.drop_front(m);
}

}  // namespace hanflow
