// Many texts in one call, shared out among threads. Knows no Python; throws nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <thread>

#include "hanflow/api.hpp"
#include "hanflow/python_engine.hpp"

namespace hanflow {

// Threads take work in portions: small, so that all end at about the same time and one slow text holds nobody else; large enough
// that taking one costs nothing.
constexpr size_t PORTION_BYTES = size_t(1) << 16;
constexpr size_t PORTION_ITEMS = 4096;
// Each thread has at least this much to do: starting one costs some 30 us.
constexpr size_t THREAD_BYTES = size_t(1) << 18;
constexpr unsigned MAX_THREADS = 128;

// How many of the threads that a caller allows are worth their start for this much input.
inline unsigned worthwhile(unsigned threads, size_t bytes) noexcept {
    return unsigned(std::max<size_t>(1, std::min({size_t(threads), size_t(MAX_THREADS), bytes / THREAD_BYTES})));
}

enum class Fault : uint8_t { none, invalid_utf8, out_of_memory, too_large, malformed };

constexpr size_t NO_ROW = SIZE_MAX;

// Why a call failed, and at which item; begin, end and reason as in Plan. malformed: the reason says what is wrong with the row, or
// with the array itself if the index is NO_ROW.
struct Failure {
    Fault fault = Fault::none;
    size_t index = 0;
    size_t begin = 0, end = 0;
    const char* reason = nullptr;
};

// Results one behind the other. Grows geometrically, is not cleared, and asks for huge pages when large.
class Arena {
public:
    Arena() noexcept = default;
    Arena(Arena&& other) noexcept { swap(other); }
    Arena& operator=(Arena&& other) noexcept {
        swap(other);
        return *this;
    }
    ~Arena();

    void clear() noexcept { size_ = 0; }
    void swap(Arena& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(room_, other.room_);
    }
    uint8_t* data() const noexcept { return data_; }
    uint8_t* end() const noexcept { return data_ + size_; }
    size_t size() const noexcept { return size_; }
    size_t room() const noexcept { return room_ - size_; }

    // Room for so many bytes more. false: no memory.
    bool reserve(size_t more) noexcept { return more <= room() || grow(more); }
    void advance(size_t count) noexcept { size_ += count; }
    bool append(const void* bytes, size_t count) noexcept {
        if (!count) return true;
        if (!reserve(count)) return false;
        std::memcpy(end(), bytes, count);
        size_ += count;
        return true;
    }
    void trim() noexcept;  // gives back what is not used

private:
    bool grow(size_t more) noexcept;

    uint8_t* data_ = nullptr;
    size_t size_ = 0, room_ = 0;
};

// The items [begin, end) of a call as portions, handed out in order until one has failed.
class Portions {
public:
    // most: how many portions at most; bytes, items: how large one is.
    Portions(size_t begin, size_t end, size_t most, size_t bytes = PORTION_BYTES, size_t items = PORTION_ITEMS) noexcept
        : next_(begin), end_(end), most_(most), bytes_(bytes), items_(items) {}

    // The next portion and its number. false: there is none.
    template <typename SizeOf>
    bool take(const SizeOf& size_of, size_t& begin, size_t& end, size_t& number) noexcept {
        const std::lock_guard<std::mutex> guard(mutex_);
        if (next_ == end_ || taken_ == most_ || failure_.fault != Fault::none) return false;
        begin = next_;
        const size_t limit = end_ - begin > items_ ? begin + items_ : end_;
        for (size_t bytes = 0; next_ < limit && bytes < bytes_; ++next_) bytes += size_of(next_);
        end = next_;
        number = taken_++;
        return true;
    }

    // Of several failures the one of the lowest item counts: every item before it has been taken by somebody.
    void fail(const Failure& failure) noexcept {
        const std::lock_guard<std::mutex> guard(mutex_);
        if (failure_.fault == Fault::none || failure.index < failure_.index) failure_ = failure;
    }

    // Once all threads are back. No failure and items left although there was no limit: no thread had the memory to work.
    const Failure& failure() const noexcept { return failure_; }
    size_t next() const noexcept { return next_; }
    size_t taken() const noexcept { return taken_; }

private:
    std::mutex mutex_;
    size_t next_, end_, taken_ = 0, most_, bytes_, items_;
    Failure failure_;
};

// What each thread of a call has for itself; no two of them on one cache line, nor on a pair that is fetched together.
struct Worker {
    Engine* engine = nullptr;
    Arena arena;
    uint8_t apart[128];
};

// The workers of one call, their engines lent by the pool. Threads live only for one in_threads(): nothing is left for a fork.
class Crew {
public:
    Crew(EnginePool& pool, unsigned threads) noexcept
        : pool_(pool), threads_(std::min(std::max(threads, 1u), MAX_THREADS)), workers_(new (std::nothrow) Worker[threads_]) {
        if (!workers_) threads_ = 0;
    }
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    ~Crew() {
        for (unsigned i = 0; i < threads_; ++i)
            if (workers_[i].engine) pool_.give_back(workers_[i].engine);
    }

    unsigned threads() const noexcept { return threads_; }  // 0: no memory
    Worker& operator[](size_t i) const noexcept { return workers_[i]; }

    // Calls work(worker) once in each of so many threads, the calling one first among them, and waits. A thread that does not
    // start, or for which there is no engine, is left out: the others take its portions.
    template <typename Work>
    void in_threads(unsigned threads, const Work& work) const noexcept {
        const auto run = [&](unsigned i) {
            Worker& worker = workers_[i];
            if (!worker.engine) worker.engine = pool_.take();
            if (worker.engine) work(i);
        };
        std::unique_ptr<std::thread[]> helpers(threads > 1 ? new (std::nothrow) std::thread[threads - 1] : nullptr);
        unsigned started = 0;
        try {
            for (; helpers && started + 1 < threads; ++started) {
                helpers[started] = std::thread([&run](unsigned i) { if (can_throw()) run(i); }, started + 1);
            }
        } catch (const std::exception&) {
        }
        if (threads_) run(0);
        for (unsigned i = 0; i < started; ++i) helpers[i].join();
    }

private:
    // A thread's first exception needs memory of the thread's own. Where there is none, glibc ends the process: it is asked for
    // now, while there should be some. false: there is none.
    static bool can_throw() noexcept {
        void* volatile some = std::malloc(1 << 12);
        std::free(some);
        return some && std::uncaught_exceptions() >= 0;
    }

    EnginePool& pool_;
    unsigned threads_;
    std::unique_ptr<Worker[]> workers_;
};

// A group of texts: add() each, run() them all, then read the results. The texts must outlive run().
class TextBatch {
public:
    struct Item {
        const void* data;
        size_t size;     // bytes of UTF-8, or units
        int unit_bytes;  // of a str's own units; 0: UTF-8
        Invalid invalid;
        bool changed;
        unsigned worker;
        size_t out;       // where the result starts in the worker's arena, if changed: as UTF-8, or as a str's own units
        size_t out_size;
        Extent extent;    // of a str's

        size_t bytes() const noexcept { return size * size_t(std::max(unit_bytes, 1)); }
        // ... of a unit of a str's result.
        int result_bytes() const noexcept { return extent.greatest <= 0xFF ? 1 : extent.greatest <= 0xFFFF ? 2 : 4; }
    };

    TextBatch(EnginePool& pool, unsigned threads) noexcept : crew_(pool, threads) {}
    TextBatch(const TextBatch&) = delete;
    TextBatch& operator=(const TextBatch&) = delete;
    ~TextBatch();

    void clear() noexcept;
    size_t count() const noexcept { return count_; }
    size_t input_size() const noexcept { return input_; }
    const Item& item(size_t i) const noexcept { return items_[i]; }
    const uint8_t* result(size_t i) const noexcept { return crew_[items_[i].worker].arena.data() + items_[i].out; }

    // false: no memory.
    bool add(const uint8_t* data, size_t size, Invalid invalid) noexcept { return add(Item{data, size, 0, invalid, false, 0, 0, 0, {}}); }
    bool add_units(const void* units, size_t length, int unit_bytes) noexcept {
        return add(Item{units, length, unit_bytes, Invalid::surrogates, false, 0, 0, 0, {}});
    }

    // Repairs all texts. If one fails, so does the call, with the first that does.
    Failure run(const Options& options) noexcept;

private:
    bool add(const Item& item) noexcept;

    Crew crew_;
    Item* items_ = nullptr;
    size_t count_ = 0, room_ = 0, input_ = 0;
};

}  // namespace hanflow
