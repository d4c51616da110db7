// 16 numbers of 16 bits (decode.inl).
struct V {
    static constexpr int LANES = 16;
    __m256i v;
    V() = default;
    explicit V(__m256i x) : v(x) {}
    explicit V(int x) : v(_mm256_set1_epi16(int16_t(x))) {}
    static V load(const int16_t* p) { return V(_mm256_load_si256(reinterpret_cast<const __m256i*>(p))); }
    static V loose_load(const int16_t* p) { return V(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
    void store(int16_t* p) const { _mm256_store_si256(reinterpret_cast<__m256i*>(p), v); }
};
struct Mask {
    __m256i m;
};
static inline Mask operator&(Mask a, Mask b) { return {_mm256_and_si256(a.m, b.m)}; }
static inline Mask operator|(Mask a, Mask b) { return {_mm256_or_si256(a.m, b.m)}; }
static inline Mask operator~(Mask a) { return {_mm256_xor_si256(a.m, _mm256_set1_epi16(-1))}; }
static inline V add(V a, V b) { return V(_mm256_adds_epi16(a.v, b.v)); }
static inline V sub(V a, V b) { return V(_mm256_subs_epi16(a.v, b.v)); }
static inline V min(V a, V b) { return V(_mm256_min_epi16(a.v, b.v)); }
static inline V max(V a, V b) { return V(_mm256_max_epi16(a.v, b.v)); }
static inline V and_(V a, V b) { return V(_mm256_and_si256(a.v, b.v)); }
static inline V or_(V a, V b) { return V(_mm256_or_si256(a.v, b.v)); }
static inline V times(V a, V b) { return V(_mm256_mullo_epi16(a.v, b.v)); }
static inline V quarter(V a) { return V(_mm256_srai_epi16(a.v, 2)); }
static inline Mask greater(V a, V b) { return {_mm256_cmpgt_epi16(a.v, b.v)}; }
static inline Mask mask_of(V a) { return {_mm256_srai_epi16(a.v, 15)}; }
static inline V choose(Mask m, V a, V b) { return V(_mm256_blendv_epi8(b.v, a.v, m.m)); }
static inline uint64_t bits(Mask m) {
    const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(m.m), _mm256_extracti128_si256(m.m, 1));
    return uint32_t(_mm_movemask_epi8(bytes));
}
// By a table of bytes: room in pairs of q, from below 0 to 16 and more.
static inline V loose(V room) {
    constexpr int S = COST_BITS;
    const __m256i table = _mm256_broadcastsi128_si256(_mm_setr_epi8(char(L(0) >> S), char(L(1) >> S), char(L(2) >> S), char(L(3) >> S), char(L(3) >> S),
        char(L(4) >> S), char(L(4) >> S), char(L(4) >> S), char(L(4) >> S), char(L(5) >> S), 0, 0, 0, 0, 0, 0));
#ifndef HANFLOW_FIT
    static_assert(L(1) >> S < 256 && L(2) >> S < 256 && L(3) >> S < 256 && L(4) >> S < 256 && L(5) >> S < 256, "");
#endif
    const V at = add(V(_mm256_srai_epi16(min(max(room, V(-2)), V(16)).v, 1)), V(1));
    const __m256i bytes = _mm256_shuffle_epi8(table, _mm256_or_si256(at.v, _mm256_set1_epi16(int16_t(0x8000))));
    return V(_mm256_slli_epi16(bytes, S));
}

// Field f of row r becomes number r of vector f: first inside 128 bits, eight rows at a time, then these among each other.
static inline void transpose(const lattice::Row* const* rows, int16_t* out) {
    for (int half = 0; half < 2; ++half) {
        __m256i t[2][8];
        for (int g = 0; g < 2; ++g) {
            __m256i a[8], b[8];
            for (int i = 0; i < 8; ++i) a[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[8 * g + i]) + half);
            for (int i = 0; i < 4; ++i) {
                b[2 * i] = _mm256_unpacklo_epi16(a[2 * i], a[2 * i + 1]);
                b[2 * i + 1] = _mm256_unpackhi_epi16(a[2 * i], a[2 * i + 1]);
            }
            for (int i = 0; i < 2; ++i)
                for (int k = 0; k < 2; ++k) {
                    a[4 * i + 2 * k] = _mm256_unpacklo_epi32(b[4 * i + k], b[4 * i + k + 2]);
                    a[4 * i + 2 * k + 1] = _mm256_unpackhi_epi32(b[4 * i + k], b[4 * i + k + 2]);
                }
            for (int k = 0; k < 4; ++k) {
                t[g][2 * k] = _mm256_unpacklo_epi64(a[k], a[k + 4]);
                t[g][2 * k + 1] = _mm256_unpackhi_epi64(a[k], a[k + 4]);
            }
        }
        for (int c = 0; c < 8; ++c) {
            __m256i* const to = reinterpret_cast<__m256i*>(out) + 16 * half + c;
            _mm256_store_si256(to, _mm256_permute2x128_si256(t[0][c], t[1][c], 0x20));
            _mm256_store_si256(to + 8, _mm256_permute2x128_si256(t[0][c], t[1][c], 0x31));
        }
    }
}
