// How sure a repair is, in per cent; Options::min_confidence leaves the less sure ones out. Of a joined line end it follows
// from the weights: what the path would cost more if only this line ended a paragraph. Of the others it is the kind's own.
// tests/reference/confidence.py says the same.
#pragma once

#include <cstdint>

namespace hanflow {
namespace confidence {

constexpr uint8_t CERTAIN = 100;    // a character's own rule, or what the caller asked for
constexpr uint8_t MARK_GAP = 99;    // a gap at a CJK mark
constexpr uint8_t RUN = 95;         // one-character lines that follow each other
constexpr uint8_t SPREAD = 95;      // a gap in a letter-spaced line
constexpr uint8_t LATIN = 90;       // a gap at a Latin letter, digit or sign
constexpr uint8_t NAMES = 85;       // names parted from each other; a padded name
constexpr uint8_t GRID = 85;
constexpr uint8_t GAP = 85;         // any other gap
constexpr uint8_t HALF_LINES = 75;  // two lines that are halves of a heading
constexpr uint8_t HALVES = 70;      // a vertical title parted in halves

// 100 / (1 + exp(-margin / 100)), in steps; margin in hundredths of a nat.
inline uint8_t of_margin(int margin) {
    struct Odds {
        uint8_t percent;
        int least;
    };
    static constexpr Odds odds[] = {{99, 460}, {98, 389}, {97, 348}, {95, 294}, {90, 220}, {85, 173}, {80, 139}, {75, 110}, {70, 85}, {60, 41}};
    for (const Odds& o : odds)
        if (margin >= o.least) return o.percent;
    return 50;
}

}  // namespace confidence
}  // namespace hanflow
