#include "lines/byline.hpp"

#include <algorithm>
#include <string>

#include "text/tables/surnames.hpp"

namespace hanflow {
namespace {

// What stands before, between and behind the names of a byline.
constexpr const char32_t* ROLES[] = {
    U"专题报道", U"文/图", U"文/摄", U"图/文", U"記者", U"專題報導", U"專題報道", U"文/圖", U"文/攝", U"圖/文",
    U"记者", U"本报记者", U"本刊记者", U"本网记者", U"首席记者", U"特约记者", U"见习记者", U"实习记者", U"通讯员",
    U"本报通讯员", U"特约通讯员", U"实习生", U"摄影", U"摄影报道", U"图文", U"综合报道", U"报道", U"整理", U"撰文",
    U"供图", U"编辑", U"责编", U"作者", U"本報記者", U"本刊記者", U"首席記者", U"特約記者", U"見習記者", U"實習記者",
    U"通訊員", U"本報通訊員", U"特約通訊員", U"實習生", U"攝影", U"圖文", U"綜合報導", U"綜合報道", U"報導", U"報道",
    U"供圖", U"編輯", U"責編", U"连线报道", U"联合报道", U"連線報導", U"連線報道", U"聯合報導", U"聯合報道",
};
constexpr const char32_t* CREDITS[] = {
    U"摄", U"文", U"图", U"攝", U"圖", U"绘", U"繪", U"摄影", U"攝影", U"供图", U"供圖", U"制图", U"製圖",
};

template <size_t N>
bool is_one_of(const char32_t* const (&words)[N], const uint32_t* text, uint32_t length) {
    for (const char32_t* word : words) {
        if (uint32_t(word[0]) != text[0]) continue;
        uint32_t i = 0;
        while (i < length && word[i] && uint32_t(word[i]) == text[i]) ++i;
        if (i == length && !word[i]) return true;
    }
    return false;
}

constexpr uint32_t ROLE_LENGTH = 5, CREDIT_LENGTH = 2;

// A bit for what a role begins with, by the character's last ten bits: few words get further.
struct RoleStarts {
    uint64_t bits[16] = {};
    constexpr RoleStarts() {
        for (const char32_t* role : ROLES) bits[role[0] / 64 % 16] |= uint64_t(1) << (role[0] % 64);
    }
};

bool may_begin_role(uint32_t cp) {
    static constexpr RoleStarts starts;
    return starts.bits[cp / 64 % 16] >> (cp % 64) & 1;
}

}  // namespace

bool is_role(const uint32_t* text, uint32_t length) {
    return length >= 2 && length <= ROLE_LENGTH && may_begin_role(text[0]) && is_one_of(ROLES, text, length);
}

bool may_begin_entry(uint32_t cp) { return is_surname(cp) || begins_compound_surname(cp) || may_begin_role(cp); }

bool is_credit_word(const uint32_t* text, uint32_t length) {
    return length >= 1 && length <= CREDIT_LENGTH && is_one_of(CREDITS, text, length);
}

bool is_origin(const uint32_t* text, uint32_t length) {
    return (length == 4 || length == 5) && is_one_of(U"发發", text[0]) && text[1] == U'自';
}

bool is_compound_name(const uint32_t* text, uint32_t length) {
    return (length == 3 || length == 4) && is_compound_surname(text[0], text[1]);
}

bool is_name(const uint32_t* text, uint32_t length, bool common) {
    if (is_compound_name(text, length)) return true;
    if (length != 2 && length != 3) return false;
    return common ? is_common_surname(text[0]) : is_surname(text[0]);
}

bool Words::read(const Chars& chars, int begin, int end, bool more) {
    if (!more) {
        pool.clear();
        list.clear();
    }
    bool open = false;
    for (int i = begin; i < end; ++i) {
        const uint8_t c = chars.cls[i];
        if (c == GAP) {
            open = false;
        } else if (c == HAN) {
            if (!open) list.push_back(Word{uint32_t(pool.size()), 0});
            open = true;
            pool.push_back(plain(chars.cp[i]));
            ++list.back().length;
        } else if (chars.cp[i] == '/' && open) {  // 文/图
            pool.push_back('/');
            ++list.back().length;
        } else if (!in(c, ATTACHED)) {
            return false;
        }
    }
    return true;
}

bool Words::all_single() const {
    return std::all_of(list.begin(), list.end(), [](const Word& word) { return word.length == 1; });
}

bool find_entries(const Words& words, std::vector<Entry>& entries) {
    entries.clear();
    const size_t n = words.size();
    const bool credits = n && is_credit_word(words.text(n - 1), words.length(n - 1));
    for (size_t k = 0; k < n;) {
        // Words follow each other in the pool, so two single characters stand side by side.
        const bool two = k + 1 < n && words.length(k) == 1 && words.length(k + 1) == 1;
        if (two && (is_name(words.text(k), 2, false) || is_role(words.text(k), 2))) {
            entries.push_back(Entry{uint32_t(k), uint32_t(k + 2)});
            k += 2;
        } else if (is_role(words.text(k), words.length(k)) || is_name(words.text(k), words.length(k), false) ||
                   (k && credits && is_credit_word(words.text(k), words.length(k))) ||
                   (k && k == n - 1 && is_origin(words.text(k), words.length(k)))) {
            entries.push_back(Entry{uint32_t(k), uint32_t(k + 1)});
            ++k;
        } else {
            return false;
        }
    }
    return true;
}

bool Bylines::is_names(const Chars& chars, int begin, int end) {
    return words.read(chars, begin, end) && words.size() && words.size() <= 12 && find_entries(words, entries);
}

bool Bylines::is_picture_credit() {
    if (words.size() < 2 || !find_entries(words, entries)) return false;
    const size_t last = words.size() - 1;
    return is_credit_word(words.text(last), words.length(last)) && !(words.length(last) == 1 && words.text(last)[0] == U'文');
}

bool Bylines::is_byline(const Chars& chars) {
    if (chars.gaps.empty() || chars.e - chars.s > 60) return false;
    if (!words.read(chars, chars.s, chars.e) || !words.size() || !find_entries(words, entries) || entries.size() < 2)
        return false;
    const bool padded_or_role = std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) {
        return entry.behind - entry.first == 2 || is_role(words.text(entry.first), words.length(entry.first));
    });
    int widest = 0;
    for (const Gap& gap : chars.gaps) widest = std::max(widest, gap.room);
    if (!padded_or_role && widest >= 6) return false;  // a table row: 周一    周二
    if (!words.all_single()) return true;
    // A letter-spaced line unless every name is a common one.
    if (words.size() != 4 && words.size() != 6) return false;
    return std::all_of(entries.begin(), entries.end(), [&](const Entry& entry) {
        return entry.behind - entry.first == 2 && is_name(words.text(entry.first), 2, true);
    });
}

bool Bylines::is_credit_tail(const Chars& chars, int begin, int end, size_t most) {
    if (!words.read(chars, begin, end)) return false;
    const size_t n = words.size();
    return n >= 2 && n <= most && is_credit_word(words.text(n - 1), words.length(n - 1)) && find_entries(words, entries);
}

bool Bylines::is_credit(const Chars& chars) {
    for (const Gap& gap : chars.gaps)
        if (chars.is(gap.left, class_bit(STOP) | class_bit(CLOSE)) && is_credit_tail(chars, gap.end, chars.e, 6)) return true;
    return !chars.gaps.empty() && chars.e - chars.s <= 24 && is_credit_tail(chars, chars.s, chars.e, 24);
}

}  // namespace hanflow
