#include "hanflow/alignment.hpp"

#include <algorithm>
#include <exception>
#include <new>

#include "repair/width.hpp"
#include "text/chars.hpp"
#include "text/units.hpp"
#include "text/utf8.hpp"

namespace hanflow {
namespace {

constexpr uint32_t NO_CONTENT = WHITE | class_bit(NEWLINE);

// One code point of text[0, size), size > 0; returns its length.
size_t read(const uint8_t* text, size_t size, uint32_t& cp) {
    if (sequence_length(text[0]) <= size) return size_t(decode(text, cp));
    cp = ILL_FORMED;
    return 1;
}

// Behind the white space and what compat drops, from `at` on.
size_t skip_white(const uint8_t* text, size_t at, size_t size) {
    while (at < size) {
        uint32_t cp;
        const size_t length = read(text + at, size - at, cp);
        if (!in(char_class(cp), NO_CONTENT)) break;
        at += length;
    }
    return at;
}

bool is_inside_sequence(const uint8_t* text, size_t at, size_t size) { return at < size && (text[at] & 0xC0) == 0x80; }

// Whether compat and width, one behind the other, may make `output` of the source's character.
bool becomes(uint32_t source, uint32_t output) {
    if (source == output) return true;
    const uint32_t plain_source = plain(source);
    return plain_source == output || width_target(source) == output || width_target(plain_source) == output;
}

}  // namespace

bool AlignmentTable::build(const uint8_t* data, size_t size, const Plan& plan, bool code_points) noexcept {
    code_points_ = code_points;
    source_ = output_ = 0;
    even_ = false;
    runs_.clear();
    moved_.clear();
    spans_.clear();
    try {
        runs_.reserve(4 * plan.edit_count + 4);
        spans_.reserve(4 * plan.edit_count);
        size_t at = 0;
        for (size_t i = 0; i < plan.edit_count; ++i) {
            const Edit& edit = plan.edits[i];
            const int64_t same = units(data + at, edit.begin - at);
            put(same, same);
            const int64_t source = source_, output = output_;
            add(data + edit.begin, edit.end - edit.begin, reinterpret_cast<const uint8_t*>(plan.texts) + edit.text, edit.text_size);
            spans_.insert(spans_.end(), {source, source_, output, output_});
            at = edit.end;
        }
        const int64_t same = units(data + at, size - at);
        put(same, same);
        runs_.insert(runs_.end(), {source_, output_});
    } catch (const std::exception&) {
        return false;
    }
    return true;
}

int64_t AlignmentTable::units(const uint8_t* text, size_t size) const {
    return int64_t(code_points_ ? extent_of(text, size).length : size);
}

void AlignmentTable::put(int64_t source, int64_t output) {
    if (!source && !output) return;
    const bool even = source == output;
    if (!even || !even_) runs_.insert(runs_.end(), {source_, output_});
    even_ = even;
    source_ += source;
    output_ += output;
}

// What an edit replaces, and its text.
void AlignmentTable::add(const uint8_t* source, size_t size, const uint8_t* text, size_t length) {
    const bool one_by_one = size && length && sequence_length(source[0]) == size && sequence_length(text[0]) == length;
    if (size && length && !one_by_one) {
        const size_t runs = runs_.size();
        const int64_t from = source_, to = output_;
        const bool even = even_;
        if (walk(source, size, text, length)) return;
        runs_.resize(runs);
        source_ = from;
        output_ = to;
        even_ = even;
        const size_t moved = moved_.size();
        if (!read_columns(source, size, text, length)) moved_.resize(moved);
    }
    put(units(source, size), units(text, length));
}

// White space that becomes other white space: what is the same at both ends stays.
void AlignmentTable::add_white(const uint8_t* source, size_t size, const uint8_t* text, size_t length) {
    const size_t shorter = std::min(size, length);
    size_t head = 0, tail = 0;
    while (head < shorter && source[head] == text[head]) ++head;
    while (head && (is_inside_sequence(source, head, size) || is_inside_sequence(text, head, length))) --head;
    while (tail < shorter - head && source[size - 1 - tail] == text[length - 1 - tail]) ++tail;
    while (tail && (source[size - tail] & 0xC0) == 0x80) --tail;
    put(units(source, head), units(text, head));
    put(units(source + head, size - head - tail), units(text + head, length - head - tail));
    put(units(source + size - tail, tail), units(text + length - tail, tail));
}

// Character by character: without white space both sides are one sequence. False where they are not.
bool AlignmentTable::walk(const uint8_t* source, size_t size, const uint8_t* text, size_t length) {
    size_t i = 0, j = 0;
    for (;;) {
        const size_t behind = skip_white(source, i, size), text_behind = skip_white(text, j, length);
        add_white(source + i, behind - i, text + j, text_behind - j);
        i = behind;
        j = text_behind;
        if (i == size || j == length) return i == size && j == length;
        uint32_t from, to;
        const size_t begin = i;
        i += read(source + i, size - i, from);
        const size_t wide = read(text + j, length - j, to);
        if (!becomes(from, to)) {  // a half-width kana and its sound mark are one full character
            i = skip_white(source, i, size);
            if (i == size) return false;
            uint32_t mark;
            i += read(source + i, size - i, mark);
            if (halfwidth_composed(from, mark) != to) return false;
        }
        put(units(source + begin, i - begin), units(text + j, wide));
        j += wide;
    }
}

// A grid: rows of as many characters each, read in columns from right to left. False where it is none.
bool AlignmentTable::read_columns(const uint8_t* source, size_t size, const uint8_t* text, size_t length) {
    cells_.clear();
    size_t columns = 0, in_row = 0;
    int64_t at = source_;
    uint32_t cp;
    for (size_t i = 0; i <= size;) {
        const size_t count = i < size ? read(source + i, size - i, cp) : 1;
        const uint8_t kind = i < size ? char_class(cp) : uint8_t(NEWLINE);
        const int64_t next = at + (i < size ? units(source + i, count) : 0);
        if (!in(kind, NO_CONTENT)) {
            cells_.push_back(Cell{cp, at, next});
            ++in_row;
        } else if (kind == NEWLINE && in_row) {
            if (columns && columns != in_row) return false;
            columns = in_row;
            in_row = 0;
        }
        i += count;
        at = next;
    }
    if (!columns) return false;
    const size_t rows = cells_.size() / columns;
    size_t done = 0;
    at = output_;
    for (size_t j = 0; j < length;) {
        const size_t count = read(text + j, length - j, cp);
        const int64_t next = at + units(text + j, count);
        if (!in(char_class(cp), NO_CONTENT)) {
            if (done == cells_.size()) return false;
            const Cell& cell = cells_[done % rows * columns + columns - 1 - done / rows];
            if (!becomes(cell.cp, cp)) return false;
            moved_.insert(moved_.end(), {cell.begin, cell.end, at, next});
            ++done;
        }
        j += count;
        at = next;
    }
    return done == cells_.size();
}

void spread_runs(const int64_t* here, const int64_t* there, size_t count, int64_t* out) noexcept {
    for (size_t i = 0; i + 1 < count; ++i) {
        const int64_t length = here[i + 1] - here[i], other = there[i], most = there[i + 1] - other;
        const int64_t each = std::max<int64_t>(std::min(length, most), 0), last = other + std::max<int64_t>(most - 1, 0);
        for (int64_t k = 0; k < each; ++k) *out++ = other + k;
        for (int64_t k = each; k < length; ++k) *out++ = last;
    }
    *out = there[count - 1];
}

}  // namespace hanflow
