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
        const uint64_t gap = (b.eq(' ') & valid) | tab;
        const uint64_t e3 = b.eq(0xE3) & next.range(0x90, 0xBF), e4 = b.eq(0xE4) & ~next.eq(0xB7);
        const uint64_t han = (b.range(0xE5, 0xE9) | e3 | e4) & valid;
        uint64_t* const out = masks.word[w];
        uint64_t full[SCAN_TABLE_KINDS - SCAN_KINDS] = {};
        out[SCAN_NEWLINE] = newline;
        out[SCAN_GAP] = gap;
        out[SCAN_HAN] = han;
        for (int k = SCAN_OPEN; k <= SCAN_MARK; ++k) out[k] = 0;
        out[SCAN_DIGIT] = digit;
        out[SCAN_LETTER] = letter;
        out[SCAN_SIGN] = ascii & ~(newline | gap | digit | letter | control);
        out[SCAN_RARE] = control & ~(newline | tab);
        out[SCAN_CHANGES] = 0;
        for (uint64_t rest = b.range(0xC0, 0xFF) & valid & ~han; rest; rest &= rest - 1) {
            const uint8_t kind = scan_kind_at(p + __builtin_ctzll(rest), kinds);
            const uint64_t bit = rest & (~rest + 1);
            if (kind < SCAN_KINDS)
                out[kind] |= bit;
            else
                full[kind - SCAN_KINDS] |= bit;
        }
        add_changes(out, full);
    }
    for (int k = 0; k < SCAN_KINDS; ++k) masks.word[words][k] = 0;
}
