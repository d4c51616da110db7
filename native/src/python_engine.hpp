// What the Cython module needs beside the core's face: engines to lend, and many texts in one call.
// Knows no Python; throws nothing.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "hanflow/api.hpp"

namespace hanflow {

// Idle engines of one normalizer, so that a short text does not pay for a new one. An engine is lent to one call at a
// time; a call that finds none idle gets a new one. Never waits: a lock that is held too long (its holder was swapped
// out, or vanished in a fork) counts as "none idle".
class EnginePool {
public:
    EnginePool() noexcept = default;
    EnginePool(const EnginePool&) = delete;
    EnginePool& operator=(const EnginePool&) = delete;
    ~EnginePool() {
        for (size_t i = 0; i < count_; ++i) delete idle_[i];
    }

    // nullptr when there is no memory for an engine.
    Engine* take() noexcept {
        if (lock()) {
            Engine* engine = count_ ? idle_[--count_] : nullptr;
            unlock();
            if (engine) return engine;
        }
        return new (std::nothrow) Engine;
    }

    void give_back(Engine* engine) noexcept {
        if (lock()) {
            if (count_ < kIdle) {
                idle_[count_++] = engine;
                engine = nullptr;
            }
            unlock();
        }
        delete engine;
    }

private:
    static constexpr size_t kIdle = 64;   // engines kept; more threads than this at once build their own
    static constexpr int kTries = 1000;   // some microseconds

    bool lock() noexcept {
        for (int i = 0; i < kTries; ++i)
            if (!busy_.test_and_set(std::memory_order_acquire)) return true;
        return false;
    }
    void unlock() noexcept { busy_.clear(std::memory_order_release); }

    std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
    size_t count_ = 0;
    Engine* idle_[kIdle] = {};
};

// Texts of one call: add() each, run() them all (without the GIL), then read the results. Texts must outlive run().
class TextBatch {
public:
    struct Item {
        const uint8_t* data;
        size_t size;
        Invalid invalid;
        bool changed;
        size_t out;       // where the result starts in results(), if changed
        size_t out_size;
    };

    TextBatch() noexcept = default;
    TextBatch(const TextBatch&) = delete;
    TextBatch& operator=(const TextBatch&) = delete;
    ~TextBatch() {
        std::free(items_);
        std::free(results_);
    }

    void clear() noexcept { count_ = input_ = used_ = 0; }
    size_t count() const noexcept { return count_; }
    size_t input_size() const noexcept { return input_; }
    const Item& item(size_t i) const noexcept { return items_[i]; }
    const uint8_t* results() const noexcept { return results_; }

    // false: no memory.
    bool add(const uint8_t* data, size_t size, Invalid invalid) noexcept {
        if (!grow(items_, item_room_, count_ + 1)) return false;
        items_[count_++] = Item{data, size, invalid, false, 0, 0};
        input_ += size;
        return true;
    }

    // Runs the texts in order and stops at the first that fails; returns its plan, and how many went well before it.
    Plan run(Engine& engine, const Options& options, size_t& done) noexcept {
        Plan plan{};
        for (done = 0; done < count_; ++done) {
            Item& item = items_[done];
            plan = engine.plan(item.data, item.size, options, item.invalid, false);
            if (plan.status != Status::ok) return plan;
            item.changed = plan.changed;
            if (!plan.changed) continue;
            if (!grow(results_, result_room_, used_ + plan.size)) {
                plan.status = Status::out_of_memory;
                return plan;
            }
            item.out = used_;
            item.out_size = plan.size;
            if (plan.size) engine.emit(results_ + used_);
            used_ += plan.size;
        }
        return plan;
    }

private:
    template <typename T>
    static bool grow(T*& memory, size_t& room, size_t wanted) noexcept {
        if (wanted <= room) return true;
        const size_t size = std::max(wanted, room + room / 2 + 64);
        void* moved = std::realloc(memory, size * sizeof(T));
        if (!moved) return false;
        memory = static_cast<T*>(moved);
        room = size;
        return true;
    }

    Item* items_ = nullptr;
    size_t count_ = 0, item_room_ = 0, input_ = 0;
    uint8_t* results_ = nullptr;
    size_t used_ = 0, result_room_ = 0;
};

// Code points that start in data[begin, end) of valid UTF-8 (surrogates included).
inline size_t count_code_points(const uint8_t* data, size_t begin, size_t end) noexcept {
    size_t count = 0;
    for (size_t i = begin; i < end; ++i) count += (data[i] & 0xC0) != 0x80;
    return count;
}

}  // namespace hanflow
