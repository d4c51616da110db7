// What lines are rewritten by, byte by byte; included by the CPU paths that cannot compress bytes.

static size_t squeeze(const uint8_t* data, size_t size, uint8_t* out) {
    uint8_t* to = out;
    for (size_t i = 0; i < size; ++i) {
        *to = data[i];
        to += data[i] != ' ';
    }
    return size_t(to - out);
}

static size_t narrow(uint8_t* text, size_t size) {
    const uint8_t* const kinds = scan_kinds();
    uint8_t* to = text;
    for (size_t i = 0; i < size; ++to) {
        const uint8_t kind = text[i] == 0xEF ? scan_kind_at(text + i, kinds) : uint8_t(SCAN_RARE);
        if (kind == SCAN_FULL_DIGIT || kind == SCAN_FULL_LETTER) {
            *to = uint8_t(width_target(han_at(text + i)));
            i += 3;
        } else {
            *to = text[i++];
        }
    }
    return size_t(to - text);
}
