// 16 numbers of 16 bits (decode.inl).
struct V {
    static constexpr int LANES = 16;
    __m256i v;
    V() = default;
    explicit V(__m256i x) : v(x) {}
    explicit V(int x) : v(_mm256_set1_epi16(int16_t(x))) {}
    static V load(const int16_t* p) { return V(_mm256_load_si256(reinterpret_cast<const __m256i*>(p))); }
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
// By a table of bytes: room in pairs of q, from below 0 to 16 and more.
static inline V loose(V room) {
    constexpr int S = COST_BITS;
    const __m256i table = _mm256_broadcastsi128_si256(_mm_setr_epi8(char(L(0) >> S), char(L(1) >> S), char(L(2) >> S), char(L(3) >> S), char(L(3) >> S),
        char(L(4) >> S), char(L(4) >> S), char(L(4) >> S), char(L(4) >> S), char(L(5) >> S), 0, 0, 0, 0, 0, 0));
    static_assert(L(1) >> S < 256 && L(2) >> S < 256 && L(3) >> S < 256 && L(4) >> S < 256 && L(5) >> S < 256, "");
    const V at = add(V(_mm256_srai_epi16(min(max(room, V(-2)), V(16)).v, 1)), V(1));
    const __m256i bytes = _mm256_shuffle_epi8(table, _mm256_or_si256(at.v, _mm256_set1_epi16(int16_t(0x8000))));
    return V(_mm256_slli_epi16(bytes, S));
}
