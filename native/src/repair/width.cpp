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

constexpr char32_t IN_ADDRESS[] = U"．／：＠－＿？＝＆％＃～＋";  // what an address holds besides letters and digits
constexpr int FAR = 128;     // characters of an address, either way
constexpr int MOST_ZEROS = 8;

bool is_numeral_digit(uint32_t cp) { return cp && is_one_of(U"一二三四五六七八九十〇零", cp); }
bool is_full_letter(const Chars& t, int i) { return t.cls[i] == LETTER && t.cp[i] >= 0xFF21 && t.cp[i] <= 0xFF5A; }
bool is_full_alnum(const Chars& t, int i) { return t.cp[i] >= 0xFF00 && t.is(i, ALNUM); }

// An ideographic space between two full-width Latin words, one of them of two letters at least.
bool between_words(const Chars& t, int i) {
    if (i <= t.s || i >= t.e - 1 || !is_full_letter(t, i - 1) || !is_full_letter(t, i + 1)) return false;
    return (i - 2 >= t.s && is_full_letter(t, i - 2)) || (i + 2 < t.e && is_full_letter(t, i + 2));
}

// Ｏ or ０ among Chinese numerals: 二Ｏ三一, 一九九Ｏ年
bool is_zero(const Chars& t, int i) {
    if (t.cp[i] != U'Ｏ' && t.cp[i] != U'０') return false;
    const auto beside = [&](int step) {
        int j = t.visible(i + step, step);
        for (int k = 0; k < MOST_ZEROS && j >= 0 && (t.cp[j] == U'Ｏ' || t.cp[j] == U'０'); ++k) j = t.visible(j + step, step);
        return j >= 0 ? t.cp[j] : 0;
    };
    const uint32_t right = beside(1);
    return is_numeral_digit(beside(-1)) && (is_numeral_digit(right) || is_one_of(U"年月日号號", right));
}

// A full-width address: ｈｔｔｐ：／／ａ．ｃｎ, ａ＠ｂ．ｃｎ
bool in_address(const Chars& t, int i) {
    if (!is_one_of(IN_ADDRESS, t.cp[i])) return false;
    const auto inside = [&](int k) { return is_full_alnum(t, k) || is_one_of(IN_ADDRESS, t.cp[k]); };
    int a = i, b = i + 1;
    while (a > t.s && i - a < FAR && inside(a - 1)) --a;
    while (b < t.e && b - i < FAR && inside(b)) ++b;
    for (int k = a; k < b; ++k) {
        int begin = k, end = b;
        if (k + 3 <= b && t.cp[k] == U'：' && t.cp[k + 1] == U'／' && t.cp[k + 2] == U'／') {
            while (begin > a && is_full_letter(t, begin - 1)) --begin;
            while (!is_full_alnum(t, end - 1) && t.cp[end - 1] != U'／') --end;
            if (begin < k && begin <= i && i < end) return true;
        } else if (t.cp[k] == U'＠') {
            end = k + 1;
            while (begin > a && (is_full_alnum(t, begin - 1) || is_one_of(U"．＿－＋", t.cp[begin - 1]))) --begin;
            while (end < b && (is_full_alnum(t, end) || is_one_of(U"．－", t.cp[end]))) ++end;
            while (end > k + 1 && !is_full_alnum(t, end - 1)) --end;
            if (begin < k && end > k + 1 && begin <= i && i < end) return true;
        }
    }
    return false;
}

bool converts(const Chars& t, int i, Width width) {
    if (width == Width::all) return true;
    if (t.is(i, ALNUM)) return !is_zero(t, i);
    if (width == Width::alnum) return false;
    if (in_address(t, i)) return true;
    const int left = t.visible(i - 1, -1), right = t.visible(i + 1, 1);
    const auto is = [&](int j, uint32_t set) { return j >= 0 && t.is(j, set); };
    constexpr uint32_t digit = class_bit(DIGIT);
    switch (t.cp[i]) {
        case 0xFF0E:  // ． between digits, or behind a letter: Ｔｅｌ．：, Ｖｅｒ．２
            return is(left, digit) ? is(right, digit) : is(left, class_bit(LETTER));
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
        for (const int step : {-1, 1}) {  // seen through quotation marks and dashes that English has too
            int j = t.visible(i + step, step);
            while (j >= 0 && t.is(j, CJK_MARKS) && t.cp[j] < 0x2E80) j = t.visible(j + step, step);
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
    if (cp == 0x3000)
        return width == Width::all || (width == Width::contextual && between_words(t, i)) ? CharEdit{1, ' '} : CharEdit{};
    const uint32_t target = ascii_of(cp);
    return target && converts(t, i, width) ? CharEdit{1, target} : CharEdit{};
}

}  // namespace hanflow
