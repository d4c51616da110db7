#include "repair/width.hpp"

namespace hanflow {
namespace {

uint32_t ascii_of(uint32_t cp) {
    if (0xFF01 <= cp && cp <= 0xFF5E) return cp - 0xFEE0;
    switch (cp) {
        case 0xFFE0: return 0xA2;
        case 0xFFE1: return 0xA3;
        case 0xFFE5: return 0xA5;
        case 0xFFE6: return 0x20A9;
        default: return 0;
    }
}

// Exactly three digits follow, and the number before has at most three.
bool is_thousands(const Chars& t, int left, int right) {
    int before = 0, after = 0;
    for (int i = left; i >= t.s && before <= 3 && t.cls[i] == DIGIT; --i) ++before;
    for (int i = right; i >= 0 && i < t.n && after <= 3 && t.cls[i] == DIGIT; ++i) ++after;
    return before <= 3 && after == 3;
}

bool converts(const Chars& t, int i, Width width) {
    if (t.is(i, ALNUM) || width == Width::all) return true;
    if (width == Width::alnum) return false;
    const int left = t.visible(i - 1, -1), right = t.visible(i + 1, 1);
    const auto is = [&](int j, uint32_t set) { return j >= 0 && t.is(j, set); };
    constexpr uint32_t digit = class_bit(DIGIT);
    switch (t.cp[i]) {
        case 0xFF0E:  // ． between digits, or of an abbreviation: Ｔｅｌ．
            return is(left, digit) ? is(right, digit) : is(left, class_bit(LETTER)) && !is(right, digit);
        case 0xFF1A: case 0xFF5E: return is(left, digit) && is(right, digit);  // ： ～
        case 0xFF0C: return is(left, digit) && is_thousands(t, left, right);   // ，
        // Attached to a letter or digit: ％＋－＃＆＠／＝＜＞￥￡￠＄￦
        case 0xFF05: case 0xFF0B: case 0xFF0D: case 0xFF03: case 0xFF06: case 0xFF20: case 0xFF0F: case 0xFF1D: case 0xFF1C:
        case 0xFF1E: case 0xFFE5: case 0xFFE1: case 0xFFE0: case 0xFF04: case 0xFFE6:
            return is(left, ALNUM) || is(right, ALNUM);
        default: return false;
    }
}

CharEdit kana_edit(const Chars& t, int i) {
    const uint32_t cp = t.cp[i];
    if (i + 1 < t.n)
        if (const uint32_t composed = halfwidth_composed(cp, t.cp[i + 1])) return CharEdit{2, composed};
    if (cp <= 0xFF65) {  // ｡｢｣､･ only next to CJK
        bool beside = false;
        for (const int step : {-1, 1}) {
            const int j = t.visible(i + step, step);
            beside = beside || (j >= 0 && is_wide_evidence(t.cp[j], t.cls[j]));
        }
        if (!beside) return CharEdit{};
    }
    const uint32_t target = halfwidth_target(cp);
    return target ? CharEdit{1, target} : CharEdit{};
}

}  // namespace

uint32_t width_target(uint32_t cp) {
    const uint32_t target = ascii_of(cp);
    return target ? target : halfwidth_target(cp);
}

CharEdit width_edit(const Chars& t, int i, Width width) {
    if (width == Width::none) return CharEdit{};
    const uint32_t cp = t.cp[i];
    if (cp < 0x3000) return CharEdit{};
    if (0xFF61 <= cp && cp <= 0xFF9F) return width == Width::alnum ? CharEdit{} : kana_edit(t, i);
    if (cp == 0x3000) return width == Width::all ? CharEdit{1, ' '} : CharEdit{};
    const uint32_t target = ascii_of(cp);
    return target && converts(t, i, width) ? CharEdit{1, target} : CharEdit{};
}

}  // namespace hanflow
