#include "repair/result.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "repair/huge_pages.hpp"

namespace hanflow {
namespace {

constexpr size_t FIRST = size_t(64) << 10;  // stays for the next text
constexpr size_t KEPT = size_t(1) << 20;    // ... and may have grown to this

// Pages of their own, so that the system gets them back at once; huge ones, of which each costs one page fault.
void* allocate(size_t size) {
#if defined(__linux__)
    void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    ask_for_huge_pages(memory, size);
    return memory;
#else
    return std::malloc(size);
#endif
}

}  // namespace

// The first piece comes from malloc(), the others from allocate().
Result::~Result() {
    clear();
    if (!pieces_.empty()) std::free(pieces_[0].data);
}

void Result::release(Piece& piece) {
#if defined(__linux__)
    if (piece.data) munmap(piece.data, piece.capacity);
#else
    std::free(piece.data);
#endif
    piece.data = nullptr;
}

void Result::clear() {
    for (size_t i = 1; i < pieces_.size(); ++i) release(pieces_[i]);
    if (pieces_.size() > 1) pieces_.resize(1);
    if (!pieces_.empty()) pieces_[0].size = 0;
    size_ = 0;
}

uint8_t* Result::space(size_t room) {
    if (pieces_.empty()) pieces_.push_back(Piece{nullptr, 0, 0});
    Piece& first = pieces_[0];
    if (pieces_.size() == 1 && first.capacity - first.size < room && first.size + room <= KEPT) {
        const size_t capacity = std::min(KEPT, std::max({FIRST, first.size + room, 2 * first.capacity}));
        void* const moved = std::realloc(first.data, capacity);
        if (!moved) throw std::bad_alloc();
        first.data = static_cast<uint8_t*>(moved);
        first.capacity = capacity;
    }
    Piece* last = &pieces_.back();
    if (last->capacity - last->size < room) {
        pieces_.reserve(pieces_.size() + 1);
        const size_t capacity = (std::max(room, HUGE_PAGE) + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
        void* const memory = allocate(capacity);
        if (!memory) throw std::bad_alloc();
        pieces_.push_back(Piece{static_cast<uint8_t*>(memory), 0, capacity});
        last = &pieces_.back();
    }
    return last->data + last->size;
}

void Result::append(const void* bytes, size_t count) {
    for (const uint8_t* from = static_cast<const uint8_t*>(bytes); count;) {
        const size_t part = std::min(count, HUGE_PAGE);
        std::memcpy(space(part), from, part);
        extend(part);
        from += part;
        count -= part;
    }
}

}  // namespace hanflow
