// By compressing bytes: UTF-8 and units of two bytes, spaces out of a text; included by the CPU path that has VBMI2.

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

static size_t squeeze(const uint8_t* data, size_t size, uint8_t* out) {
    const __m512i space = _mm512_set1_epi8(' ');
    uint8_t* to = out;
    for (size_t at = 0; at < size; at += 64) {
        const __mmask64 inside = size - at >= 64 ? ~__mmask64(0) : (__mmask64(1) << (size - at)) - 1;
        const __m512i block = _mm512_maskz_loadu_epi8(inside, data + at);
        const __mmask64 kept = _mm512_mask_cmpneq_epi8_mask(inside, block, space);
        _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(kept, block));
        to += __builtin_popcountll(kept);
    }
    return size_t(to - out);
}
