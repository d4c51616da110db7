// The scan, UTF-8 and the squeeze by AVX-512 with VBMI and VBMI2.

// The units of units[at, at + 32) that stand before `size`; zeros for the others.
static inline __m512i load_units(const uint16_t* units, size_t at, size_t size) {
    if (size >= at + 32) return _mm512_loadu_si512(units + at);
    const size_t left = size > at ? size - at : 0;
    return _mm512_maskz_loadu_epi16((__mmask32(1) << left) - 1, units + at);
}

static void classify(const uint16_t* units, size_t size, uint8_t* classes, PlaneWord* words) {
    const uint8_t* const bytes = class_bytes();
    // Class bytes of U+0000..007F, 2000..203F, 3000..303F, FF00..FF7F by the lower half of the unit.
    const __m512i ascii_low = _mm512_loadu_si512(bytes), ascii_high = _mm512_loadu_si512(bytes + 64);
    const __m512i quotes = _mm512_loadu_si512(bytes + 0x2000), marks = _mm512_loadu_si512(bytes + 0x3000);
    const __m512i full_low = _mm512_loadu_si512(bytes + 0xFF00), full_high = _mm512_loadu_si512(bytes + 0xFF40);
    const PlaneBits& planes = plane_bits();
    const __m512i low_planes = _mm512_load_si512(planes.low), high_planes = _mm512_load_si512(planes.high);
    const auto set1 = [&](int c) { return _mm512_set1_epi8(char(c)); };  // [&]: no function pointer, which would lack the target
    for (size_t at = 0; at < size; at += 64) {
        const __m512i a = load_units(units, at, size), b = load_units(units, at + 32, size);
        const auto halves = [&](__m512i x, __m512i y) {
            return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi16_epi8(x)), _mm512_cvtepi16_epi8(y), 1);
        };
        const __m512i low = halves(a, b), high = halves(_mm512_srli_epi16(a, 8), _mm512_srli_epi16(b, 8));
        const __mmask64 han = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(high, set1(0x4E)), set1(0x52));
        const uint64_t inside = size - at >= 64 ? ~uint64_t(0) : (uint64_t(1) << (size - at)) - 1;
        __m512i c = set1(HAN);
        uint64_t rest = ~han & inside;
        if (rest) {
            const __mmask64 upper = _mm512_movepi8_mask(low), second = _mm512_test_epi8_mask(low, set1(0x40));
            const __mmask64 ascii = _mm512_mask_testn_epi8_mask(rest & ~upper, high, high);
            const __mmask64 quote = _mm512_mask_cmpeq_epi8_mask(rest & ~upper & ~second, high, set1(0x20));
            const __mmask64 mark = _mm512_mask_cmpeq_epi8_mask(rest & ~upper & ~second, high, set1(0x30));
            const __mmask64 full = _mm512_mask_cmpeq_epi8_mask(rest & ~upper, high, set1(0xFF));
            c = _mm512_mask_mov_epi8(c, ascii, _mm512_permutex2var_epi8(ascii_low, low, ascii_high));
            c = _mm512_mask_permutexvar_epi8(c, quote, low, quotes);
            c = _mm512_mask_permutexvar_epi8(c, mark, low, marks);
            c = _mm512_mask_mov_epi8(c, full, _mm512_permutex2var_epi8(full_low, low, full_high));
            rest &= ~(ascii | quote | mark | full);
        }
        _mm512_storeu_si512(classes + at, c);
        if (rest) {
            for (; rest; rest &= rest - 1) {
                const size_t i = at + size_t(__builtin_ctzll(rest));
                classes[i] = bytes[units[i]];
            }
            c = _mm512_loadu_si512(classes + at);
        }
        PlaneWord& word = words[at / 64];
        const __m512i x = _mm512_permutexvar_epi8(c, low_planes), y = _mm512_permutexvar_epi8(c, high_planes);
        for (int k = 0; k < 8; ++k) word.plane[k] = _mm512_mask_test_epi8_mask(inside, x, set1(1 << k));
        for (int k = 0; k < 6; ++k) word.plane[k + 8] = _mm512_mask_test_epi8_mask(inside, y, set1(1 << k));
        word.plane[P_CHANGES] = _mm512_mask_test_epi8_mask(inside, c, set1(CHANGING));
        word.plane[P_RARE] = _mm512_movepi8_mask(c) & inside;
        word.plane[P_PLAIN] = (word.plane[P_HAN] | word.plane[P_OPEN] | word.plane[P_CLOSE] | word.plane[P_STOP] | word.plane[P_PAUSE] |
                               word.plane[P_MARK]) & ~(word.plane[P_CHANGES] | word.plane[P_RARE]);
    }
}

// Reads up to two bytes behind each block of 64: so the last bytes are left to the caller.
static size_t from_utf8(const uint8_t* data, size_t size, uint16_t* out, size_t& made) {
    const __m512i six = _mm512_set1_epi16(0x3F);
    size_t at = 0;
    made = 0;
    while (size - at >= 66) {
        const __m512i block = _mm512_loadu_si512(data + at);
        __mmask64 leads = _mm512_cmpgt_epi8_mask(block, _mm512_set1_epi8(-65));
        if (const __mmask64 four = _mm512_cmpge_epu8_mask(block, _mm512_set1_epi8(char(0xF0)))) {
            // Up to the first sequence of four bytes; that one by itself.
            const size_t bytes = size_t(__builtin_ctzll(four));
            if (!bytes) {
                const uint32_t cp = uint32_t(data[at] & 7) << 18 | uint32_t(data[at + 1] & 0x3F) << 12 |
                                    uint32_t(data[at + 2] & 0x3F) << 6 | (data[at + 3] & 0x3F);
                out[made++] = uint16_t(0xD800 + ((cp - 0x10000) >> 10));
                out[made++] = uint16_t(0xDC00 + (cp & 0x3FF));
                at += 4;
                continue;
            }
            leads &= (__mmask64(1) << bytes) - 1;
        }
        const __m512i first = _mm512_maskz_compress_epi8(leads, block);
        const __m512i second = _mm512_maskz_compress_epi8(leads, _mm512_loadu_si512(data + at + 1));
        const __m512i third = _mm512_maskz_compress_epi8(leads, _mm512_loadu_si512(data + at + 2));
        const auto widen = [&](__m256i x, __m256i y, __m256i z, uint16_t* to) {
            const __m512i p = _mm512_cvtepu8_epi16(x), q = _mm512_and_si512(_mm512_cvtepu8_epi16(y), six),
                          r = _mm512_and_si512(_mm512_cvtepu8_epi16(z), six);
            const __m512i three = _mm512_or_si512(_mm512_or_si512(_mm512_slli_epi16(p, 12), _mm512_slli_epi16(q, 6)), r);
            const __m512i two = _mm512_or_si512(_mm512_slli_epi16(_mm512_and_si512(p, _mm512_set1_epi16(0x1F)), 6), q);
            const __m512i many = _mm512_mask_blend_epi16(_mm512_cmpge_epu16_mask(p, _mm512_set1_epi16(0xE0)), two, three);
            _mm512_storeu_si512(to, _mm512_mask_blend_epi16(_mm512_cmplt_epu16_mask(p, _mm512_set1_epi16(0x80)), many, p));
        };
        const int count = __builtin_popcountll(leads);
        widen(_mm512_castsi512_si256(first), _mm512_castsi512_si256(second), _mm512_castsi512_si256(third), out + made);
        if (count > 32)
            widen(_mm512_extracti64x4_epi64(first, 1), _mm512_extracti64x4_epi64(second, 1), _mm512_extracti64x4_epi64(third, 1),
                  out + made + 32);
        made += size_t(count);
        // On at the next character that was not read: the block's last one may reach behind it.
        const __mmask64 four = _mm512_cmpge_epu8_mask(block, _mm512_set1_epi8(char(0xF0)));
        at += four ? size_t(__builtin_ctzll(four)) : 64;
    }
    while (at && at < size && (data[at] & 0xC0) == 0x80) ++at;
    return at;
}

// 16 units at a time.
static size_t to_utf8(const uint16_t* units, size_t length, uint8_t* out, size_t& made) {
    const __m512i six = _mm512_set1_epi32(0x3F), more = _mm512_set1_epi32(0x80);
    uint8_t* to = out;
    size_t i = 0;
    for (; i < length; i += 16) {
        const size_t left = length - i;
        const __mmask16 valid = left >= 16 ? __mmask16(0xFFFF) : __mmask16((1u << left) - 1);
        const __m512i cp = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(valid, units + i));
        const __mmask16 surrogate = _mm512_cmpeq_epi32_mask(_mm512_and_si512(cp, _mm512_set1_epi32(0xF800)), _mm512_set1_epi32(0xD800));
        if (surrogate) break;
        const __mmask16 long_ones = _mm512_cmpge_epu32_mask(cp, _mm512_set1_epi32(0x800));
        const __m512i last = _mm512_or_si512(_mm512_and_si512(cp, six), more);
        const __m512i middle = _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi32(cp, 6), six), more);
        const __m512i three = _mm512_or_si512(_mm512_or_si512(_mm512_srli_epi32(cp, 12), _mm512_set1_epi32(0xE0)),
                                              _mm512_or_si512(_mm512_slli_epi32(middle, 8), _mm512_slli_epi32(last, 16)));
        if (long_ones == 0xFFFF) {
            _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(0x7777777777777777, three));
            to += 48;
            continue;
        }
        const __mmask16 ascii = _mm512_cmplt_epu32_mask(cp, more);
        const __m512i two = _mm512_or_si512(_mm512_or_si512(_mm512_srli_epi32(cp, 6), _mm512_set1_epi32(0xC0)), _mm512_slli_epi32(last, 8));
        __m512i bytes = _mm512_mask_blend_epi32(long_ones, two, three);
        bytes = _mm512_mask_blend_epi32(ascii, bytes, cp);
        __m512i counted = _mm512_mask_blend_epi32(long_ones, _mm512_set1_epi32(0x8080), _mm512_set1_epi32(0x808080));
        counted = _mm512_maskz_mov_epi32(valid, _mm512_mask_blend_epi32(ascii, counted, more));
        const __mmask64 kept = _mm512_movepi8_mask(counted);
        _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(kept, bytes));
        to += __builtin_popcountll(kept);
    }
    made = size_t(to - out);
    return i < length ? i : length;
}

static size_t squeeze(const uint16_t* units, size_t length, uint16_t* out) {
    uint16_t* to = out;
    for (size_t at = 0; at < length; at += 32) {
        const size_t left = length - at;
        const __mmask32 valid = left >= 32 ? ~__mmask32(0) : (__mmask32(1) << left) - 1;
        const __m512i block = _mm512_maskz_loadu_epi16(valid, units + at);
        const __mmask32 kept = _mm512_mask_cmpneq_epi16_mask(valid, block, _mm512_set1_epi16(' '));
        _mm512_storeu_si512(to, _mm512_maskz_compress_epi16(kept, block));
        to += __builtin_popcount(kept);
    }
    return size_t(to - out);
}
