// What the CPU paths that have AVX2 share: the vector wrapper of utf8.inl.

struct Bytes {
    static constexpr size_t SIZE = 32;
    __m256i v;
    explicit Bytes(__m256i x) : v(x) {}
    explicit Bytes(const uint8_t* p) : v(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))) {}
    explicit Bytes(uint8_t c) : v(_mm256_set1_epi8(char(c))) {}
    static Bytes table(const uint8_t* sixteen) {
        return Bytes(_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(sixteen))));
    }
    Bytes at(Bytes i) const { return Bytes(_mm256_shuffle_epi8(v, i.v)); }
    Bytes high() const { return Bytes(_mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(0x0F))); }
    Bytes above(Bytes x) const { return Bytes(_mm256_subs_epu8(v, x.v)); }
    Bytes operator&(Bytes x) const { return Bytes(_mm256_and_si256(v, x.v)); }
    Bytes operator|(Bytes x) const { return Bytes(_mm256_or_si256(v, x.v)); }
    Bytes operator^(Bytes x) const { return Bytes(_mm256_xor_si256(v, x.v)); }
    bool any() const { return !_mm256_testz_si256(v, v); }
};
