// Well-formed UTF-8 by table look-ups (Keiser and Lemire, "Validating UTF-8 in less than one instruction per byte"),
// 32 bytes at a time; included by the CPU paths that have AVX2. Each byte is judged by its own upper half, both halves
// of the byte before it, and whether the two before that begin a longer sequence.

static __m256i load_32(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
static __m256i high_half(__m256i v, __m256i half) { return _mm256_and_si256(_mm256_srli_epi16(v, 4), half); }

// Whether data[begin, end) is well-formed up to a block of 64 bytes that is not; returns where that block begins, or where
// less than a block is left. begin >= 3; data[begin - 3] is read. A sequence that a block's end cuts is judged in the next.
static size_t well_formed(const uint8_t* data, size_t begin, size_t end, bool allow_surrogates) {
    constexpr char TOO_SHORT = 1, TOO_LONG = 2, OVERLONG_3 = 4, TOO_LARGE = 8, SURROGATE = 16, OVERLONG_2 = 32,
                   TOO_LARGE_1000 = 64, OVERLONG_4 = 64, TWO_CONTINUE = char(-128);
    constexpr char ANY = char(TOO_SHORT | TOO_LONG | TWO_CONTINUE), LARGE = char(ANY | TOO_LARGE | TOO_LARGE_1000);
    constexpr char LOW = char(TOO_LONG | OVERLONG_2 | TWO_CONTINUE);
    const __m256i lead_high = _mm256_broadcastsi128_si256(_mm_setr_epi8(
        TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TWO_CONTINUE, TWO_CONTINUE,
        TWO_CONTINUE, TWO_CONTINUE, TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,
        TOO_SHORT | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4));
    const __m256i lead_low = _mm256_broadcastsi128_si256(_mm_setr_epi8(
        char(ANY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4), char(ANY | OVERLONG_2), ANY, ANY, char(ANY | TOO_LARGE), LARGE, LARGE,
        LARGE, LARGE, LARGE, LARGE, LARGE, LARGE, char(LARGE | SURROGATE), LARGE, LARGE));
    const __m256i next_high = _mm256_broadcastsi128_si256(_mm_setr_epi8(
        TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
        char(LOW | OVERLONG_3 | TOO_LARGE_1000 | OVERLONG_4), char(LOW | OVERLONG_3 | TOO_LARGE),
        char(LOW | SURROGATE | TOO_LARGE), char(LOW | SURROGATE | TOO_LARGE), TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT));
    const __m256i half = _mm256_set1_epi8(0x0F), top = _mm256_set1_epi8(char(-128));
    const __m256i third = _mm256_set1_epi8(0xE0 - 0x80), fourth = _mm256_set1_epi8(0xF0 - 0x80);
    const __m256i counts = _mm256_set1_epi8(allow_surrogates ? char(~SURROGATE) : char(-1));
    __m256i wrong = _mm256_setzero_si256();
    const auto judge = [&](const uint8_t* p) {
        const __m256i before = load_32(p - 1);
        const __m256i found = _mm256_and_si256(
            _mm256_and_si256(_mm256_shuffle_epi8(lead_high, high_half(before, half)),
                             _mm256_shuffle_epi8(lead_low, _mm256_and_si256(before, half))),
            _mm256_shuffle_epi8(next_high, high_half(load_32(p), half)));
        const __m256i awaited = _mm256_or_si256(_mm256_subs_epu8(load_32(p - 2), third), _mm256_subs_epu8(load_32(p - 3), fourth));
        wrong = _mm256_or_si256(wrong, _mm256_xor_si256(_mm256_and_si256(awaited, top), found));
    };
    size_t at = begin;
    for (; end - at >= 64; at += 64) {
        judge(data + at);
        judge(data + at + 32);
        if (!_mm256_testz_si256(wrong, counts)) break;
    }
    // What begins no sequence is found above with the byte behind it, by utf8.cpp in its own block: judge that one again.
    const bool cut = at > begin && (data[at - 1] == 0xC0 || data[at - 1] == 0xC1 || data[at - 1] > 0xF4);
    return cut ? at - 64 : at;
}
