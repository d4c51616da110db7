// Eight numbers of 16 bits, by what every 64-bit ARM CPU has (decode.inl).
struct V {
    static constexpr int LANES = 8;
    int16x8_t v;
    V() = default;
    explicit V(int16x8_t x) : v(x) {}
    explicit V(int x) : v(vdupq_n_s16(int16_t(x))) {}
    static V load(const int16_t* p) { return V(vld1q_s16(p)); }
    static V loose_load(const int16_t* p) { return V(vld1q_s16(p)); }
    void store(int16_t* p) const { vst1q_s16(p, v); }
};
struct Mask {
    uint16x8_t m;
};
static inline Mask operator&(Mask a, Mask b) { return {vandq_u16(a.m, b.m)}; }
static inline Mask operator|(Mask a, Mask b) { return {vorrq_u16(a.m, b.m)}; }
static inline Mask operator~(Mask a) { return {vmvnq_u16(a.m)}; }
static inline V add(V a, V b) { return V(vqaddq_s16(a.v, b.v)); }
static inline V sub(V a, V b) { return V(vqsubq_s16(a.v, b.v)); }
static inline V min(V a, V b) { return V(vminq_s16(a.v, b.v)); }
static inline V max(V a, V b) { return V(vmaxq_s16(a.v, b.v)); }
static inline V and_(V a, V b) { return V(vandq_s16(a.v, b.v)); }
static inline V or_(V a, V b) { return V(vorrq_s16(a.v, b.v)); }
static inline V times(V a, V b) { return V(vmulq_s16(a.v, b.v)); }
static inline V quarter(V a) { return V(vshrq_n_s16(a.v, 2)); }
static inline Mask greater(V a, V b) { return {vcgtq_s16(a.v, b.v)}; }
static inline Mask mask_of(V a) { return {vcltzq_s16(a.v)}; }
static inline V choose(Mask m, V a, V b) { return V(vbslq_s16(m.m, a.v, b.v)); }
static inline uint64_t bits(Mask m) {
    static constexpr uint16_t PLACES[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    return vaddvq_u16(vandq_u16(m.m, vld1q_u16(PLACES)));
}
static inline V loose(V room) {
    V cost = V(L(0));
    const auto from = [&](int least, int from, int to) { cost = add(cost, choose(greater(room, V(least - 1)), V(to - from), V(0))); };
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
        int16x8_t a[8];
        int32x4_t b[8];
        int64x2_t c[8];
        for (int i = 0; i < 8; ++i) a[i] = vld1q_s16(reinterpret_cast<const int16_t*>(rows[i]) + 8 * part);
        for (int i = 0; i < 4; ++i) {
            b[2 * i] = vreinterpretq_s32_s16(vzip1q_s16(a[2 * i], a[2 * i + 1]));
            b[2 * i + 1] = vreinterpretq_s32_s16(vzip2q_s16(a[2 * i], a[2 * i + 1]));
        }
        for (int i = 0; i < 2; ++i)
            for (int k = 0; k < 2; ++k) {
                c[4 * i + 2 * k] = vreinterpretq_s64_s32(vzip1q_s32(b[4 * i + k], b[4 * i + k + 2]));
                c[4 * i + 2 * k + 1] = vreinterpretq_s64_s32(vzip2q_s32(b[4 * i + k], b[4 * i + k + 2]));
            }
        for (int k = 0; k < 4; ++k) {
            int16_t* const to = out + 8 * (8 * part + 2 * k);
            vst1q_s16(to, vreinterpretq_s16_s64(vzip1q_s64(c[k], c[k + 4])));
            vst1q_s16(to + 8, vreinterpretq_s16_s64(vzip2q_s64(c[k], c[k + 4])));
        }
    }
}
