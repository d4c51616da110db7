// Columns of text: the rows of each layout, the results in the same layout, shared ownership.
#include "hanflow/arrow.hpp"

#include <exception>
#include <limits>
#include <memory>
#include <utility>

namespace hanflow {
namespace {

constexpr size_t INLINE_BYTES = 12;
// Results of several threads are put together in groups of so many portions a thread: what lies twice in memory stays small.
constexpr size_t GROUP_PORTIONS = 64;
constexpr size_t MAX_GROUP_PORTIONS = 512;
// Results of utf8_view stand in blocks, each twice as large as the one before: none has to move to grow.
constexpr size_t MIN_BLOCK = size_t(1) << 14;
constexpr size_t MAX_BLOCK = size_t(1) << 25;

// A row of utf8_view: up to twelve bytes stand in it, more in one of the array's buffers.
struct View {
    int32_t size;
    union {
        uint8_t text[INLINE_BYTES];
        struct {
            uint8_t prefix[4];
            int32_t buffer;
            int32_t offset;
        } far;
    };
};
static_assert(sizeof(View) == 16, "the layout of the specification");

// The buffers of a utf8_view that its rows point into: behind the bits and the views; the last one holds their sizes.
size_t view_buffers(const ArrowArray& array) { return array.n_buffers > 3 ? size_t(array.n_buffers) - 3 : 0; }

class Nulls {
public:
    explicit Nulls(const ArrowArray& array)
        : bits_(array.null_count == 0 ? nullptr : static_cast<const uint8_t*>(array.buffers[0])),
          first_(size_t(array.offset)) {}

    bool is_null(size_t i) const { return bits_ && !(bits_[(first_ + i) >> 3] >> ((first_ + i) & 7) & 1); }

    // The bits of n rows from bit 0 on, and how many are null. Empty if the array has none. false: no memory.
    bool copy(size_t n, Arena& out, int64_t& nulls) const {
        nulls = 0;
        if (!bits_) return true;
        const size_t bytes = (n + 7) / 8;
        if (!out.reserve(bytes)) return false;
        const uint8_t* from = bits_ + (first_ >> 3);
        const unsigned shift = first_ & 7;
        size_t set = 0;
        for (size_t i = 0; i < bytes; ++i) {
            const size_t rest = std::min<size_t>(n - 8 * i, 8);
            unsigned bits = from[i] >> shift;
            if (shift && rest > 8 - shift) bits |= unsigned(from[i + 1]) << (8 - shift);  // not read unless rows stand in it
            bits &= (1u << rest) - 1;
            out.data()[i] = uint8_t(bits);
            for (; bits; bits &= bits - 1) ++set;
        }
        out.advance(bytes);
        nulls = int64_t(n - set);
        return true;
    }

private:
    const uint8_t* bits_;
    size_t first_;
};

// Whether memory at `from` can have so many bytes: no machine has addresses for more, and they don't start again at 0.
bool fits(const void* from, uint64_t bytes) {
    constexpr uint64_t MOST = sizeof(void*) > 4 ? uint64_t(1) << 56 : uint64_t(PTRDIFF_MAX);
    return bytes <= MOST && bytes <= UINTPTR_MAX - uintptr_t(from);
}

// A value at any address: a producer need not align its buffers.
template <typename T>
T load(const uint8_t* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

// Rows of arrays that array_fault() let pass and that have some. fault() is asked before any row is read.
// utf8 and large_utf8.
template <typename T>
class OffsetRows : public Nulls {
public:
    using Offset = T;
    static constexpr size_t WIDTH = sizeof(T);
    explicit OffsetRows(const ArrowArray& array)
        : Nulls(array),
          offsets_(static_cast<const uint8_t*>(array.buffers[1]) + size_t(array.offset) * WIDTH),
          data_(static_cast<const uint8_t*>(array.buffers[2])) {}

    // What is wrong with which of n rows; nullptr: nothing. Only the producer knows how long the data is: that the last offset
    // stands inside it has to be believed.
    const char* fault(size_t n, size_t& row) const {
        Offset before = at(0);
        row = 0;
        if (before < 0) return "its text begins before the data";
        for (; row < n; ++row) {
            const Offset after = at(row + 1);
            if (after < before) return "its text ends before it begins";
            if (after > before && !data_) return "the data is null";
            if (!fits(data_, uint64_t(after))) return "its text ends outside of memory";
            before = after;
        }
        return nullptr;
    }
    size_t size(size_t i) const { return size_t(at(i + 1) - at(i)); }
    size_t bytes(size_t n, size_t) const { return size_t(at(n) - at(0)); }
    Row row(size_t i) const {
        const size_t count = size(i);
        return {count ? data_ + at(i) : data_, count};
    }

private:
    Offset at(size_t i) const { return load<Offset>(offsets_ + i * WIDTH); }

    const uint8_t* offsets_;
    const uint8_t* data_;
};

class ViewRows : public Nulls {
public:
    static constexpr size_t WIDTH = sizeof(View);
    explicit ViewRows(const ArrowArray& array)
        : Nulls(array),
          views_(static_cast<const uint8_t*>(array.buffers[1]) + size_t(array.offset) * WIDTH),
          buffers_(array.buffers + 2),
          count_(view_buffers(array)),
          sizes_(count_ ? static_cast<const uint8_t*>(buffers_[count_]) : nullptr) {}

    // Null rows may hold anything.
    const char* fault(size_t n, size_t& row) const {
        for (row = 0; row < n; ++row) {
            if (is_null(row)) continue;
            const View at = view(row);
            if (at.size < 0) return "its size is negative";
            if (size_t(at.size) <= INLINE_BYTES) continue;
            const size_t buffer = size_t(at.far.buffer), offset = size_t(at.far.offset);  // negative ones become too large
            if (buffer >= count_ || !buffers_[buffer]) return "its buffer is not there";
            if (offset > size_t(INT32_MAX) || int64_t(offset) + at.size > buffer_size(buffer)) return "it stands outside of its buffer";
        }
        return nullptr;
    }
    size_t size(size_t i) const { return is_null(i) ? 0 : size_t(view(i).size); }
    // No more of the rows are read than it takes to find `enough`.
    size_t bytes(size_t n, size_t enough) const {
        size_t sum = 0;
        for (size_t i = 0; i < n && sum < enough; ++i) sum += size(i);
        return sum;
    }
    Row row(size_t i) const {
        const View at = view(i);
        if (size_t(at.size) <= INLINE_BYTES) return {views_ + i * WIDTH + offsetof(View, text), size_t(at.size)};
        return {static_cast<const uint8_t*>(buffers_[at.far.buffer]) + at.far.offset, size_t(at.size)};
    }
    View view(size_t i) const { return load<View>(views_ + i * WIDTH); }
    const void* const* buffers() const { return buffers_; }
    int64_t buffer_size(size_t i) const { return load<int64_t>(sizes_ + i * sizeof(int64_t)); }
    size_t buffer_count() const { return count_; }

private:
    const uint8_t* views_;
    const void* const* buffers_;
    size_t count_;
    const uint8_t* sizes_;
};

// What is wrong with an array, as far as its own numbers and pointers tell; nullptr: nothing. Without rows nothing is read, so that
// it may lack buffers.
template <typename Rows>
const char* array_fault(const ArrowArray& array) {
    constexpr bool views = std::is_same<Rows, ViewRows>::value;
    if (array.length < 0) return "its length is negative";
    if (array.offset < 0) return "its offset is negative";
    if (array.null_count < -1) return "its count of nulls is negative";
    if (array.null_count > array.length) return "it has more nulls than rows";
    if (array.n_buffers < 0) return "its count of buffers is negative";
    if (array.n_children) return "it has children, which text has not";
    if (array.dictionary) return "it has a dictionary, its schema has none";
    if (!array.length) return nullptr;
    if (views ? array.n_buffers < 2 || array.n_buffers > INT32_MAX : array.n_buffers != 3) return "its count of buffers is wrong";
    if (!array.buffers) return "its buffers are null";
    if (array.null_count > 0 && !array.buffers[0]) return "it has nulls, but its bits are null";
    if (!array.buffers[1]) return views ? "its views are null" : "its offsets are null";
    // One row more: that many offsets there are.
    const uint64_t rows = uint64_t(array.length) + uint64_t(array.offset) + 1;
    if (!fits(nullptr, rows) || !fits(array.buffers[1], rows * Rows::WIDTH) || !fits(array.buffers[0], rows / 8 + 1)) {
        return "it is longer than memory";
    }
    if (!views) return nullptr;
    if (const size_t count = view_buffers(array)) {
        const uint8_t* sizes = static_cast<const uint8_t*>(array.buffers[2 + count]);
        if (!sizes) return "the sizes of its buffers are null";
        for (size_t i = 0; i < count; ++i) {
            const int64_t size = load<int64_t>(sizes + i * sizeof(int64_t));
            if (size < 0) return "the size of a buffer is negative";
            if (!fits(array.buffers[2 + i], uint64_t(size))) return "a buffer ends outside of memory";
        }
    }
    return nullptr;
}

// What is done to a row: repaired ...
struct Repaired {
    const Options& options;
    Invalid invalid;

    Plan plan(Worker& worker, size_t, const Row& row) const {
        return worker.engine->plan(row.data, row.size, options, invalid, false);
    }
    void emit(Worker& worker, size_t, uint8_t* out) const { worker.engine->emit(out); }
};

// ... or replaced.
struct Replaced {
    const Row* texts;

    Plan plan(Worker&, size_t i, const Row& row) const {
        Plan plan{};
        plan.changed = texts[i].data != nullptr;
        plan.size = plan.changed ? texts[i].size : row.size;
        return plan;
    }
    void emit(Worker&, size_t i, uint8_t* out) const { std::memcpy(out, texts[i].data, texts[i].size); }
};

Failure no_memory(size_t i) { return {Fault::out_of_memory, i}; }

// Reads a row that is not null and plans its change. An empty text has nothing to change.
template <typename Rows, typename Change>
Failure plan_row(const Rows& rows, size_t i, const Change& change, Worker& worker, Row& row, Plan& plan) {
    row = rows.row(i);
    plan.changed = false;
    plan.size = 0;
    if (!row.size) return {};
    plan = change.plan(worker, i, row);
    if (plan.status == Status::ok) return {};
    if (plan.status == Status::invalid_utf8) return {Fault::invalid_utf8, i, plan.error_begin, plan.error_end, plan.error_reason};
    return no_memory(i);
}

// The rows of a portion and where their results stand, one behind the other: in the input, or in an arena.
struct Piece {
    size_t begin, end;
    unsigned worker;
    bool changed;
    const uint8_t* input;  // nullptr: in the worker's arena, from `at` on
    size_t at, size;
    uint64_t target;       // where they go in the column
};

// Unchanged rows are not copied one by one, but as far as they stand side by side in the input; all of a piece: not at all.
template <typename Rows, typename Change>
Failure change_piece(const Rows& rows, const Change& change, Worker& worker, Piece& piece, typename Rows::Offset* sizes) {
    constexpr uint64_t limit = uint64_t(std::numeric_limits<typename Rows::Offset>::max());
    uint64_t total = 0;
    Arena& arena = worker.arena;
    piece.at = arena.size();
    Row run{nullptr, 0}, row;
    Plan plan{};
    for (size_t i = piece.begin; i < piece.end; ++i) {
        sizes[i] = 0;
        if (rows.is_null(i)) continue;
        const Failure failure = plan_row(rows, i, change, worker, row, plan);
        if (failure.fault != Fault::none) return failure;
        if (plan.size > limit - total) return {Fault::too_large, i};
        total += plan.size;
        sizes[i] = typename Rows::Offset(plan.size);
        if (!plan.changed) {
            if (row.size && row.data != run.data + run.size) {
                if (!arena.append(run.data, run.size)) return no_memory(i);
                run = {row.data, 0};
            }
            run.size += row.size;
            continue;
        }
        piece.changed = true;
        if (!arena.append(run.data, run.size) || !arena.reserve(plan.size)) return no_memory(i);
        if (plan.size) change.emit(worker, i, arena.end());
        arena.advance(plan.size);
        run = {row.data + row.size, 0};
    }
    piece.input = nullptr;
    if (arena.size() == piece.at) piece.input = run.data;
    else if (!arena.append(run.data, run.size)) return no_memory(piece.end);
    piece.size = piece.input ? run.size : arena.size() - piece.at;
    return {};
}

// Sizes of the rows [begin, end), each where its row's end is to stand, become offsets. The return value is where they end.
template <typename Offset>
uint64_t add_up(Offset* offsets, size_t begin, size_t end, uint64_t at) {
    for (size_t i = begin; i < end; ++i) {
        at += uint64_t(offsets[i + 1]);
        offsets[i + 1] = Offset(at);
    }
    return at;
}

// offsets: n + 1, to be filled. changed: whether a row is; if not, out and offsets hold nothing of use.
template <typename Rows, typename Change>
Failure change_rows(const Rows& rows, size_t n, const Change& change, const Crew& crew, typename Rows::Offset* offsets,
                    Arena& out, bool& changed) {
    constexpr uint64_t LIMIT = uint64_t(std::numeric_limits<typename Rows::Offset>::max());
    const unsigned threads = crew.threads();
    const bool alone = threads == 1;  // all rows are one portion then, and the arena of the only worker becomes the column
    const size_t most = alone ? 1 : std::min(threads * GROUP_PORTIONS, MAX_GROUP_PORTIONS);
    std::unique_ptr<Piece[]> pieces(new (std::nothrow) Piece[most]);
    Arena& target = alone ? crew[0].arena : out;
    if (!pieces || !target.reserve(rows.bytes(n, SIZE_MAX))) return no_memory(0);
    uint64_t total = 0;
    changed = false;
    offsets[0] = 0;
    for (size_t done = 0, next = 0; done < n; done = next) {
        Portions portions(done, n, most, alone ? SIZE_MAX : PORTION_BYTES, alone ? SIZE_MAX : PORTION_ITEMS);
        crew.in_threads(threads, [&](unsigned number) {
            crew[number].arena.clear();
            size_t begin, end, portion;
            while (portions.take([&](size_t i) { return rows.size(i); }, begin, end, portion)) {
                Piece& piece = pieces[portion];
                piece = Piece{begin, end, number, false, nullptr, 0, 0, 0};
                const Failure failure = change_piece(rows, change, crew[number], piece, offsets + 1);
                if (failure.fault != Fault::none) return portions.fail(failure);
            }
        });
        if (portions.failure().fault != Fault::none) return portions.failure();
        const size_t count = portions.taken();
        if (!count) return no_memory(done);
        next = portions.next();
        const bool first = !changed;
        for (size_t i = 0; i < count; ++i) changed = changed || pieces[i].changed;
        if (!changed) continue;  // nothing is copied until something changes
        if (first) {
            for (size_t i = 0; i < done; ++i) {
                const Row row = rows.row(i);
                if (!rows.is_null(i) && !out.append(row.data, row.size)) return no_memory(i);
            }
            total = add_up(offsets, 0, done, 0);
        }
        for (size_t i = 0; i < count; ++i) {
            pieces[i].target = total;
            total += pieces[i].size;
        }
        if (total > LIMIT) return {Fault::too_large, done};
        if (alone) {
            add_up(offsets, 0, n, 0);
            if (!pieces[0].input) out.swap(crew[0].arena);
            else if (!out.append(pieces[0].input, pieces[0].size)) return no_memory(0);
            continue;
        }
        if (!out.reserve(total - out.size())) return no_memory(done);
        std::atomic<size_t> at{0};
        crew.in_threads(threads, [&](unsigned) {
            for (size_t i; (i = at.fetch_add(1, std::memory_order_relaxed)) < count;) {
                const Piece& piece = pieces[i];
                const uint8_t* from = piece.input ? piece.input : crew[piece.worker].arena.data() + piece.at;
                if (piece.size) std::memcpy(out.data() + piece.target, from, piece.size);
                add_up(offsets, piece.begin, piece.end, piece.target);
            }
        });
        out.advance(total - out.size());
    }
    return {};
}

// Buffers of utf8_view for the results that do not stand in their rows, one or more of each thread, numbered behind the input's.
class Blocks {
public:
    explicit Blocks(size_t first) : first_(first) {}

    // The number of a new one. -1: no memory, or no number left.
    int32_t open() noexcept {
        const std::lock_guard<std::mutex> guard(mutex_);
        if (first_ + blocks_.size() > size_t(INT32_MAX)) return -1;
        try {
            blocks_.emplace_back();
        } catch (const std::exception&) {
            return -1;
        }
        return int32_t(first_ + blocks_.size() - 1);
    }
    void close(int32_t number, Arena& arena) noexcept {
        arena.trim();
        const std::lock_guard<std::mutex> guard(mutex_);
        blocks_[size_t(number) - first_].swap(arena);
    }
    std::vector<Arena>& all() { return blocks_; }

private:
    std::mutex mutex_;
    size_t first_;
    std::vector<Arena> blocks_;
};

// views: n, to be filled. uses_input: whether one of them still points into the input's buffers.
template <typename Change>
Failure change_views(const ViewRows& rows, size_t n, const Change& change, const Crew& crew, View* views, Blocks& blocks,
                     bool& changed, bool& uses_input) {
    Portions portions(0, n, SIZE_MAX);
    std::atomic<bool> any_changed{false}, any_kept{false};
    crew.in_threads(crew.threads(), [&](unsigned number) {
        Worker& worker = crew[number];
        int32_t block = -1;
        size_t block_size = MIN_BLOCK;
        bool touched = false, kept = false;
        size_t begin, end, portion;
        Row row;
        Plan plan{};
        const auto change_one = [&](size_t i) -> Failure {
            View& view = views[i] = View{};
            if (rows.is_null(i)) return {};
            const Failure failure = plan_row(rows, i, change, worker, row, plan);
            if (failure.fault != Fault::none) return failure;
            if (!plan.changed) {
                view = rows.view(i);
                kept = kept || row.size > INLINE_BYTES;
                return {};
            }
            touched = true;
            if (plan.size > size_t(INT32_MAX)) return {Fault::too_large, i};
            view.size = int32_t(plan.size);
            if (plan.size <= INLINE_BYTES) {
                if (plan.size) change.emit(worker, i, view.text);
                return {};
            }
            if (block >= 0 && plan.size > worker.arena.room()) {
                blocks.close(block, worker.arena);
                block = -1;
            }
            if (block < 0) {
                block = blocks.open();
                if (block < 0 || !worker.arena.reserve(std::max(plan.size, block_size))) return no_memory(i);
                block_size = std::min(2 * block_size, MAX_BLOCK);
            }
            uint8_t* out = worker.arena.end();
            change.emit(worker, i, out);
            std::memcpy(view.far.prefix, out, sizeof view.far.prefix);
            view.far.buffer = block;
            view.far.offset = int32_t(worker.arena.size());
            worker.arena.advance(plan.size);
            return {};
        };
        while (portions.take([&](size_t i) { return rows.size(i); }, begin, end, portion)) {
            for (size_t i = begin; i < end; ++i) {
                const Failure failure = change_one(i);
                if (failure.fault != Fault::none) return portions.fail(failure);
            }
        }
        if (block >= 0) blocks.close(block, worker.arena);
        if (touched) any_changed = true;
        if (kept) any_kept = true;
    });
    if (portions.failure().fault != Fault::none) return portions.failure();
    if (portions.next() < n) return no_memory(portions.next());
    changed = any_changed;
    uses_input = any_kept;
    return {};
}

// A new array: the memory that its buffers point to.
struct Made {
    Arena nulls, rows, data;
    std::vector<Arena> blocks;
    std::vector<int64_t> sizes;
    std::vector<const void*> buffers;
    SharedArray* input = nullptr;  // if some buffers are the input's

    ~Made() {
        if (input) input->drop();
    }
};

void release_made(ArrowArray* array) noexcept {
    delete static_cast<Made*>(array->private_data);
    array->release = nullptr;
}

SharedArray* share(std::unique_ptr<Made>& made, size_t n, int64_t nulls) {
    ArrowArray array{};
    array.length = int64_t(n);
    array.null_count = nulls;
    array.n_buffers = int64_t(made->buffers.size());
    array.buffers = made->buffers.data();
    array.release = release_made;
    array.private_data = made.get();
    SharedArray* shared = SharedArray::take(array);
    if (shared) made.release();
    return shared;
}

// What an array becomes in the same layout; the array itself, held once more, if nothing changes.
template <typename Rows, typename Change>
Failure change_array(SharedArray& input, const Change& change, const Crew& crew, SharedArray*& result) {
    const size_t n = size_t(input.held.length);
    const Rows rows(input.held);
    std::unique_ptr<Made> made(new Made);
    bool changed = false;
    if constexpr (std::is_same<Rows, ViewRows>::value) {
        bool uses_input = false;
        if (!made->rows.reserve(n * sizeof(View))) return no_memory(0);
        Blocks blocks(rows.buffer_count());
        View* views = reinterpret_cast<View*>(made->rows.data());
        const Failure failure = change_views(rows, n, change, crew, views, blocks, changed, uses_input);
        if (failure.fault != Fault::none) return failure;
        made->blocks.swap(blocks.all());
        made->buffers = {nullptr, made->rows.data()};
        // The input's buffers keep their numbers, but are let go where no row needs them.
        for (size_t i = 0; i < rows.buffer_count(); ++i) {
            made->buffers.push_back(uses_input ? rows.buffers()[i] : made->rows.data());
            made->sizes.push_back(uses_input ? rows.buffer_size(i) : 0);
        }
        for (const Arena& block : made->blocks) {
            made->buffers.push_back(block.data());
            made->sizes.push_back(int64_t(block.size()));
        }
        made->buffers.push_back(made->sizes.data());
        if (changed && uses_input) {
            input.hold();
            made->input = &input;
        }
    } else {
        if (!made->rows.reserve((n + 1) * sizeof(typename Rows::Offset))) return no_memory(0);
        const auto offsets = reinterpret_cast<typename Rows::Offset*>(made->rows.data());
        const Failure failure = change_rows(rows, n, change, crew, offsets, made->data, changed);
        if (failure.fault != Fault::none) return failure;
        made->data.trim();
        made->buffers = {nullptr, made->rows.data(), made->data.data()};
    }
    if (!changed) {
        input.hold();
        result = &input;
        return {};
    }
    int64_t nulls;
    if (!rows.copy(n, made->nulls, nulls)) return no_memory(0);
    if (nulls) made->buffers[0] = made->nulls.data();
    result = share(made, n, nulls);
    return result ? Failure{} : no_memory(0);
}

// Without rows an array may lack buffers, or have an offset that not every consumer takes: it is made anew. Its buffers are, of
// utf8_view, the bits, the views and the sizes of no others; else the bits, the offsets and the data.
SharedArray* empty_array() {
    static const int64_t zero = 0;
    std::unique_ptr<Made> made(new Made);
    made->buffers = {nullptr, &zero, &zero};
    return share(made, 0, 0);
}

// change_array() of an array that nothing is known of yet.
template <typename Rows, typename Change>
Failure checked_change(SharedArray& input, const Change& change, EnginePool& pool, unsigned threads, SharedArray*& result) {
    const ArrowArray& array = input.held;
    if (const char* fault = array_fault<Rows>(array)) return {Fault::malformed, NO_ROW, 0, 0, fault};
    if (!array.length) {
        result = empty_array();
        return result ? Failure{} : no_memory(0);
    }
    const Rows rows(array);
    const size_t n = size_t(array.length);
    size_t row;
    if (const char* fault = rows.fault(n, row)) return {Fault::malformed, row, 0, 0, fault};
    const Crew crew(pool, worthwhile(threads, rows.bytes(n, threads * THREAD_BYTES)));
    if (!crew.threads()) return no_memory(0);
    return change_array<Rows>(input, change, crew, result);
}

template <typename Rows>
bool row_of(const ArrowArray& array, size_t i, Row& row) {
    const Rows rows(array);
    if (rows.is_null(i)) return false;
    row = rows.row(i);
    return true;
}

}  // namespace

TextType text_type(const ArrowSchema& schema) noexcept {
    if (schema.dictionary || !schema.format) return TextType::none;
    if (!std::strcmp(schema.format, "u")) return TextType::utf8;
    if (!std::strcmp(schema.format, "U")) return TextType::large_utf8;
    return std::strcmp(schema.format, "vu") ? TextType::none : TextType::utf8_view;
}

bool text_row(const ArrowArray& array, TextType type, size_t i, Row& row) noexcept {
    if (type == TextType::utf8_view) return row_of<ViewRows>(array, i, row);
    return type == TextType::utf8 ? row_of<OffsetRows<int32_t>>(array, i, row) : row_of<OffsetRows<int64_t>>(array, i, row);
}

Column* Column::make(ArrowSchema& schema) noexcept {
    Shared<ArrowSchema>* shared = Shared<ArrowSchema>::take(schema);
    if (!shared) return nullptr;
    Column* column = new (std::nothrow) Column(shared);
    if (!column) shared->drop();
    return column;
}

Column* Column::like() const noexcept {
    Column* column = new (std::nothrow) Column(schema_);
    if (column) schema_->hold();
    return column;
}

Column::~Column() {
    for (SharedArray* chunk : chunks_) chunk->drop();
    schema_->drop();
}

Failure Column::add(SharedArray* chunk) noexcept {
    try {
        chunks_.push_back(chunk);
    } catch (const std::exception&) {
        chunk->drop();
        return no_memory(0);
    }
    return {};
}

template <typename Change>
Failure Column::add_changed(SharedArray& input, const Change& change, EnginePool& pool, unsigned threads) noexcept {
    SharedArray* result = nullptr;
    Failure failure;
    try {
        failure = type_ == TextType::utf8_view ? checked_change<ViewRows>(input, change, pool, threads, result)
                  : type_ == TextType::utf8    ? checked_change<OffsetRows<int32_t>>(input, change, pool, threads, result)
                                               : checked_change<OffsetRows<int64_t>>(input, change, pool, threads, result);
    } catch (const std::exception&) {  // no memory, or more than a container can hold
        failure = no_memory(0);
    }
    return failure.fault == Fault::none ? add(result) : failure;
}

Failure Column::add_repaired(SharedArray& input, EnginePool& pool, const Options& options, Invalid invalid,
                             unsigned threads) noexcept {
    return add_changed(input, Repaired{options, invalid}, pool, threads);
}

Failure Column::add_replaced(SharedArray& input, EnginePool& pool, const Row* texts) noexcept {
    return add_changed(input, Replaced{texts}, pool, 1);
}

void Column::export_schema(ArrowSchema* out) noexcept {
    schema_->hold();
    *out = schema_->held;
    out->private_data = schema_;
    out->release = [](ArrowSchema* schema) {
        static_cast<Shared<ArrowSchema>*>(schema->private_data)->drop();
        schema->release = nullptr;
    };
}

void Column::export_chunk(size_t chunk, ArrowArray* out) const noexcept {
    SharedArray* shared = chunks_[chunk];
    shared->hold();
    *out = shared->held;
    out->private_data = shared;
    out->release = [](ArrowArray* array) {
        static_cast<SharedArray*>(array->private_data)->drop();
        array->release = nullptr;
    };
}

bool Column::export_stream(ArrowArrayStream* out) noexcept {
    struct Position {
        Column* column;
        size_t next;
    };
    Position* position = new (std::nothrow) Position{this, 0};
    if (!position) return false;
    hold();
    out->private_data = position;
    out->get_schema = [](ArrowArrayStream* stream, ArrowSchema* schema) {
        static_cast<Position*>(stream->private_data)->column->export_schema(schema);
        return 0;
    };
    out->get_next = [](ArrowArrayStream* stream, ArrowArray* array) {
        Position& at = *static_cast<Position*>(stream->private_data);
        if (at.next < at.column->chunks()) at.column->export_chunk(at.next++, array);
        else *array = ArrowArray{};  // the end
        return 0;
    };
    out->get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
    out->release = [](ArrowArrayStream* stream) {
        Position* at = static_cast<Position*>(stream->private_data);
        at->column->drop();
        delete at;
        stream->release = nullptr;
    };
    return true;
}

}  // namespace hanflow
