// By compressing bytes: UTF-8 and units of two bytes, the characters of a line, what lines are rewritten by; included by the
// CPU path that has VBMI2.

// The bytes of data[from, from + 64) that stand before `size`; zeros for the others.
static __mmask64 inside(size_t from, size_t size) {
    const size_t left = size > from ? size - from : 0;
    return left >= 64 ? ~__mmask64(0) : (__mmask64(1) << left) - 1;
}
static __m512i load(const uint8_t* data, size_t from, size_t size) { return _mm512_maskz_loadu_epi8(inside(from, size), data + from); }

// Writes the first units as UTF-8, all but less than 16; returns how many, and the bytes in size. May write 64 bytes behind.
static size_t to_utf8(const uint16_t* units, size_t length, uint8_t* out, size_t& size) {
    const __m512i six = _mm512_set1_epi32(0x3F), more = _mm512_set1_epi32(0x80);
    uint8_t* to = out;
    size_t i = 0;
    for (; length - i >= 16; i += 16) {
        const __m512i cp = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(units + i)));
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
        counted = _mm512_mask_blend_epi32(ascii, counted, more);
        const __mmask64 kept = _mm512_movepi8_mask(counted);
        _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(kept, bytes));
        to += __builtin_popcountll(kept);
    }
    size = size_t(to - out);
    return i;
}

// Writes the units of the first blocks of 64 bytes; returns the bytes, which end behind a character, and the units in made.
// No sequence has four bytes.
static size_t from_utf8(const uint8_t* data, size_t size, uint16_t* out, size_t length, size_t& made) {
    const __m512i six = _mm512_set1_epi16(0x3F);
    size_t at = 0;
    made = 0;
    for (; size - at >= 66 && length - made >= 64; at += 64) {
        const __m512i block = _mm512_loadu_si512(data + at);
        const __mmask64 leads = _mm512_cmpgt_epi8_mask(block, _mm512_set1_epi8(-65));
        const __m512i first = _mm512_maskz_compress_epi8(leads, block);
        const __m512i second = _mm512_maskz_compress_epi8(leads, _mm512_loadu_si512(data + at + 1));
        const __m512i third = _mm512_maskz_compress_epi8(leads, _mm512_loadu_si512(data + at + 2));
        const auto widen = [&](__m256i x, __m256i y, __m256i z, uint16_t* to) {
            const __m512i a = _mm512_cvtepu8_epi16(x), b = _mm512_and_si512(_mm512_cvtepu8_epi16(y), six),
                          c = _mm512_and_si512(_mm512_cvtepu8_epi16(z), six);
            const __m512i three = _mm512_or_si512(_mm512_or_si512(_mm512_slli_epi16(a, 12), _mm512_slli_epi16(b, 6)), c);
            const __m512i two = _mm512_or_si512(_mm512_slli_epi16(_mm512_and_si512(a, _mm512_set1_epi16(0x1F)), 6), b);
            const __m512i many = _mm512_mask_blend_epi16(_mm512_cmpge_epu16_mask(a, _mm512_set1_epi16(0xE0)), two, three);
            _mm512_storeu_si512(to, _mm512_mask_blend_epi16(_mm512_cmplt_epu16_mask(a, _mm512_set1_epi16(0x80)), many, a));
        };
        const int count = __builtin_popcountll(leads);
        widen(_mm512_castsi512_si256(first), _mm512_castsi512_si256(second), _mm512_castsi512_si256(third), out + made);
        if (count > 32)
            widen(_mm512_extracti64x4_epi64(first, 1), _mm512_extracti64x4_epi64(second, 1), _mm512_extracti64x4_epi64(third, 1),
                  out + made + 32);
        made += size_t(count);
    }
    // The last character may reach behind the last block.
    while (at && at < size && (data[at] & 0xC0) == 0x80) ++at;
    return at;
}

// Characters of the Basic Multilingual Plane by vectors; what is no Han of three bytes is given its class one by one.
static int read(const uint8_t* data, size_t size, uint32_t* cp, uint8_t* cls, uint32_t* offset) {
    alignas(64) static constexpr uint8_t PLACES[64] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
        32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    const __m512i places = _mm512_load_si512(PLACES), six = _mm512_set1_epi32(0x3F);
    int count = 0;
    for (size_t at = 0; at < size; at += 64) {
        const __m512i block = load(data, at, size);
        const __mmask64 leads = _mm512_mask_cmpgt_epi8_mask(inside(at, size), block, _mm512_set1_epi8(-65));
        const auto leading = [&](__m512i bytes) { return _mm512_maskz_compress_epi8(leads, bytes); };
        const __m512i first = leading(block);
        __m512i x = first, y = leading(load(data, at + 1, size)), z = leading(load(data, at + 2, size)), place = leading(places);
        const int some = __builtin_popcountll(leads);
        for (int i = count; i < count + some; i += 16) {  // their quarters in turn
            const auto widen = [](__m512i v) { return _mm512_cvtepu8_epi32(_mm512_castsi512_si128(v)); };
            const auto turn = [](__m512i v) { return _mm512_shuffle_i32x4(v, v, 0x39); };
            const __m512i a = widen(x), b = _mm512_and_si512(widen(y), six), c = _mm512_and_si512(widen(z), six);
            const __m512i three = _mm512_or_si512(_mm512_slli_epi32(_mm512_and_si512(a, _mm512_set1_epi32(0x0F)), 12),
                                                  _mm512_or_si512(_mm512_slli_epi32(b, 6), c));
            const __m512i two = _mm512_or_si512(_mm512_slli_epi32(_mm512_and_si512(a, _mm512_set1_epi32(0x1F)), 6), b);
            const __m512i many = _mm512_mask_blend_epi32(_mm512_cmpge_epu32_mask(a, _mm512_set1_epi32(0xE0)), two, three);
            _mm512_storeu_si512(cp + i, _mm512_mask_blend_epi32(_mm512_cmplt_epu32_mask(a, _mm512_set1_epi32(0x80)), many, a));
            _mm512_storeu_si512(offset + i, _mm512_add_epi32(widen(place), _mm512_set1_epi32(int(at))));
            x = turn(x), y = turn(y), z = turn(z), place = turn(place);
        }
        _mm512_storeu_si512(cls + count, _mm512_set1_epi8(HAN));
        const __mmask64 han = _mm512_cmple_epu8_mask(_mm512_sub_epi8(first, _mm512_set1_epi8(char(0xE5))), _mm512_set1_epi8(4));  // U+5000..9FFF
        for (uint64_t rest = ~han & (some == 64 ? ~uint64_t(0) : (uint64_t(1) << some) - 1); rest; rest &= rest - 1) {
            const int i = count + __builtin_ctzll(rest);
            if (data[offset[i]] >= 0xF0) decode(data + offset[i], cp[i]);
            cls[i] = char_class(cp[i]);
        }
        count += some;
    }
    return count;
}

static size_t narrow(uint8_t* text, size_t size) {
    uint8_t* to = text;
    uint64_t gone = 0;  // bytes of the block that a full-width character before it leaves out
    for (size_t at = 0; at < size; at += 64) {
        const __m512i next = load(text, at + 1, size), third = load(text, at + 2, size);
        const auto next_is = [&](uint8_t c) { return _mm512_cmpeq_epi8_mask(next, _mm512_set1_epi8(char(c))); };
        const auto third_in = [&](uint8_t low, uint8_t high) {
            return _mm512_cmple_epu8_mask(_mm512_sub_epi8(third, _mm512_set1_epi8(char(low))), _mm512_set1_epi8(char(high - low)));
        };
        __m512i block = load(text, at, size);
        const __mmask64 ef = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8(char(0xEF)));
        const __mmask64 upper = ef & next_is(0xBC) & (third_in(0x90, 0x99) | third_in(0xA1, 0xBA));  // ０..９ and Ａ..Ｚ
        const __mmask64 lower = ef & next_is(0xBD) & third_in(0x81, 0x9A), full = upper | lower;
        block = _mm512_mask_sub_epi8(block, upper, third, _mm512_set1_epi8(0x90 - '0'));
        block = _mm512_mask_sub_epi8(block, lower, third, _mm512_set1_epi8(0x81 - 'a'));
        const __mmask64 kept = inside(at, size) & ~(full << 1 | full << 2 | gone);
        gone = full >> 63 | full >> 62;
        _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(kept, block));
        to += __builtin_popcountll(kept);
    }
    return size_t(to - text);
}

static size_t squeeze(const uint8_t* data, size_t size, uint8_t* out) {
    const __m512i space = _mm512_set1_epi8(' ');
    uint8_t* to = out;
    for (size_t at = 0; at < size; at += 64) {
        const __m512i block = load(data, at, size);
        const __mmask64 kept = _mm512_mask_cmpneq_epi8_mask(inside(at, size), block, space);
        _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(kept, block));
        to += __builtin_popcountll(kept);
    }
    return size_t(to - out);
}
