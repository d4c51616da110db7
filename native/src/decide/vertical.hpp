// Vertical titles and bylines that come one character a line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lines/page.hpp"

namespace hanflow {

// What becomes of the end of a text line.
enum class Joint : int8_t { line_end = -1, nothing = 0, space = 1 };

// Text lines [first, last] that become one line; text is UTF-8.
struct Grid {
    uint32_t first, last;
    std::vector<CodeUnit> text;
};

class Vertical {
public:
    // Finds the regions of one-character lines and the grids among page.texts. joints[i] is set for text lines of a region
    // that has line i + 1 in it too, and vertical is set in the lines of regions and grids. Linear in the text lines.
    void find(Page& page, std::vector<Joint>& joints, std::vector<uint8_t>& ruled);
    std::vector<Grid> grids;
    std::vector<uint32_t> half_ends;  // text lines where a title is parted in halves

private:
    enum class Kind : uint8_t { single, number, dash, name, word };
    struct Item {
        uint32_t first, behind;  // units
        Kind kind;
    };
    struct Span {
        uint32_t first, behind;
    };
    void find_grids(Page& page);
    bool read_cut(Page& page, uint32_t i, bool more);
    bool opens_cut(Page& page, uint32_t i);
    bool is_cut_byline(const Page& page, uint32_t i);
    void join_cut(Page& page, uint32_t i, std::vector<Joint>& joints, std::vector<uint8_t>& ruled);
    void find_cut_bylines(Page& page, std::vector<Joint>& joints, std::vector<uint8_t>& ruled);
    void cut_regions(Page& page, uint32_t begin, uint32_t end, std::vector<Joint>& joints, std::vector<uint8_t>& ruled);
    bool is_byline_name(const Page& page, uint32_t begin, uint32_t end, uint32_t i) const;
    bool is_vertical(const Page& page, uint32_t begin, uint32_t end);
    bool differ();
    void separate(const Page& page, uint32_t begin, uint32_t end, std::vector<Joint>& joints);
    bool are_pairs(const Page& page, size_t item) const;
    bool byline(const Page& page, size_t item, size_t roles, size_t& next);
    bool padded_over_blank(const Page& page, size_t item);
    uint32_t opens_byline(const Page& page, uint32_t a, uint32_t b);
    bool parts_word(const Page& page, const Item& a, const Item& b, const std::vector<Joint>& joints) const;
    void part_word(const Page& page, uint32_t a, uint32_t b, std::vector<Joint>& joints);
    uint32_t names_at_start(const Page& page, uint32_t a, uint32_t b, std::vector<Joint>& joints);
    void halves(const Page& page, uint32_t start, uint32_t b, std::vector<Joint>& joints);
    void names_at_end(const Page& page, uint32_t start, uint32_t b, std::vector<Joint>& joints);
    void spell(const Page& page, uint32_t a, uint32_t b);

    Bylines bylines_;
    std::vector<uint32_t> line_ends_;
    std::vector<Item> items_;
    bool solid_ = false;  // no blank line parts the region
    std::vector<Span> names_;
    std::vector<uint32_t> word_, letters_;
    std::vector<uint32_t> slots_;  // of differ(): a hash table
    std::vector<std::vector<uint32_t>> rows_;
};

}  // namespace hanflow
