// The scan and the squeeze without vectors; paths that have better leave them out.

// Puts bit k of byte i into bit i of byte k: 8 x 8 bits.
static inline uint64_t transposed(uint64_t x) {
    uint64_t t = (x ^ (x >> 7)) & 0x00AA00AA00AA00AA;
    x ^= t ^ (t << 7);
    t = (x ^ (x >> 14)) & 0x0000CCCC0000CCCC;
    x ^= t ^ (t << 14);
    t = (x ^ (x >> 28)) & 0x00000000F0F0F0F0;
    return x ^ t ^ (t << 28);
}

static void classify(const uint16_t* units, size_t size, uint8_t* classes, PlaneWord* words) {
    const uint8_t* const bytes = class_bytes();
    const PlaneBits& planes = plane_bits();
    for (size_t at = 0; at < size; at += 64) {
        PlaneWord& word = words[at / 64];
        word = PlaneWord();
        const size_t count = size - at < 64 ? size - at : 64;
        for (size_t i = 0; i < count; i += 8) {
            uint64_t low = 0, high = 0;
            for (size_t k = 0; k < 8 && i + k < count; ++k) {
                const uint16_t unit = units[at + i + k];
                const uint8_t c = uint16_t(unit - 0x4E00) < 0x5200 ? uint8_t(HAN) : bytes[unit];
                classes[at + i + k] = c;
                low |= uint64_t(planes.low[c & 0x3F]) << (8 * k);
                high |= uint64_t(planes.high[c & 0x3F] | (c & (CHANGING | RARE_UNIT))) << (8 * k);
            }
            low = transposed(low);
            high = transposed(high);
            for (int k = 0; k < 8; ++k) {
                word.plane[k] |= (low >> (8 * k) & 0xFF) << i;
                word.plane[k + 8] |= (high >> (8 * k) & 0xFF) << i;
            }
        }
        word.plane[P_PLAIN] = (word.plane[P_HAN] | word.plane[P_OPEN] | word.plane[P_CLOSE] | word.plane[P_STOP] | word.plane[P_PAUSE] |
                               word.plane[P_MARK]) & ~(word.plane[P_CHANGES] | word.plane[P_RARE]);
    }
}

static size_t squeeze(const uint16_t* units, size_t length, uint16_t* out) {
    uint16_t* to = out;
    for (size_t i = 0; i < length; ++i) {
        *to = units[i];
        to += units[i] != ' ';
    }
    return size_t(to - out);
}
