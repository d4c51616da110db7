// Spaces out of a text, byte by byte without a branch; included by the CPU paths that cannot compress bytes.
static size_t squeeze(const uint8_t* data, size_t size, uint8_t* out) {
    uint8_t* to = out;
    for (size_t i = 0; i < size; ++i) {
        *to = data[i];
        to += data[i] != ' ';
    }
    return size_t(to - out);
}
