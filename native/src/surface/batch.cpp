// Many texts in one call: the arena of their results, and lists of texts.
#include "hanflow/batch.hpp"

#include <cstdlib>

#include "repair/huge_pages.hpp"

namespace hanflow {
Arena::~Arena() { std::free(data_); }

bool Arena::grow(size_t more) noexcept {
    if (more > SIZE_MAX / 2 - size_) return false;
    const size_t room = std::max(size_ + more, room_ + room_ / 2 + 4096);
    void* moved = std::realloc(data_, room);
    if (!moved) return false;
    data_ = static_cast<uint8_t*>(moved);
    room_ = room;
    if (room >= 2 * HUGE_PAGE) ask_for_huge_pages(data_, room);
    return true;
}

void Arena::trim() noexcept {
    if (!size_ || size_ == room_) return;
    if (void* moved = std::realloc(data_, size_)) {
        data_ = static_cast<uint8_t*>(moved);
        room_ = size_;
    }
}

TextBatch::~TextBatch() { std::free(items_); }

void TextBatch::clear() noexcept {
    count_ = input_ = 0;
    for (unsigned i = 0; i < crew_.threads(); ++i) crew_[i].arena.clear();
}

bool TextBatch::add(const Item& item) noexcept {
    if (count_ == room_) {
        const size_t room = room_ + room_ / 2 + 64;
        void* moved = std::realloc(items_, room * sizeof(Item));
        if (!moved) return false;
        items_ = static_cast<Item*>(moved);
        room_ = room;
    }
    items_[count_++] = item;
    input_ += item.bytes();
    return true;
}

Failure TextBatch::run(const Options& options) noexcept {
    Portions portions(0, count_, SIZE_MAX);
    crew_.in_threads(worthwhile(crew_.threads(), input_), [&](unsigned number) {
        Worker& worker = crew_[number];
        size_t begin, end, portion;
        while (portions.take([&](size_t i) { return items_[i].bytes(); }, begin, end, portion)) {
            for (size_t i = begin; i < end; ++i) {
                Item& item = items_[i];
                Engine& engine = *worker.engine;
                const Plan plan = item.unit_bytes ? engine.plan_units(item.data, item.size, item.unit_bytes, options)
                                                  : engine.plan(static_cast<const uint8_t*>(item.data), item.size, options, item.invalid, false);
                if (plan.status == Status::invalid_utf8) {
                    return portions.fail({Fault::invalid_utf8, i, plan.error_begin, plan.error_end, plan.error_reason});
                }
                if (plan.status != Status::ok) return portions.fail({Fault::out_of_memory, i});
                item.changed = plan.changed;
                if (!plan.changed) continue;
                item.out_size = plan.size;
                if (item.unit_bytes) {
                    item.extent = engine.extent();
                    item.out_size = item.extent.length * size_t(item.result_bytes());
                }
                if (!worker.arena.reserve(item.out_size)) return portions.fail({Fault::out_of_memory, i});
                item.worker = number;
                item.out = worker.arena.size();
                if (item.unit_bytes)
                    engine.emit_units(worker.arena.end(), item.result_bytes());
                else if (item.out_size)
                    engine.emit(worker.arena.end());
                worker.arena.advance(item.out_size);
            }
        }
    });
    if (portions.failure().fault == Fault::none && portions.next() < count_) return {Fault::out_of_memory, portions.next()};
    return portions.failure();
}

}  // namespace hanflow
