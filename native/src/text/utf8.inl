// Well-formed UTF-8 by table look-ups (Keiser and Lemire, "Validating UTF-8 in less than one instruction per byte"), over a
// vector wrapper. Each byte is judged by its own upper half, both halves of the byte before it, and whether the two before
// that begin a longer sequence. The including file defines Bytes in this namespace, SIZE of them, with
//   explicit Bytes(const uint8_t*);  explicit Bytes(uint8_t): the same everywhere;  operators & | ^
//   static Bytes table(const uint8_t* sixteen);  Bytes at(Bytes i) const: of a table its entries i, each below 16
//   Bytes high() const: the upper halves;  Bytes above(Bytes) const: the difference, at least zero;  bool any() const

// Whether data[begin, end) is well-formed up to a block of 64 bytes that is not; returns where that block begins, or where
// less than a block is left. begin >= 3; data[begin - 3] is read. A sequence that a block's end cuts is judged in the next.
static size_t well_formed(const uint8_t* data, size_t begin, size_t end, bool allow_surrogates) {
    constexpr uint8_t TOO_SHORT = 1, TOO_LONG = 2, OVERLONG_3 = 4, TOO_LARGE = 8, SURROGATE = 16, OVERLONG_2 = 32,
                      TOO_LARGE_1000 = 64, OVERLONG_4 = 64, TWO_CONTINUE = 128;
    constexpr uint8_t ANY = TOO_SHORT | TOO_LONG | TWO_CONTINUE, LARGE = ANY | TOO_LARGE | TOO_LARGE_1000;
    constexpr uint8_t LOW = TOO_LONG | OVERLONG_2 | TWO_CONTINUE;
    static constexpr uint8_t LEAD_HIGH[16] = {
        TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TWO_CONTINUE, TWO_CONTINUE,
        TWO_CONTINUE, TWO_CONTINUE, TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,
        TOO_SHORT | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4};
    static constexpr uint8_t LEAD_LOW[16] = {
        ANY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4, ANY | OVERLONG_2, ANY, ANY, ANY | TOO_LARGE, LARGE, LARGE, LARGE,
        LARGE, LARGE, LARGE, LARGE, LARGE, LARGE | SURROGATE, LARGE, LARGE};
    static constexpr uint8_t NEXT_HIGH[16] = {
        TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
        LOW | OVERLONG_3 | TOO_LARGE_1000 | OVERLONG_4, LOW | OVERLONG_3 | TOO_LARGE, LOW | SURROGATE | TOO_LARGE,
        LOW | SURROGATE | TOO_LARGE, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT};
    const Bytes lead_high = Bytes::table(LEAD_HIGH), lead_low = Bytes::table(LEAD_LOW), next_high = Bytes::table(NEXT_HIGH);
    const Bytes half(uint8_t(0x0F)), top(uint8_t(0x80)), third(uint8_t(0xE0 - 0x80)), fourth(uint8_t(0xF0 - 0x80));
    const Bytes counts(uint8_t(allow_surrogates ? ~SURROGATE : 0xFF));
    size_t at = begin;
    for (; end - at >= 64; at += 64) {
        Bytes wrong(uint8_t(0));
        for (const uint8_t* p = data + at; p < data + at + 64; p += Bytes::SIZE) {
            const Bytes before(p - 1);
            const Bytes found = lead_high.at(before.high()) & lead_low.at(before & half) & next_high.at(Bytes(p).high());
            const Bytes awaited = (Bytes(p - 2).above(third) | Bytes(p - 3).above(fourth)) & top;
            wrong = wrong | (awaited ^ found);
        }
        if ((wrong & counts).any()) break;
    }
    // What begins no sequence is found above with the byte behind it, by utf8.cpp in its own block: judge that one again.
    const bool cut = at > begin && (data[at - 1] == 0xC0 || data[at - 1] == 0xC1 || data[at - 1] > 0xF4);
    return cut ? at - 64 : at;
}
