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
    // Throws std::bad_alloc. A piece holds whole characters if the calls do.
    void append(const uint8_t* bytes, size_t count);
    size_t size() const { return size_; }
    // Calls use(bytes, count) for each piece in order.
    template <typename Use>
    void each(Use use) const {
        for (const Piece& piece : pieces_) use(piece.data, piece.size);
    }
    // The same, and gives each piece but the first back behind its call.
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
    size_t fill(const uint8_t* bytes, size_t count);

    std::vector<Piece> pieces_;
    size_t size_ = 0;
};

}  // namespace hanflow
