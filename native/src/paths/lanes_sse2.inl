// Eight numbers of 16 bits, by what every 64-bit x86 CPU has (decode.inl).
struct V {
    static constexpr int LANES = 8;
    __m128i v;
    V() = default;
    explicit V(__m128i x) : v(x) {}
    explicit V(int x) : v(_mm_set1_epi16(int16_t(x))) {}
    static V load(const int16_t* p) { return V(_mm_load_si128(reinterpret_cast<const __m128i*>(p))); }
    static V loose_load(const int16_t* p) { return V(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
    void store(int16_t* p) const { _mm_store_si128(reinterpret_cast<__m128i*>(p), v); }
};
struct Mask {
    __m128i m;
};
static inline Mask operator&(Mask a, Mask b) { return {_mm_and_si128(a.m, b.m)}; }
static inline Mask operator|(Mask a, Mask b) { return {_mm_or_si128(a.m, b.m)}; }
static inline Mask operator~(Mask a) { return {_mm_xor_si128(a.m, _mm_set1_epi16(-1))}; }
static inline V add(V a, V b) { return V(_mm_adds_epi16(a.v, b.v)); }
static inline V sub(V a, V b) { return V(_mm_subs_epi16(a.v, b.v)); }
static inline V min(V a, V b) { return V(_mm_min_epi16(a.v, b.v)); }
static inline V max(V a, V b) { return V(_mm_max_epi16(a.v, b.v)); }
static inline V and_(V a, V b) { return V(_mm_and_si128(a.v, b.v)); }
static inline V or_(V a, V b) { return V(_mm_or_si128(a.v, b.v)); }
static inline V times(V a, V b) { return V(_mm_mullo_epi16(a.v, b.v)); }
static inline V quarter(V a) { return V(_mm_srai_epi16(a.v, 2)); }
static inline Mask greater(V a, V b) { return {_mm_cmpgt_epi16(a.v, b.v)}; }
static inline Mask mask_of(V a) { return {_mm_srai_epi16(a.v, 15)}; }
static inline V choose(Mask m, V a, V b) { return V(_mm_or_si128(_mm_and_si128(m.m, a.v), _mm_andnot_si128(m.m, b.v))); }
static inline uint64_t bits(Mask m) { return uint32_t(_mm_movemask_epi8(_mm_packs_epi16(m.m, _mm_setzero_si128()))); }
static inline V loose(V room) {
    V cost = V(L(0));
    const auto from = [&](int least, int from, int to) { cost = add(cost, and_(V(_mm_cmpgt_epi16(room.v, V(least - 1).v)), V(to - from))); };
    from(0, L(0), L(1));
    from(2, L(1), L(2));
    from(4, L(2), L(3));
    from(8, L(3), L(4));
    from(16, L(4), L(5));
    return cost;
}

// Field f of row r becomes number r of vector f.
static inline void transpose(const lattice::Row* const* rows, int16_t* out) {
    for (int part = 0; part < 4; ++part) {
        __m128i a[8], b[8];
        for (int i = 0; i < 8; ++i) a[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[i]) + part);
        for (int i = 0; i < 4; ++i) {
            b[2 * i] = _mm_unpacklo_epi16(a[2 * i], a[2 * i + 1]);
            b[2 * i + 1] = _mm_unpackhi_epi16(a[2 * i], a[2 * i + 1]);
        }
        for (int i = 0; i < 2; ++i)
            for (int k = 0; k < 2; ++k) {
                a[4 * i + 2 * k] = _mm_unpacklo_epi32(b[4 * i + k], b[4 * i + k + 2]);
                a[4 * i + 2 * k + 1] = _mm_unpackhi_epi32(b[4 * i + k], b[4 * i + k + 2]);
            }
        for (int k = 0; k < 4; ++k) {
            __m128i* const to = reinterpret_cast<__m128i*>(out) + 8 * part + 2 * k;
            _mm_store_si128(to, _mm_unpacklo_epi64(a[k], a[k + 4]));
            _mm_store_si128(to + 1, _mm_unpackhi_epi64(a[k], a[k + 4]));
        }
    }
}
