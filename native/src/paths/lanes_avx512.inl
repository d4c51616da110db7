// 32 numbers of 16 bits (decode.inl).
struct V {
    static constexpr int LANES = 32;
    __m512i v;
    V() = default;
    explicit V(__m512i x) : v(x) {}
    explicit V(int x) : v(_mm512_set1_epi16(int16_t(x))) {}
    static V load(const int16_t* p) { return V(_mm512_load_si512(p)); }
    static V loose_load(const int16_t* p) { return V(_mm512_loadu_si512(p)); }
    void store(int16_t* p) const { _mm512_store_si512(p, v); }
};
struct Mask {
    __mmask32 m;
};
static inline Mask operator&(Mask a, Mask b) { return {a.m & b.m}; }
static inline Mask operator|(Mask a, Mask b) { return {a.m | b.m}; }
static inline Mask operator~(Mask a) { return {~a.m}; }
static inline V add(V a, V b) { return V(_mm512_adds_epi16(a.v, b.v)); }
static inline V sub(V a, V b) { return V(_mm512_subs_epi16(a.v, b.v)); }
static inline V min(V a, V b) { return V(_mm512_min_epi16(a.v, b.v)); }
static inline V max(V a, V b) { return V(_mm512_max_epi16(a.v, b.v)); }
static inline V and_(V a, V b) { return V(_mm512_and_si512(a.v, b.v)); }
static inline V or_(V a, V b) { return V(_mm512_or_si512(a.v, b.v)); }
static inline V times(V a, V b) { return V(_mm512_mullo_epi16(a.v, b.v)); }
static inline V quarter(V a) { return V(_mm512_srai_epi16(a.v, 2)); }
static inline Mask greater(V a, V b) { return {_mm512_cmpgt_epi16_mask(a.v, b.v)}; }
static inline Mask mask_of(V a) { return {_mm512_movepi16_mask(a.v)}; }
static inline V choose(Mask m, V a, V b) { return V(_mm512_mask_mov_epi16(b.v, m.m, a.v)); }
static inline uint64_t bits(Mask m) { return m.m; }
// By a table: room in pairs of q, from below 0 to 16 and more.
static inline V loose(V room) {
    alignas(64) FIXED int16_t TABLE[32] = {L(0), L(1), L(2), L(3), L(3), L(4), L(4), L(4), L(4), L(5)};
    const V at = add(V(_mm512_srai_epi16(min(max(room, V(-2)), V(16)).v, 1)), V(1));
    return V(_mm512_permutexvar_epi16(at.v, _mm512_load_si512(TABLE)));
}

// Field f of row r becomes number r of vector f: first inside 128 bits, eight rows at a time, then these among each other.
static inline void transpose(const lattice::Row* const* rows, int16_t* out) {
    __m512i t[4][8];
    for (int g = 0; g < 4; ++g) {
        __m512i a[8], b[8];
        for (int i = 0; i < 8; ++i) a[i] = _mm512_loadu_si512(rows[8 * g + i]);
        for (int i = 0; i < 4; ++i) {
            b[2 * i] = _mm512_unpacklo_epi16(a[2 * i], a[2 * i + 1]);
            b[2 * i + 1] = _mm512_unpackhi_epi16(a[2 * i], a[2 * i + 1]);
        }
        for (int i = 0; i < 2; ++i)
            for (int k = 0; k < 2; ++k) {
                a[4 * i + 2 * k] = _mm512_unpacklo_epi32(b[4 * i + k], b[4 * i + k + 2]);
                a[4 * i + 2 * k + 1] = _mm512_unpackhi_epi32(b[4 * i + k], b[4 * i + k + 2]);
            }
        for (int k = 0; k < 4; ++k) {
            t[g][2 * k] = _mm512_unpacklo_epi64(a[k], a[k + 4]);
            t[g][2 * k + 1] = _mm512_unpackhi_epi64(a[k], a[k + 4]);
        }
    }
    for (int c = 0; c < 8; ++c) {
        const __m512i ac = _mm512_shuffle_i32x4(t[0][c], t[1][c], 0x44), bd = _mm512_shuffle_i32x4(t[0][c], t[1][c], 0xEE);
        const __m512i eg = _mm512_shuffle_i32x4(t[2][c], t[3][c], 0x44), fh = _mm512_shuffle_i32x4(t[2][c], t[3][c], 0xEE);
        _mm512_store_si512(out + c * 32, _mm512_shuffle_i32x4(ac, eg, 0x88));
        _mm512_store_si512(out + (8 + c) * 32, _mm512_shuffle_i32x4(ac, eg, 0xDD));
        _mm512_store_si512(out + (16 + c) * 32, _mm512_shuffle_i32x4(bd, fh, 0x88));
        _mm512_store_si512(out + (24 + c) * 32, _mm512_shuffle_i32x4(bd, fh, 0xDD));
    }
}
