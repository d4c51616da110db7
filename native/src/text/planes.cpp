#include "text/planes.hpp"

#include <vector>

#include "text/chars.hpp"
#include "text/units.hpp"

namespace hanflow {
namespace {

uint8_t class_byte_of(uint32_t cp) {
    const uint8_t c = char_class(cp);
    const bool compat = compat_target(cp) || halfwidth_target(cp);
    const bool full_width = cp >= 0xFF01 && cp <= 0xFF5E;
    switch (c) {
        case NEWLINE: return c;
        case GAP: return cp == ' ' ? c : c | SPECIAL;
        case HAN: return compat ? c | CHANGING : c;
        case KANA: return compat ? c | RARE_UNIT : c;
        case OPEN: case CLOSE: case STOP: case PAUSE: case MARK: return compat ? c | RARE_UNIT : cp < 0x2E80 ? c | SPECIAL : c;
        case DIGIT: case LETTER: case ASCII: return full_width ? c | CHANGING : compat || cp > 0xFF5E ? c | RARE_UNIT : c;
        case OTHER: {
            const bool plain = cp >= 0x2000 && cp < 0xF900 && !(cp >= 0x2500 && cp <= 0x257F) && !is_surrogate(cp) && !compat;
            return plain ? c : c | RARE_UNIT;
        }
        default: return c | RARE_UNIT;
    }
}

struct Tables {
    std::vector<uint8_t> bytes;
    PlaneBits bits;
    Tables() : bytes(0x10000) {
        uint16_t planes[64] = {};
        for (uint32_t cp = 0; cp < 0x10000; ++cp) bytes[cp] = class_byte_of(cp);
        const auto set = [&](unsigned c, Plane plane) {
            planes[c] = uint16_t(planes[c] | 1u << plane);
            planes[c | SPECIAL] = uint16_t(planes[c | SPECIAL] | 1u << plane);
        };
        set(NEWLINE, P_NEWLINE);
        set(GAP, P_GAP);
        set(HAN, P_HAN);
        set(KANA, P_HAN);
        set(OPEN, P_OPEN);
        set(CLOSE, P_CLOSE);
        set(STOP, P_STOP);
        set(PAUSE, P_PAUSE);
        set(MARK, P_MARK);
        set(DIGIT, P_DIGIT);
        set(LETTER, P_LETTER);
        set(ASCII, P_SIGN);
        set(OTHER, P_OTHER);
        planes[GAP | SPECIAL] = uint16_t(planes[GAP | SPECIAL] | 1u << P_ODD);
        for (const unsigned c : {OPEN, CLOSE, STOP, PAUSE, MARK}) planes[c | SPECIAL] = uint16_t(planes[c | SPECIAL] | 1u << P_LOW);
        for (int c = 0; c < 64; ++c) {
            bits.low[c] = uint8_t(planes[c]);
            bits.high[c] = uint8_t(planes[c] >> 8);
        }
    }
};

const Tables& tables_of_classes() {
    static const Tables tables;
    return tables;
}

}  // namespace

const uint8_t* class_bytes() { return tables_of_classes().bytes.data(); }
const PlaneBits& plane_bits() { return tables_of_classes().bits; }

}  // namespace hanflow
