// The masks of a line, brought down to bit 0; included by the CPU paths that have AVX2.
static void shift_masks(const uint64_t* from, unsigned shift, uint64_t valid, uint64_t* to) {
    static_assert(SCAN_GAP == 1 && SCAN_KINDS == 13, "three vectors of four masks");
    const __m128i down = _mm_cvtsi32_si128(int(shift)), up = _mm_cvtsi32_si128(int(64 - shift));  // up by 64: zero
    const __m256i inside = _mm256_set1_epi64x(int64_t(valid));
    for (int k = SCAN_GAP; k < SCAN_KINDS; k += 4) {
        const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + k));
        const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + k + SCAN_KINDS));
        const __m256i both = _mm256_or_si256(_mm256_srl_epi64(low, down), _mm256_sll_epi64(high, up));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + k), _mm256_and_si256(both, inside));
    }
}
