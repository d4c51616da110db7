// Names, roles and credits: what a byline consists of.
#pragma once

#include <cstdint>
#include <vector>

#include "text/chars.hpp"

namespace hanflow {

// A word: text[begin, begin + length) of a pool of characters.
struct Word {
    uint32_t begin;
    uint32_t length;
};

// The words between gaps of a stretch of a line, radicals read as ideographs.
struct Words {
    std::vector<uint32_t> pool;
    std::vector<Word> list;

    // Reads chars [begin, end), behind what stands there with `more`; false when one of the words holds more than Han.
    bool read(const Chars& chars, int begin, int end, bool more = false);
    const uint32_t* text(size_t i) const { return pool.data() + list[i].begin; }
    uint32_t length(size_t i) const { return list[i].length; }
    size_t size() const { return list.size(); }
    bool all_single() const;
};

// A name or role: words [first, behind) of Words; two words are one padded name.
struct Entry {
    uint32_t first, behind;
};

bool is_role(const uint32_t* text, uint32_t length);    // 本报记者, 通讯员, 综合报道 ...
bool is_credit_word(const uint32_t* text, uint32_t length);  // 摄, 文, 图 ...: what the last name of a credit did
// Whether a name, a role or a padded one may begin with the character.
bool may_begin_entry(uint32_t cp);
// Two to four characters that begin with a surname; four only with a compound one.
bool is_name(const uint32_t* text, uint32_t length, bool common);
bool is_compound_name(const uint32_t* text, uint32_t length);
// Where a report comes from, behind the names: 发自海州
bool is_origin(const uint32_t* text, uint32_t length);
// The names and roles that the words are; false where something is neither.
bool find_entries(const Words& words, std::vector<Entry>& entries);

// Scratch of the functions below.
struct Bylines {
    Words words;
    std::vector<Entry> entries;

    // [begin, end) is nothing but names and roles.
    bool is_names(const Chars& chars, int begin, int end);
    // Two names or roles and more, and nothing else in the line.
    bool is_byline(const Chars& chars);
    // The words read are names and, last, that they made a picture: 林青岚 摄
    bool is_picture_credit();
    // A gap, names, and what they did, at the end of a line behind a sentence: 。 林青岚 摄
    bool is_credit(const Chars& chars);
    // Two names at least with what they did: 林青岚 摄
    bool is_credit_tail(const Chars& chars, int begin, int end, size_t most);
};

}  // namespace hanflow
