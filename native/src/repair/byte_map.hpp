// From positions in code units back to the bytes that they came from, for edits that are told in bytes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "repair/edits.hpp"
#include "text/units.hpp"

namespace hanflow {

// Positions are asked in their order, so that only the units behind the last one are kept.
class ByteMap {
public:
    void start(Reading reading) {
        reading_ = reading;
        units_.clear();
        first_ = unit_ = byte_ = 0;
    }
    // The next units of the text.
    void add(const CodeUnit* units, size_t count) { units_.append(units, count); }
    // The byte where unit `position` starts; no position before the last one asked for.
    size_t byte_at(size_t position) {
        for (; unit_ < position; ++unit_) byte_ += utf8_bytes_at(units_.data(), unit_ - first_, units_.size(), reading_);
        return byte_;
    }
    // The last position asked for.
    size_t position() const { return unit_; }
    // Gives back what is kept of the units before the last position but one: whether it was half of a pair may yet be asked.
    void trim() {
        constexpr size_t WORTH = size_t(1) << 16;
        if (unit_ - first_ < WORTH) return;
        const size_t count = unit_ - first_ - 1;
        units_.drop_front(count);
        first_ += count;
    }

    // Appends edits in code units, in their order, as edits in bytes. No repair writes a substitute.
    void translate(const EditList& list, std::vector<Edit>& edits, std::string& texts) {
        Substitutes none;
        std::vector<uint8_t> text;
        for (Edit edit : list.edits) {
            const CodeUnit* const units = list.texts.data() + edit.text;
            text.resize(utf8_room(edit.text_size));
            const size_t size = units_to_utf8(units, edit.text_size, reading_, text.data(), none);
            edit.begin = byte_at(edit.begin);
            edit.end = byte_at(edit.end);
            edit.text = uint32_t(texts.size());
            edit.text_size = uint32_t(size);
            texts.append(reinterpret_cast<const char*>(text.data()), size);
            edits.push_back(edit);
        }
        trim();
    }

private:
    Reading reading_ = Reading::well_formed;
    Buffer units_;
    size_t first_ = 0;  // position of units_[0]
    size_t unit_ = 0, byte_ = 0;
};

}  // namespace hanflow
