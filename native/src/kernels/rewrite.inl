// What lines are rewritten by, byte by byte; included by the CPU paths that cannot compress bytes.

static size_t squeeze(const uint8_t* data, size_t size, uint8_t* out) {
    uint8_t* to = out;
    for (size_t i = 0; i < size; ++i) {
        *to = data[i];
        to += data[i] != ' ';
    }
    return size_t(to - out);
}

static size_t narrow(const uint8_t* data, size_t size, uint8_t* out) {
    uint8_t* to = out;
    for (size_t i = 0; i < size; ++i) {
        *to = data[i];
        if (data[i] == 0xEF && i + 2 < size) {
            const uint8_t ascii = ascii_alnum(data + i);
            *to = ascii ? ascii : 0xEF;
            i += ascii ? 2 : 0;
        }
        ++to;
    }
    return size_t(to - out);
}
