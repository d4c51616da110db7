// Vertical titles and bylines, which come one character a line.
//
// Problem. A vertical title comes out of a page as a run of lines of one character, with its subtitle and byline in the same run:
// nothing but the language says where one ends and the next begins. Counted lists (一 / 二 / 三) look the same and must stay.
// Idea. A run is a stretch of lines that hold one unit each (a character, a number, dashes, a whole name) with few blank lines
// between. It counts if it has enough Han that differ and are no numerals. Inside, blank lines part items. Names are sought from the
// end of a title, and from its start behind a role: the best sequence of roles and names by a small score each, a surname's rarity in
// it; a title may not end inside a word. Bylines cut at their padding (find_cut_bylines) and grids (find_grids) are found beside.
// Guaranteed. Runs and grids are settled before unwrap, which sees them as barriers; each line is in one of them at most. Linear in
// the lines, as every search has a constant limit. tests/reference/vertical.py says the same.
// Example. 老 街 新 灯 照 归 人 本 报 记 者 吴 桐 夏 禹, one a line: from the end, 夏禹 and 吴桐 are two characters behind a surname,
// 本报记者 is a role, before it no word is parted. The lines become 老街新灯照归人 and 本报记者 吴桐 夏禹.
#include "decide/vertical.hpp"
#include "decide/confidence.hpp"

#include <algorithm>

#include "lines/byline.hpp"
#include "text/tables/surnames.hpp"
#include "text/units.hpp"

namespace hanflow {
namespace {

constexpr int MAX_BLANKS = 3;  // between two lines of a region
constexpr size_t GRID_ROWS = 64;
constexpr int ROLE_FIRST = 20;    // a role says that names follow: it is worth more than one name more
constexpr int COMMON = 4, RARE = 1;  // a name, by its surname,
constexpr int COMPOUND = 5;          // ... which is hardly chance if it has two characters
constexpr size_t MAX_NAMES = 32;  // of one byline
constexpr uint32_t HALF_LEAST = 4, HALF_MOST = 10;  // characters of half a title
constexpr uint32_t TITLE = 4;      // characters at least that are a title and no name
constexpr int WHOLE_WORD = 5;      // a title that begins with a word: nearly as good as one name more
constexpr uint32_t NAMES = 24;    // characters of a byline that no blank line parts

// One-character lines of these are an enumeration, not a title.
bool is_counter(uint32_t cp) {
    switch (cp) {
        case U'一': case U'二': case U'三': case U'四': case U'五': case U'六': case U'七': case U'八':
        case U'九': case U'十': case U'百': case U'千': case U'零': case U'〇': case U'○': case U'甲':
        case U'乙': case U'丙': case U'丁': case U'戊': case U'己': case U'庚': case U'辛': case U'壬':
        case U'癸': case U'子': case U'丑': case U'寅': case U'卯': case U'辰': case U'巳': case U'午':
        case U'未': case U'申': case U'酉': case U'戌': case U'亥': case U'日':
            return true;
        default: return false;
    }
}

// The last character of a role says that names follow: 记者, 通讯员, 实习生.
bool opens(uint32_t last) { return last == U'者' || last == U'员' || last == U'員' || last == U'生'; }

bool mostly_counters(const std::vector<uint32_t>& letters) {
    size_t counters = 0;
    for (uint32_t cp : letters) counters += is_counter(cp);
    return counters * 5 > letters.size() * 3;
}

// Whether a line may begin with a name or role: told by its first character, if that is Han.
bool may_begin_byline(const Page& page, const Line& line) {
    return page.class_at(line.s) != HAN || may_begin_entry(plain(page.data[line.s]));
}

// The characters of a row of two to four one-character cells.
bool cells_of(Page& page, const Line& line, std::vector<uint32_t>& row) {
    row.clear();
    if (line.literal || line.is_piece() || !line.row) return false;
    page.open(line, "vertical: a row of a grid");
    const Chars& t = page.chars;
    for (int i = t.s; i < t.e; ++i)
        if (!t.is(i, class_bit(GAP) | class_bit(DROP))) row.push_back(t.cp[i]);
    return true;
}

}  // namespace

void Vertical::find(Page& page, std::vector<Joint>& joints, std::vector<uint8_t>& ruled) {
    half_ends.clear();
    const uint8_t least = page.options.min_confidence;
    if (least <= confidence::GRID) find_grids(page);
    const uint32_t n = uint32_t(page.texts.size());
    const auto is_unit = [&](uint32_t i) {
        return page.units[i].kind != UnitKind::none && !page.text(i).is_settled();
    };
    for (uint32_t i = 0; i < n;) {
        if (!is_unit(i)) {
            ++i;
            continue;
        }
        uint32_t j = i + 1;
        while (j < n && is_unit(j) && page.text(j).blanks <= MAX_BLANKS) ++j;
        // The first line may be the end of a horizontal byline that was cut at its padding: 记者 刘 佳 陈 / 立 / 渡 / 口 / ...
        if (least <= confidence::NAMES && i && page.text(i).remainder && page.text(i).blanks <= MAX_BLANKS && !is_unit(i - 1) &&
            opens_cut(page, i - 1) && read_cut(page, i, true) && is_cut_byline(page, i - 1)) {
            join_cut(page, i - 1, joints, ruled);
            ++i;
        }
        cut_regions(page, i, j, joints, ruled);
        i = j;
    }
    if (least <= confidence::NAMES)
        find_cut_bylines(page, joints, ruled);
    else
        std::replace(joints.begin(), joints.end(), Joint::space, Joint::nothing);
}

// Reads the words of a line that may be one of a cut byline; more: behind those of the lines before.
bool Vertical::read_cut(Page& page, uint32_t i, bool more) {
    constexpr int CUT_HAN = 24;  // a line, at most
    const Line& line = page.text(i);
    Words& words = bylines_.words;
    if (line.is_settled() || line.marks || line.letters || line.cjks > CUT_HAN || line.last_class != HAN) return false;
    if (!more && !line.gaps && !line.remainder) return false;  // its one word is longer than a character
    if (!more && !may_begin_byline(page, line)) return false;
    page.open(line, "vertical: a byline that was cut");
    const size_t before = more ? words.size() : 0;
    if (!words.read(page.chars, page.chars.s, page.chars.e, more) || words.size() == before) return false;
    if (!more) line_ends_.clear();
    line_ends_.push_back(uint32_t(words.size()));
    return true;
}

// A line whose last word is one character, and which is no byline by itself.
bool Vertical::opens_cut(Page& page, uint32_t i) {
    Words& words = bylines_.words;
    return read_cut(page, i, false) && words.length(words.size() - 1) == 1 && !find_entries(words, bylines_.entries);
}

// The lines read are a byline: two names or roles, a role among them or common surnames only. Lines of one character each among others of
// that kind are none, but a vertical run, or an enumeration.
bool Vertical::is_cut_byline(const Page& page, uint32_t i) {
    const Words& words = bylines_.words;
    if (!find_entries(words, bylines_.entries) || bylines_.entries.size() < 2) return false;
    const size_t behind = i + line_ends_.size();
    if (words.size() == line_ends_.size() && ((i && page.text(i - 1).remainder) || (behind < page.texts.size() && page.text(behind).remainder)))
        return false;
    bool role = false, common = true;
    for (const Entry& e : bylines_.entries) {
        const uint32_t length = e.behind - e.first == 2 ? 2 : words.length(e.first);
        role = role || is_role(words.text(e.first), length);
        common = common && is_name(words.text(e.first), length, true);
    }
    letters_ = words.pool;
    return (role || common) && differ();
}

// Puts the lines from i on that were read together. Each line end is a gap.
void Vertical::join_cut(Page& page, uint32_t i, std::vector<Joint>& joints, std::vector<uint8_t>& ruled) {
    const std::vector<Entry>& entries = bylines_.entries;
    const auto parted = [&](uint32_t word) {  // names part before this word
        return std::any_of(entries.begin(), entries.end(), [&](const Entry& e) { return e.behind == word; });
    };
    uint32_t word = 0;
    for (size_t k = 0; k < line_ends_.size(); ++k) {
        Line& line = page.text(i + k);
        line.vertical = line.cut_byline = true;
        const uint32_t begin = word;
        for (++word; word < line_ends_[k]; ++word)
            if (parted(word)) line.name_gaps |= uint32_t(1) << (word - begin - 1);
        if (k + 1 == line_ends_.size()) break;
        joints[i + k] = parted(word) ? Joint::space : Joint::nothing;
        ruled[i + k] = 1;
    }
}

// Bylines that the extractor cut at the padding inside names: 记者 吴 / 桐 通讯员 夏 / 禹.
void Vertical::find_cut_bylines(Page& page, std::vector<Joint>& joints, std::vector<uint8_t>& ruled) {
    constexpr uint32_t CUT_LINES = 6;  // at most
    const uint32_t n = uint32_t(page.texts.size());
    for (uint32_t i = 0; i + 1 < n; ++i) {
        if (!opens_cut(page, i)) continue;
        for (uint32_t j = i + 1; j < std::min(n, i + CUT_LINES) && page.text(j).blanks <= MAX_BLANKS && read_cut(page, j, true); ++j) {
            if (!is_cut_byline(page, i)) {
                if (bylines_.entries.empty()) break;  // nor will it be one with more words behind
                continue;
            }
            join_cut(page, i, joints, ruled);
            i = j;
            break;
        }
    }
}

// Rows of the same number of one-character cells, more rows than columns: as many as follow each other, or none.
void Vertical::find_grids(Page& page) {
    grids.clear();
    const uint32_t n = uint32_t(page.texts.size());
    std::vector<uint32_t> row;
    for (uint32_t i = 0; i < n;) {
        uint32_t j = i + 1;
        if (cells_of(page, page.text(i), row)) {
            rows_.assign(1, row);
            while (j < n && page.text(j).blanks <= 1 && cells_of(page, page.text(j), row) && row.size() == rows_[0].size()) {
                rows_.push_back(row);
                ++j;
            }
            const size_t columns = rows_[0].size();
            bool grid = columns < rows_.size() && rows_.size() <= GRID_ROWS && rows_.size() >= 3;
            if (grid) {
                letters_.clear();
                for (const auto& cells : rows_) letters_.insert(letters_.end(), cells.begin(), cells.end());
                grid = !mostly_counters(letters_);
                grid = grid && differ();
            }
            if (grid) {
                Grid found{i, j - 1, {}};
                for (size_t k = columns; k-- > 0;)
                    for (const auto& cells : rows_) append_units(found.text, cells[k]);
                grids.push_back(found);
                for (uint32_t k = i; k < j; ++k) page.text(k).vertical = true;
            }
        }
        i = j;
    }
}

// Cuts a stretch of unit and name lines to what is vertical: names only next to one-character lines.
void Vertical::cut_regions(Page& page, uint32_t begin, uint32_t end, std::vector<Joint>& joints,
                           std::vector<uint8_t>& ruled) {
    const auto fits = [&](uint32_t i) {
        return page.units[i].kind != UnitKind::name || is_byline_name(page, begin, end, i);
    };
    for (uint32_t i = begin; i < end;) {
        if (!fits(i)) {
            ++i;
            continue;
        }
        uint32_t j = i;
        while (j < end && fits(j)) ++j;
        if (is_vertical(page, i, j)) {
            for (uint32_t k = i; k < j; ++k) {
                page.text(k).vertical = true;
                if (k + 1 < j) ruled[k] = 1;
            }
            separate(page, i, j, joints);
        }
        i = j;
    }
}

// A whole name or role on one line belongs to a byline whose padded names stand one character a line.
bool Vertical::is_byline_name(const Page& page, uint32_t begin, uint32_t end, uint32_t i) const {
    const Unit& unit = page.units[i];
    if (!is_role(unit.text, unit.length) && !is_name(unit.text, unit.length, false)) return false;
    int singles = 0;
    for (uint32_t k = i >= begin + 2 ? i - 2 : begin; k < std::min(end, i + 3); ++k)
        singles += k != i && page.units[k].kind == UnitKind::chr;
    return singles >= 2;
}

// Few of the letters come again, as they would in a list of answers.
bool Vertical::differ() {
    size_t slots = 16, different = 0;
    while (slots < 2 * letters_.size()) slots *= 2;
    slots_.assign(slots, 0);
    for (const uint32_t cp : letters_) {
        size_t at = (cp * 0x9E3779B1u >> 12) & (slots - 1);
        while (slots_[at] && slots_[at] != cp) at = (at + 1) & (slots - 1);
        different += !slots_[at];
        slots_[at] = cp;
    }
    return different * 2 > letters_.size();
}

bool Vertical::is_vertical(const Page& page, uint32_t begin, uint32_t end) {
    size_t chars = 0, numbers = 0;
    letters_.clear();
    for (uint32_t k = begin; k < end; ++k) {
        const Unit& unit = page.units[k];
        // Digits and letters may come one a line too: what follows each other is one number.
        numbers += unit.kind == UnitKind::number && (k == begin || page.units[k - 1].kind != UnitKind::number);
        if (unit.kind != UnitKind::chr) continue;
        ++chars;
        if (in(char_class(unit.text[0]), HAN_KANA)) letters_.push_back(unit.text[0]);
    }
    if (chars < 3 || letters_.size() < 2 || chars < numbers * 2 || mostly_counters(letters_)) return false;
    return letters_.size() < 4 || differ();
}

// How consecutive units go together. joints are indexed like page.texts.
void Vertical::separate(const Page& page, uint32_t begin, uint32_t end, std::vector<Joint>& joints) {
    const auto& units = page.units;
    items_.clear();
    for (uint32_t a = begin; a < end;) {
        uint32_t b = a + 1;
        while (b < end && !page.text(b).blanks) ++b;
        if (a == begin) solid_ = b == end && page.options.min_confidence <= confidence::HALVES;
        bool names = false, dashes = true;
        for (uint32_t k = a; k < b; ++k) {
            names = names || units[k].kind == UnitKind::name;
            dashes = dashes && units[k].kind == UnitKind::dash;
        }
        const auto kind_of = [&](uint32_t k) {
            switch (units[k].kind) {
                case UnitKind::chr: return Kind::single;
                case UnitKind::number: return Kind::number;
                case UnitKind::dash: return Kind::dash;
                default: return Kind::name;
            }
        };
        if (names)
            for (uint32_t k = a; k < b; ++k) items_.push_back(Item{k, k + 1, kind_of(k)});
        else if (dashes)
            items_.push_back(Item{a, b, Kind::dash});
        else if (b - a == 1)
            items_.push_back(Item{a, b, units[a].kind == UnitKind::chr ? Kind::single : Kind::number});
        else
            items_.push_back(Item{a, b, Kind::word});
        a = b;
    }
    const auto glue = [&](uint32_t a, uint32_t b) {
        for (uint32_t k = a; k + 1 < b; ++k) joints[k] = Joint::nothing;
    };
    for (size_t i = 0; i < items_.size();) {
        size_t next = 0;
        if (byline(page, i, 0, next)) {
            for (const Span& name : names_) {
                glue(name.first, name.behind);
                if (name.behind < names_.back().behind) joints[name.behind - 1] = Joint::space;
            }
            i = next;
            continue;
        }
        const Item item = items_[i];
        const bool more = i + 1 < items_.size();
        if (more && char_class(units[item.behind - 1].last) == OPEN)  // a quotation goes on behind the blank line
            joints[item.behind - 1] = Joint::nothing;
        switch (item.kind) {
            case Kind::dash:
                glue(item.first, item.behind);
                if (more && items_[i + 1].kind != Kind::dash) joints[item.behind - 1] = Joint::nothing;
                ++i;
                break;
            case Kind::single:
            case Kind::number: {  // a run whose every line is followed by a blank one
                size_t j = i;
                while (j < items_.size() && (items_[j].kind == Kind::single || items_[j].kind == Kind::number)) ++j;
                glue(item.first, items_[j - 1].behind);
                i = j;
                break;
            }
            case Kind::name: ++i; break;
            case Kind::word:
                part_word(page, item.first, item.behind, joints);
                if (const uint32_t role = more && byline(page, i + 1, 1, next) ? opens_byline(page, item.first, item.behind) : 0) {
                    joints[item.behind - role - 1] = Joint::line_end;
                    joints[item.behind - 1] = Joint::space;
                } else if (padded_over_blank(page, i)) {  // 记唐 / 果 / 贺兰山: the surname stands at the end of the title's group
                    joints[item.behind - 2] = Joint::line_end;
                    joints[item.behind - 1] = Joint::nothing;
                    joints[items_[i + 1].behind - 1] = Joint::space;
                    ++i;
                } else if (more && items_[i + 1].kind == Kind::word && parts_word(page, item, items_[i + 1], joints)) {
                    joints[item.behind - 1] = Joint::nothing;
                }
                ++i;
                break;
        }
    }
}

// The characters of units [a, b); more than Unit::KEPT of one unit are no name anyway and count as none.
void Vertical::spell(const Page& page, uint32_t a, uint32_t b) {
    word_.clear();
    for (uint32_t k = a; k < b && word_.size() <= NAMES; ++k) {
        const Unit& unit = page.units[k];
        for (int i = 0; i < unit.length; ++i) word_.push_back(i < Unit::KEPT ? unit.text[i] : 0);
    }
}

// A title whose columns blank lines part goes on where a word would be parted; not behind names.
bool Vertical::parts_word(const Page& page, const Item& a, const Item& b, const std::vector<Joint>& joints) const {
    if (a.behind - a.first < TITLE) return false;  // perhaps a name itself
    for (uint32_t k = a.first; k + 1 < a.behind; ++k)
        if (joints[k] != Joint::nothing) return false;
    return in_word(page.units[a.behind - 1].last, page.units[b.first].text[0]);
}

// How many units at the end of a group are a role that opens a byline behind the blank line; 0: none.
uint32_t Vertical::opens_byline(const Page& page, uint32_t a, uint32_t b) {
    for (uint32_t length = 5; length > 1; --length) {
        if (b - a < length + 4) continue;
        bool chars = true;
        for (uint32_t k = b - length; k < b; ++k) chars = chars && page.units[k].kind == UnitKind::chr;
        spell(page, b - length, b);
        if (chars && is_role(word_.data(), uint32_t(word_.size()))) return length;
    }
    return 0;
}

// The last character of a group is the surname of a padded name whose other character and further names follow.
bool Vertical::padded_over_blank(const Page& page, size_t i) {
    const Item& item = items_[i];
    if (item.behind - item.first < 5 || i + 2 >= items_.size() || items_[i + 1].kind != Kind::single) return false;
    const Unit& last = page.units[item.behind - 1];
    size_t next = 0;
    return last.kind == UnitKind::chr && is_common_surname(last.text[0]) && byline(page, i + 2, 1, next);
}

// Characters that follow each other without a blank line are padded names only if all of them are: 山村小学 is a title, though 山
// is a surname.
bool Vertical::are_pairs(const Page& page, size_t i) const {
    size_t end = i + 1;
    while (end < items_.size() && items_[end].kind == Kind::single && !page.text(items_[end].first).blanks) ++end;
    if (end - i <= 2) return true;
    for (size_t k = i; k < end; k += 2)
        if (!is_surname(page.units[items_[k].first].text[0])) return false;
    return (end - i) % 2 == 0;
}

// A sequence of padded names, whole names and roles from item i on, into names_. roles: how many stand before it.
bool Vertical::byline(const Page& page, size_t i, size_t roles, size_t& next) {
    names_.clear();
    size_t pairs = 0, words = 0, j = i;
    bool common = true;
    while (j < items_.size() && names_.size() < MAX_NAMES) {
        const Item& item = items_[j];
        spell(page, item.first, item.behind);
        const bool whole = item.kind == Kind::word || item.kind == Kind::name;
        const uint32_t length = uint32_t(word_.size());
        if (item.kind == Kind::single && j + 1 < items_.size() && items_[j + 1].kind == Kind::single &&
            is_surname(word_[0]) && are_pairs(page, j)) {
            names_.push_back(Span{item.first, items_[j + 1].behind});
            ++pairs;
            j += 2;
        } else if (whole && is_role(word_.data(), length)) {
            names_.push_back(Span{item.first, item.behind});
            ++roles;
            common = false;
            ++j;
        } else if (whole && is_name(word_.data(), length, false)) {
            names_.push_back(Span{item.first, item.behind});
            ++words;
            common = common && is_name(word_.data(), length, true);
            ++j;
        } else {
            break;
        }
    }
    next = j;
    if (pairs && pairs + words + roles >= 2) return true;
    if (roles && words) return true;
    if (pairs == 1 && i + 2 >= items_.size()) return true;
    return words >= 2 && common;
}

// One group without blank lines: perhaps a title, a subtitle that a dash opens, and names.
void Vertical::part_word(const Page& page, uint32_t a, uint32_t b, std::vector<Joint>& joints) {
    const auto& units = page.units;
    for (uint32_t k = a; k + 1 < b; ++k) joints[k] = Joint::nothing;
    uint32_t start = names_at_start(page, a, b, joints);
    for (uint32_t k = start; k < b;) {
        if (units[k].kind == UnitKind::dash && k > start && units[k - 1].kind != UnitKind::dash) {
            names_at_end(page, start, k, joints);
            joints[k - 1] = Joint::line_end;
            start = k;
            while (k < b && units[k].kind == UnitKind::dash) ++k;
        } else {
            ++k;
        }
    }
    names_at_end(page, start, b, joints);
}

// Parts names that a role opens from the title behind them and from each other: 本报记者吴桐通讯员夏禹老旧小区加装电梯. Returns
// where the title begins. It may not begin inside a word, and better with one; a name that is a word counts little.
uint32_t Vertical::names_at_start(const Page& page, uint32_t a, uint32_t b, std::vector<Joint>& joints) {
    uint32_t text[NAMES], n = 0;
    for (uint32_t k = a; k < b && n < NAMES; ++k) {
        const Unit& unit = page.units[k];
        if (unit.kind != UnitKind::chr || char_class(unit.text[0]) != HAN) break;
        text[n++] = unit.text[0];
    }
    // The best way to each place: its score, and the last piece on it.
    int score[NAMES + 1], best_score = 0;
    uint32_t piece[NAMES + 1] = {}, best = 0;
    bool role[NAMES + 1] = {};
    std::fill_n(score, n + 1, -1);
    score[0] = 0;
    for (uint32_t i = 0; i <= n; ++i) {
        if (score[i] < 0) continue;
        if (i && !role[i] && b - a - i >= TITLE && !(i < n && in_word(text[i - 1], text[i]))) {
            const int total = score[i] + (i + 1 < n && in_word(text[i], text[i + 1]) ? WHOLE_WORD : 0);
            if (!best || total > best_score) {
                best = i;
                best_score = total;
            }
        }
        for (uint32_t k = 2; k <= std::min(5u, n - i); ++k) {
            const bool is_role = hanflow::is_role(text + i, k);
            int gain;
            if (is_role)
                gain = int(3 * k);
            else if (!i || !is_name(text + i, k, !role[i]))  // only the first one behind a role may be rare
                continue;
            else if (k == 2 && is_word(text + i, k))
                gain = 1;
            else  // most names have three characters, a compound surname is hardly chance
                gain = 2 * int(k > 2 ? k : 1) + int(k) - 2;
            if (score[i] + gain > score[i + k]) {
                score[i + k] = score[i] + gain;
                piece[i + k] = k;
                role[i + k] = is_role;
            }
        }
    }
    if (!best || (b - a == n && score[n] >= 0)) return a;  // no title, or nothing but names
    for (uint32_t i = best; i; i -= piece[i]) joints[a + i - 1] = i == best ? Joint::line_end : Joint::space;
    return a + best;
}

// A title of two halves of one length, from two columns, where no blank lines tell columns apart: no word is parted between
// them, and their words are alike in length, as far as the table tells (江水东流 渔船满载). 著名戏曲音乐家海清源同志逝世
// is one clause.
void Vertical::halves(const Page& page, uint32_t start, uint32_t b, std::vector<Joint>& joints) {
    const uint32_t length = b - start, half = length / 2;
    if (length % 2 || half < HALF_LEAST || half > HALF_MOST) return;
    for (uint32_t k = start; k < b; ++k)
        if (page.units[k].length != 1 || !in(char_class(page.units[k].text[0]), class_bit(HAN) | class_bit(DIGIT))) return;
    const auto text = [&](uint32_t i) { return page.units[start + i].text[0]; };
    if (cut_between(text(half - 1), text(half)) != Cut::none) return;
    uint32_t alike = 0;
    for (uint32_t i = 0; i + 1 < half; ++i)
        alike += in_word(text(i), text(i + 1)) == in_word(text(half + i), text(half + i + 1));
    if (alike * 3 >= (half - 1) * 2) {
        joints[start + half - 1] = Joint::space;
        half_ends.push_back(start + half - 1);
    }
}

// Parts the names at the end of a title or subtitle from it and from each other. Where no role opens them, only common and
// compound surnames count: nothing else parts them from the title.
void Vertical::names_at_end(const Page& page, uint32_t start, uint32_t b, std::vector<Joint>& joints) {
    const auto& units = page.units;
    uint32_t dashes = start, first = b;
    while (dashes < b && units[dashes].kind == UnitKind::dash) ++dashes;
    const auto is_letter = [&](const Unit& unit) {
        return unit.length == 1 && (unit.kind == UnitKind::chr || (unit.kind == UnitKind::number && unit.text[0] == '/'));
    };
    while (first > start && b - first < NAMES && is_letter(units[first - 1])) --first;
    spell(page, first, b);
    const int n = int(b - first);
    // For each place, the best parting of what follows into names and roles, by score.
    struct Parting {
        int score, step, pieces;
        bool role;  // the first piece is one
    } parts[2][NAMES + 1];
    const Parting* best = nullptr;
    int best_at = 0, best_score = 0;
    for (int rare = 0; rare < 2; ++rare) {
        parts[rare][n] = Parting{0, 0, 0, false};
        for (int i = n - 1; i >= 0; --i) {
            Parting& part = parts[rare][i];
            part = Parting{-1, 0, 0, false};
            const uint32_t* text = word_.data() + i;
            for (int k = 1; k <= std::min(5, n - i); ++k) {
                const Parting& rest = parts[rare][i + k];
                if (rest.score < 0) continue;
                const bool role = is_role(text, uint32_t(k));
                int score = 0;
                if (role && i + k == n && opens(text[k - 1])) continue;
                if (role)
                    score = 3 * k;
                else if (rare && i + k == n && is_origin(text, uint32_t(k)))  // 发自海州, behind names that a role opens
                    score = 3 * k;
                else if (is_compound_name(text, uint32_t(k)))
                    score = COMPOUND;
                else if (is_name(text, uint32_t(k), true))
                    score = COMMON;
                else if (rare && is_name(text, uint32_t(k), false))
                    score = RARE;
                else
                    continue;
                if (!role && i + k < n && is_compound_surname(text[k - 1], text[k])) score = 0;  // 边尉|迟骁
                if (score + rest.score > part.score) part = Parting{score + rest.score, k, rest.pieces + 1, role};
            }
        }
    }
    for (int i = 0; i < n; ++i) {
        const int64_t head = int64_t(first) + i - int64_t(dashes);
        for (int rare = 0; rare < 2; ++rare) {
            const Parting& part = parts[rare][i];
            if (part.score < 0 || (rare && !part.role)) continue;
            if (part.pieces < 2 && !is_compound_name(word_.data() + i, uint32_t(n - i))) continue;
            // Names without a role stand alone, or behind a title, which they do not begin inside a word of.
            const uint32_t at = first + uint32_t(i);
            if (!part.role && at != start && (head < int64_t(TITLE) || in_word(page.units[at - 1].last, word_[size_t(i)]))) continue;
            const int score = part.score + (part.role ? ROLE_FIRST : 0);
            if (best && score <= best_score) continue;
            best = parts[rare];
            best_at = i;
            best_score = score;
        }
    }
    uint32_t at = best ? first + uint32_t(best_at) : b;
    if (solid_) halves(page, start, at, joints);
    if (!best) return;
    if (at > start) joints[at - 1] = Joint::line_end;
    for (int i = best_at; i + best[i].step < n; i += best[i].step) {
        at += uint32_t(best[i].step);
        joints[at - 1] = Joint::space;
    }
}

}  // namespace hanflow
