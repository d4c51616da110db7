// A result in pieces that are given back one by one while they are copied out: input and result of a large text are never held
// together with a third copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hanflow {

class Result {
public:
    Result() = default;
    Result(const Result&) = delete;
    Result& operator=(const Result&) = delete;
    ~Result();

    void clear();
    // Room for so many bytes behind what was written, in one piece; extend() keeps some of them. Throws std::bad_alloc.
    uint8_t* space(size_t room);
    void extend(size_t count) {
        pieces_.back().size += count;
        size_ += count;
    }
    void append(const void* bytes, size_t count);
    size_t size() const { return size_; }
    // Calls use(bytes, count) for each piece in order, and gives each but the first back behind its call.
    template <typename Use>
    void drain(Use use) {
        for (Piece& piece : pieces_) {
            use(piece.data, piece.size);
            if (&piece != pieces_.data()) release(piece);
        }
        clear();
    }

private:
    struct Piece {
        uint8_t* data;
        size_t size, capacity;
    };
    static void release(Piece& piece);

    std::vector<Piece> pieces_;
    size_t size_ = 0;
};

}  // namespace hanflow
