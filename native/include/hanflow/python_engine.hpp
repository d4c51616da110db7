// What the Cython module needs beside the core's face: engines to lend, turns to take.
// Knows no Python; throws nothing.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
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

// Whose turn it is with an object that only one call at a time may use.
class Turn {
public:
    bool take() noexcept { return !busy_.test_and_set(std::memory_order_acquire); }
    void give_back() noexcept { busy_.clear(std::memory_order_release); }

private:
    std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
};

}  // namespace hanflow
