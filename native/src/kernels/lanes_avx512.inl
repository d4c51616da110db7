// 32 numbers of 16 bits (decode.inl).
struct V {
    static constexpr int LANES = 32;
    __m512i v;
    V() = default;
    explicit V(__m512i x) : v(x) {}
    explicit V(int x) : v(_mm512_set1_epi16(int16_t(x))) {}
    static V load(const int16_t* p) { return V(_mm512_load_si512(p)); }
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
// By a table: room in pairs of q, from below 0 to 16 and more.
static inline V loose(V room) {
    alignas(64) static constexpr int16_t TABLE[32] = {L(0), L(1), L(2), L(3), L(3), L(4), L(4), L(4), L(4), L(5)};
    const V at = add(V(_mm512_srai_epi16(min(max(room, V(-2)), V(16)).v, 1)), V(1));
    return V(_mm512_permutexvar_epi16(at.v, _mm512_load_si512(TABLE)));
}
