// Columns of text in others' memory: the Arrow C data and stream interfaces, read and offered. Knows no Python; throws nothing.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "hanflow/api.hpp"
#include "hanflow/batch.hpp"

// The structures and guards are those of the specification, so that this header may stand beside another's.
extern "C" {
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
    const char* format;
    const char* name;
    const char* metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema** children;
    struct ArrowSchema* dictionary;
    void (*release)(struct ArrowSchema*);
    void* private_data;
};
struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void** buffers;
    struct ArrowArray** children;
    struct ArrowArray* dictionary;
    void (*release)(struct ArrowArray*);
    void* private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
    int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
    const char* (*get_last_error)(struct ArrowArrayStream*);
    void (*release)(struct ArrowArrayStream*);
    void* private_data;
};
#endif
}

namespace hanflow {

enum class TextType : uint8_t { none, utf8, large_utf8, utf8_view };

// The type that a schema names; none: not text (or text behind a dictionary).
TextType text_type(const ArrowSchema& schema) noexcept;

struct Row {
    const uint8_t* data;
    size_t size;
};

// A schema or an array that was moved in; the last holder, in whatever thread, releases it.
template <typename Struct>
class Shared {
public:
    // Takes over what `from` holds and leaves it released. nullptr: no memory, nothing is taken.
    static Shared* take(Struct& from) noexcept {
        Shared* shared = new (std::nothrow) Shared;
        if (!shared) return nullptr;
        shared->held = from;
        from.release = nullptr;
        return shared;
    }
    void hold() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
    void drop() noexcept {
        if (holders_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
        if (held.release) held.release(&held);
        delete this;
    }

    Struct held;

private:
    Shared() noexcept = default;
    std::atomic<size_t> holders_{1};
};

using SharedArray = Shared<ArrowArray>;

// The text of row i of an array of this type that a column has taken. false: null.
bool text_row(const ArrowArray& array, TextType type, size_t i, Row& row) noexcept;

// A column of text in chunks. Filled by one thread, then only read; several may hold it.
class Column {
public:
    // Takes the schema over. nullptr: no memory.
    static Column* make(ArrowSchema& schema) noexcept;
    // An empty one of the same schema. nullptr: no memory.
    Column* like() const noexcept;
    void hold() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
    void drop() noexcept {
        if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    TextType type() const noexcept { return type_; }
    const char* format() const noexcept { return schema_->held.format; }
    int64_t children() const noexcept { return schema_->held.n_children; }
    bool has_dictionary() const noexcept { return schema_->held.dictionary != nullptr; }
    size_t chunks() const noexcept { return chunks_.size(); }
    SharedArray& chunk(size_t i) const noexcept { return *chunks_[i]; }

    // Repairs an array and adds the result as a chunk: without repairs the array itself. A malformed one is refused before any text
    // of it is read; Failure::index is the row, or NO_ROW. What can be told: numbers, null pointers, the order of offsets, views
    // against the sizes of their buffers. What cannot: the interface has no sizes of the bits, the offsets or the views, nor of the data
    // of utf8 and large_utf8; there the length and the last offset have to be believed.
    Failure add_repaired(SharedArray& input, EnginePool& pool, const Options& options, Invalid invalid,
                         unsigned threads) noexcept;

    // Adds an array with texts[i] in place of row i; a row whose `data` is nullptr stays as it is.
    Failure add_replaced(SharedArray& input, EnginePool& pool, const Row* texts) noexcept;

    // What is exported holds the memory for itself and may be released in any thread. false: no memory.
    void export_schema(ArrowSchema* out) noexcept;
    void export_chunk(size_t chunk, ArrowArray* out) const noexcept;
    bool export_stream(ArrowArrayStream* out) noexcept;

private:
    Column(Shared<ArrowSchema>* schema) noexcept : schema_(schema), type_(text_type(schema->held)) {}
    ~Column();
    template <typename Change>
    Failure add_changed(SharedArray& input, const Change& change, EnginePool& pool, unsigned threads) noexcept;
    Failure add(SharedArray* chunk) noexcept;

    Shared<ArrowSchema>* schema_;
    TextType type_;
    std::vector<SharedArray*> chunks_;
    std::atomic<size_t> holders_{1};
};

}  // namespace hanflow
