#include "scan.hpp"

#include <vector>

#include "chars.hpp"

namespace hanflow {
namespace {

ScanKind kind_of(uint32_t cp) {
    const uint8_t c = char_class(cp);
    if (cp < 0x80) {
        switch (c) {
            case NEWLINE: return SCAN_NEWLINE;
            case GAP: return SCAN_GAP;
            case DIGIT: return SCAN_DIGIT;
            case LETTER: return SCAN_LETTER;
            case ASCII: return SCAN_SIGN;
            default: return SCAN_RARE;
        }
    }
    if (c == GAP) return SCAN_GAP;
    if (c == HAN && compat_target(cp)) return SCAN_CHANGES;
    if (cp < 0x800 || compat_target(cp) || halfwidth_target(cp)) return SCAN_RARE;
    switch (c) {
        case HAN: case KANA: return SCAN_HAN;
        case OPEN: return SCAN_OPEN;
        case CLOSE: return SCAN_CLOSE;
        case STOP: return SCAN_STOP;
        case PAUSE: return SCAN_PAUSE;
        case MARK: return SCAN_MARK;
        default: break;
    }
    if (cp < 0xFF01 || cp > 0xFF5E) return SCAN_RARE;
    switch (c) {
        case DIGIT: return SCAN_FULL_DIGIT;
        case LETTER: return SCAN_FULL_LETTER;
        case ASCII: return SCAN_FULL_SIGN;
        default: return SCAN_RARE;
    }
}

struct KindTable {
    std::vector<uint8_t> kinds;
    KindTable() : kinds(0x10000) {
        for (uint32_t cp = 0; cp < 0x10000; ++cp) kinds[cp] = kind_of(cp);
    }
};

}  // namespace

const uint8_t* scan_kinds() {
    static const KindTable table;
    return table.kinds.data();
}

void scan_newlines(const uint8_t* data, size_t size, Masks& masks) {
    const size_t words = (size + 63) / 64;
    for (size_t w = 0; w < words; ++w) {
        uint64_t word = 0;
        for (size_t i = w * 64; i < size && i < w * 64 + 64; ++i)
            word |= uint64_t(data[i] == '\n' || data[i] == '\r') << (i % 64);
        masks.word[w][SCAN_NEWLINE] = word;
    }
    masks.word[words][SCAN_NEWLINE] = 0;
}

}  // namespace hanflow
