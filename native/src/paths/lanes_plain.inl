// Eight numbers of 16 bits in plain C++, which compilers make vectors of (decode.inl).
struct V {
    static constexpr int LANES = 8;
    int16_t v[8];
    V() = default;
    explicit V(int x) {
        for (int16_t& y : v) y = int16_t(x);
    }
    static V load(const int16_t* p) {
        V r;
        std::memcpy(r.v, p, sizeof r.v);
        return r;
    }
    static V loose_load(const int16_t* p) { return load(p); }
    void store(int16_t* p) const { std::memcpy(p, v, sizeof v); }
};
template <typename F>
static inline V each(V a, V b, F f) {
    V r;
    for (int i = 0; i < V::LANES; ++i) r.v[i] = int16_t(f(int(a.v[i]), int(b.v[i])));
    return r;
}
struct Mask {
    V m;  // all bits, or none
};
static inline Mask operator&(Mask a, Mask b) { return {each(a.m, b.m, [](int x, int y) { return x & y; })}; }
static inline Mask operator|(Mask a, Mask b) { return {each(a.m, b.m, [](int x, int y) { return x | y; })}; }
static inline Mask operator~(Mask a) { return {each(a.m, a.m, [](int x, int) { return ~x; })}; }
static inline int clamped(int x) { return x > 32767 ? 32767 : x < -32768 ? -32768 : x; }
static inline V add(V a, V b) { return each(a, b, [](int x, int y) { return clamped(x + y); }); }
static inline V sub(V a, V b) { return each(a, b, [](int x, int y) { return clamped(x - y); }); }
static inline V min(V a, V b) { return each(a, b, [](int x, int y) { return x < y ? x : y; }); }
static inline V max(V a, V b) { return each(a, b, [](int x, int y) { return x > y ? x : y; }); }
static inline V and_(V a, V b) { return each(a, b, [](int x, int y) { return x & y; }); }
static inline V or_(V a, V b) { return each(a, b, [](int x, int y) { return x | y; }); }
static inline V times(V a, V b) { return each(a, b, [](int x, int y) { return x * y; }); }
static inline V quarter(V a) { return each(a, a, [](int x, int) { return x >> 2; }); }
static inline Mask greater(V a, V b) { return {each(a, b, [](int x, int y) { return -(x > y); })}; }
static inline Mask mask_of(V a) { return {each(a, a, [](int x, int) { return x >> 15; })}; }
static inline V choose(Mask m, V a, V b) {
    V r;
    for (int i = 0; i < V::LANES; ++i) r.v[i] = int16_t((m.m.v[i] & a.v[i]) | (~m.m.v[i] & b.v[i]));
    return r;
}
static inline uint64_t bits(Mask m) {
    uint64_t all = 0;
    for (int i = 0; i < V::LANES; ++i) all |= uint64_t(m.m.v[i] & 1) << i;
    return all;
}
static inline V loose(V room) {
    return each(room, room, [](int x, int) { return x < 0 ? L(0) : x < 2 ? L(1) : x < 4 ? L(2) : x < 8 ? L(3) : x < 16 ? L(4) : L(5); });
}

// Field f of row r becomes number r of vector f.
static inline void transpose(const lattice::Row* const* rows, int16_t* out) {
    for (int r = 0; r < V::LANES; ++r) {
        int16_t fields[FIELDS];
        std::memcpy(fields, rows[r], sizeof fields);
        for (int f = 0; f < FIELDS; ++f) out[f * V::LANES + r] = fields[f];
    }
}
