// The scan over a vector wrapper. The including file defines Block in this namespace, 64 bytes with
//   explicit Block(const uint8_t*);  uint64_t eq(uint8_t) const;  uint64_t range(uint8_t low, uint8_t high) const;
//   Block lower() const: every byte with bit 5 set
// Most of Chinese text is decided by lead bytes alone: E5..E9, E4 but for B7, E3 from 90 on are Han. Marks and the rest
// are looked up one by one.

static void scan(const uint8_t* data, size_t size, size_t available, Masks& masks) {
    const uint8_t* const kinds = scan_kinds();
    const size_t words = (size + 63) / 64;
    for (size_t w = 0; w < words; ++w) {
        const uint8_t* p = data + w * 64;
        const size_t left = size - w * 64, readable = available - w * 64;
        uint8_t copy[68];
        if (readable < 68) {
            std::memset(copy, 0, sizeof copy);
            std::memcpy(copy, p, readable);
            p = copy;
        }
        const uint64_t valid = left >= 64 ? ~uint64_t(0) : (uint64_t(1) << left) - 1;
        const Block b(p), next(p + 1);
        const uint64_t newline = (b.eq('\n') | b.eq('\r')) & valid;
        const uint64_t ascii = b.range(0, 0x7F) & valid;
        const uint64_t tab = b.eq('\t') & valid;
        const uint64_t control = (b.range(0, 0x1F) | b.eq(0x7F)) & valid;
        const uint64_t digit = b.range('0', '9') & valid;
        const uint64_t letter = b.lower().range('a', 'z') & ascii;
        uint64_t gap = (b.eq(' ') & valid) | tab;
        const uint64_t sign = ascii & ~(newline | gap | digit | letter | control);
        uint64_t rare = control & ~(newline | tab), changes = 0;
        const uint64_t e3 = b.eq(0xE3) & next.range(0x90, 0xBF), e4 = b.eq(0xE4) & ~next.eq(0xB7);
        uint64_t han = (b.range(0xE5, 0xE9) | e3 | e4) & valid;
        uint64_t marks[SCAN_MARK + 1 - SCAN_OPEN] = {};
        for (uint64_t rest = b.range(0xC0, 0xFF) & valid & ~han; rest; rest &= rest - 1) {
            const unsigned i = unsigned(__builtin_ctzll(rest));
            const uint64_t bit = rest & (~rest + 1);
            const uint8_t kind = scan_kind_at(p + i, kinds);
            if (kind >= SCAN_OPEN && kind <= SCAN_MARK)
                marks[kind - SCAN_OPEN] |= bit;
            else if (kind == SCAN_HAN)
                han |= bit;
            else if (kind == SCAN_GAP)
                gap |= bit;
            else if (kind == SCAN_CHANGES)
                changes |= bit;
            else
                rare |= bit;
        }
        uint64_t* const out = masks.word[w];
        out[SCAN_NEWLINE] = newline;
        out[SCAN_GAP] = gap;
        out[SCAN_HAN] = han | changes;
        for (int k = SCAN_OPEN; k <= SCAN_MARK; ++k) out[k] = marks[k - SCAN_OPEN];
        out[SCAN_DIGIT] = digit;
        out[SCAN_LETTER] = letter;
        out[SCAN_SIGN] = sign;
        out[SCAN_RARE] = rare;
        out[SCAN_CHANGES] = changes;
    }
    for (int k = 0; k < SCAN_KINDS; ++k) masks.word[words][k] = 0;
}
