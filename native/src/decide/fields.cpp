// Gaps that a writer sets: behind section numbers, before page numbers, in date lines, at check boxes, between an office and a name,
// between names behind a label (contract, "Gaps"). And the padding inside such labels, offices and names.
#include <algorithm>

#include "lines/features.hpp"
#include "decide/spacing.hpp"

namespace hanflow {
namespace {

constexpr char32_t BOXES[] = U"□☐☑☒√✓✔";
constexpr char32_t NUMERALS[] = U"一二三四五六七八九十百〇零";
constexpr char32_t CHAPTERS[] = U"章节節条條款编編篇卷回课課讲講";
// What a number counts; a number before something else that opens a line may be that of a section.
constexpr char32_t UNITS[] =
    U"年月日时時分秒点點号號个個名人元万萬亿億千百十岁歲条條次位家项項旬余餘多几幾来來大强強只隻头頭口座棵株米克斤吨噸块塊角天周週届屆回遍场場种種类類批组組队隊支把张張"
    U"本册冊页頁行段篇章节節部件台臺辆輛艘架间間栋棟层層楼樓户戶村镇鎮县縣市省国國区區度倍成级級班所处處起例双雙对對套片颗顆瓶杯碗盘盤亩畝里寸尺丈两兩世代期路车車比至到";
constexpr const char32_t* MEASURES[] = {
    U"小时", U"小時", U"公里", U"公斤", U"公顷", U"公頃", U"平方", U"立方", U"英里", U"厘米", U"毫米", U"海里", U"平米",
};
constexpr char32_t KEY_ENDS[] = U"间間期号號话話址码碼";  // of 时间, 日期, 编号, 电话, 地址, 号码
constexpr char32_t WEEKDAYS[] = U"一二三四五六日天";
constexpr const char32_t* OFFICES[] = {
    U"审判长", U"審判長", U"审判员", U"審判員", U"书记员", U"書記員", U"书记官", U"書記官", U"法官", U"陪审员", U"人民陪审员", U"代理审判员", U"助理审判员", U"法官助理",
    U"院长", U"院長", U"庭长", U"庭長", U"检察长", U"检察员", U"检察官", U"檢察官", U"律师", U"律師", U"公证员", U"公證員", U"调解员", U"仲裁员", U"主编",
    U"主編", U"副主编", U"总编", U"總編", U"总编辑", U"總編輯", U"副总编辑", U"责任编辑", U"責任編輯", U"校对", U"校對", U"编审", U"主任", U"副主任", U"主席",
    U"副主席", U"组长", U"組長", U"副组长", U"会长", U"會長", U"副会长", U"秘书长", U"祕書長", U"理事长", U"理事長", U"董事长", U"董事長", U"经理", U"經理",
    U"总经理", U"總經理", U"校长", U"校長", U"局长", U"局長", U"厅长", U"处长", U"處長", U"科长", U"科長", U"站长", U"站長", U"镇长", U"鎮長", U"县长",
    U"縣長", U"市长", U"市長", U"省长", U"部长", U"部長", U"书记", U"書記", U"副书记", U"委员", U"委員", U"代表", U"导演", U"導演", U"编剧", U"編劇",
    U"指挥", U"指揮", U"翻译", U"翻譯", U"负责人", U"负責人", U"联系人", U"聯絡人", U"法定代表人", U"代理人", U"原告", U"被告", U"记录", U"記錄", U"主持人",
    U"教授", U"医师", U"醫師", U"队长", U"隊長", U"教练", U"教練", U"裁判", U"裁判长",
};
constexpr uint32_t LONGEST_OFFICE = 5;
constexpr int MOST_HAN = 16;  // of a line that is an office and a name

uint32_t at(const Chars& t, int i) { return plain(t.cp[i]); }

bool is_office(const uint32_t* text, uint32_t length) {
    if (length < 2 || length > LONGEST_OFFICE) return false;
    for (const char32_t* office : OFFICES) {
        uint32_t i = 0;
        while (i < length && office[i] && uint32_t(office[i]) == text[i]) ++i;
        if (i == length && !office[i]) return true;
    }
    return false;
}

// A name, or a surname and 某.
bool is_person(const uint32_t* text, uint32_t length) {
    if (is_name(text, length, false)) return true;
    if (length != 2 && length != 3) return false;
    const uint32_t unnamed[] = {text[0], U'某'};
    return is_name(unnamed, 2, false) && text[1] == U'某' && text[length - 1] == U'某';
}

// 8:30, 08:30:15
bool is_clock(const Chars& t, int begin, int end) {
    int k = begin;
    while (k < end && t.cls[k] == DIGIT) ++k;
    return k > begin && k - begin <= 2 && k + 2 < end && is_colon(at(t, k)) && t.cls[k + 1] == DIGIT && t.cls[k + 2] == DIGIT;
}

// 2031-05-09, 2031/5/9
bool is_date(const Chars& t, int begin, int end) {
    int signs = 0, first = -1;
    for (int k = begin; k < end; ++k) {
        if (is_one_of(U"-/.", at(t, k))) {
            if (!signs++) first = k;
        } else if (t.cls[k] != DIGIT) {
            return false;
        }
    }
    return signs == 2 && first - begin == 4;
}

bool ends_date(const Chars& t, int begin, int end, const Gap& g) {
    const uint32_t left = at(t, g.left);
    const int before = t.visible(g.left - 1, -1);
    if (is_one_of(U"日号號", left)) return before >= 0 && (t.cls[before] == DIGIT || is_one_of(NUMERALS, at(t, before)));
    if (t.cls[g.left] == DIGIT) return is_clock(t, begin, end) || is_date(t, begin, end);
    return is_one_of(WEEKDAYS, left) && before >= 0 && is_one_of(U"期拜周週", at(t, before));
}

// The last character of the weekday that begins at i, gaps left out, or 0.
int weekday_end(const Chars& t, int i) {
    const int j = t.visible(i + 1, 1);
    if (j < 0) return 0;
    const uint32_t a = at(t, i), b = at(t, j);
    if (a == U'周' || a == U'週') return is_one_of(WEEKDAYS, b) ? j : 0;
    if (!(a == U'星' && b == U'期') && !((a == U'礼' || a == U'禮') && b == U'拜')) return 0;
    const int k = t.visible(j + 1, 1);
    return k >= 0 && is_one_of(WEEKDAYS, at(t, k)) ? k : 0;
}

// 1, 01, 1.2, 3-4. in [begin, end) opens the line, and nothing that it counts stands behind: 3 总则, not 3 月.
bool is_section(const Chars& t, int begin, int end) {
    int parts = 1, digits = 0, k = begin;
    while (k < end && at(t, k) == '*') ++k;
    for (; k < end; ++k) {
        if (t.cls[k] == DIGIT) {
            if (++digits > 2) return false;
        } else if (is_one_of(U".-．", at(t, k)) && digits) {
            ++parts;
            digits = 0;
        } else {
            return false;
        }
    }
    if (parts == 1 && !digits) return false;
    const int right = t.gaps[0].right;
    if (!t.is(right, HAN_KANA) || is_one_of(UNITS, at(t, right))) return false;
    const int following = t.visible(right + 1, 1);
    return following < 0 || std::none_of(std::begin(MEASURES), std::end(MEASURES), [&](const char32_t* measure) {
               return uint32_t(measure[0]) == at(t, right) && uint32_t(measure[1]) == at(t, following);
           });
}

// 第六章, 第5.11条
bool is_chapter(const Chars& t, int begin, int end) {
    if (end - begin < 3 || end - begin > 10 || at(t, begin) != U'第' || !is_one_of(CHAPTERS, at(t, end - 1))) return false;
    for (int k = begin + 1; k < end - 1; ++k)
        if (t.cls[k] != DIGIT && at(t, k) != '.' && !is_one_of(NUMERALS, at(t, k))) return false;
    return true;
}

// A line of contents with its page number, told by its section number or by the numbers of its neighbours, which ascend.
bool is_contents(const Page& page, const Layout& layout, size_t index) {
    const Line& line = page.text(index);
    if (line.page_number < 0 || layout.joined[index]) return false;
    if (line.opens_contents) return true;
    const auto counts = [&](size_t k) { return page.text(k).page_number >= 0 && !layout.joined[k] && !page.text(k).literal; };
    if (index && counts(index - 1) && page.text(index - 1).page_number <= line.page_number) return true;
    return index + 1 < page.texts.size() && counts(index + 1) && page.text(index + 1).page_number > line.page_number;
}

}  // namespace

int page_number(const Chars& t) {
    int k = t.e, value = 0;
    while (k > t.s && t.e - k < 5 && t.cls[k - 1] == DIGIT) --k;
    if (k == t.e || t.e - k > 4 || k == t.s || t.cls[k - 1] != GAP || t.gaps.empty() || t.cls[t.gaps.back().left] == DIGIT) return -1;
    for (; k < t.e; ++k) value = value * 10 + int(t.cp[k] & 0xF);
    return value;
}

bool opens_contents(const Chars& t) {
    int seen[24], n = 0;
    for (int i = t.s; i < std::min(t.e, t.s + 24); ++i)
        if (!t.is(i, UNSEEN)) seen[n++] = i;
    if (!n) return false;
    int k = 0;
    if (at(t, seen[0]) == U'第') {
        for (k = 1; k < n && (t.cls[seen[k]] == DIGIT || is_one_of(NUMERALS, at(t, seen[k])));) ++k;
        return k > 1 && k < n && is_one_of(CHAPTERS, at(t, seen[k]));
    }
    bool points = false;
    for (; k < n && (t.cls[seen[k]] == DIGIT || (k && is_one_of(U".．", at(t, seen[k])))); ++k) points = points || t.cls[seen[k]] != DIGIT;
    return k && k < n && points && t.is(seen[k], HAN_KANA);
}

// Sets the verdicts that such rules give; the others stay open.
void SpacingStage::settle(const Page& page, const Layout& layout, size_t index, const Line& line) {
    const Chars& t = page.chars;
    const bool begins = !index || layout.joints[index - 1] == Joint::line_end;
    const Token& first = tokens_[0];
    if (begins && (is_section(t, first.begin, first.end) || (!line.spaced && is_chapter(t, first.begin, first.end))))
        verdicts_[0] = Verdict::keep;
    if (is_contents(page, layout, index) && verdicts_.back() == Verdict::open) verdicts_.back() = Verdict::keep;
    if (!(layout.joined[index] && layout.prose[index]) && !line.marks) {
        keep_dates(t);
        if (!layout.joined[index] && first.han == first.length() && first.han >= 2 && first.han <= 6 &&
            is_one_of(KEY_ENDS, at(t, first.end - 1)) && t.cls[t.gaps[0].right] == DIGIT)
            verdicts_[0] = Verdict::keep;
    }
    const auto is_box = [&](int i) { return t.cls[i] == OTHER && is_one_of(BOXES, t.cp[i]); };
    for (size_t k = 0; k < t.gaps.size(); ++k)
        if (verdicts_[k] == Verdict::open && (is_box(t.gaps[k].left) || is_box(t.gaps[k].right))) verdicts_[k] = Verdict::keep;
    if (!part_office(t, line)) part_labels(t);
    if (layout.damaged[index] && verdicts_[0] == Verdict::open && first.han == 1 && first.length() == 1 && tokens_[1].head == 1 &&
        tokens_[1].length() > 1 && is_colon(at(t, tokens_[1].begin + 1)))
        verdicts_[0] = Verdict::close;  // the padded label of a field: 案 号：
}

// Date, weekday and time side by side keep the gaps between them; the weekday is one word.
void SpacingStage::keep_dates(const Chars& t) {
    for (size_t k = 0; k < t.gaps.size(); ++k) {
        const Gap& g = t.gaps[k];
        if (verdicts_[k] != Verdict::open || !ends_date(t, tokens_[k].begin, tokens_[k].end, g)) continue;
        const int day = weekday_end(t, g.right);
        if (day || is_clock(t, tokens_[k + 1].begin, tokens_[k + 1].end)) verdicts_[k] = Verdict::keep;
        for (size_t x = k + 1; x < t.gaps.size() && t.gaps[x].right <= day; ++x) verdicts_[x] = Verdict::close;
    }
}

// 审 判 长  王 某: padding inside the office and inside the name goes, the gap between them stays, as one space if it is of several.
bool SpacingStage::part_office(const Chars& t, const Line& line) {
    if (line.cjks > MOST_HAN || line.first_class != HAN || line.last_class != HAN) return false;
    Words& words = bylines_.words;
    if (!words.read(t, t.s, t.e) || words.size() != tokens_.size()) return false;
    const size_t n = words.size();
    const auto length = [&](size_t from, size_t to) {
        uint32_t sum = 0;
        for (size_t k = from; k < to; ++k) sum += words.length(k);
        return sum;
    };
    if (length(0, n) > uint32_t(MOST_HAN)) return false;
    for (size_t a = 0; a < std::min<size_t>(n - 1, 3); ++a) {
        if (a && words.length(a - 1) < 2) break;
        for (size_t b = n - 1; b > a; --b) {  // the longest office
            bool single = n - b == 1;
            if (!single) {
                single = true;
                for (size_t k = b; k < n; ++k) single = single && words.length(k) == 1;
            }
            if (!single || !is_office(words.text(a), length(a, b)) || !is_person(words.text(b), length(b, n))) continue;
            for (size_t k = 0; k + 1 < n; ++k) {
                const bool inside = (a <= k && k + 1 < b) || k >= b;
                const bool several = t.gaps[k].end - t.gaps[k].begin > 1;
                verdicts_[k] = inside ? Verdict::close : k + 1 == b && several ? Verdict::one : Verdict::keep;
            }
            return true;
        }
    }
    return false;
}

// Names behind labels (委 员：赵国庆 周 敏, 主 编：何一鸣 责 编：于 波): padding goes, and then what parts names is one space.
void SpacingStage::part_labels(const Chars& t) {
    int from = t.s;
    while (from < t.e && (t.is(from, class_bit(HAN) | UNSEEN) || at(t, from) == U'、')) ++from;
    if (from == t.e || !is_colon(at(t, from))) return;  // most lines
    words_.clear();
    colons_.clear();
    bool open = false, parted = false;
    for (int i = t.s; i < t.e; ++i) {
        const uint8_t c = t.cls[i];
        if (c == GAP) {
            open = false;
            parted = true;
        } else if (c == HAN) {
            if (!open) words_.push_back(FieldWord{i, 0, parted, false, {}});
            FieldWord& word = words_.back();
            if (word.length < FieldWord::KEPT) word.text[word.length] = at(t, i);
            ++word.length;
            open = true;
            parted = false;
        } else if (is_colon(at(t, i))) {
            colons_.push_back(words_.size());
            open = parted = false;
        } else if (at(t, i) == U'、') {
            open = parted = false;
        } else if (!in(c, hanflow::ATTACHED)) {
            return;
        }
    }
    if (colons_.empty() || colons_.back() == words_.size()) return;
    size_t begin = 0;
    int found = 0;
    for (size_t x = 0; x < colons_.size(); ++x) {
        const size_t end = colons_[x];
        // One word, or two or three single characters with gaps between.
        size_t label = end - 1;
        if (end == begin) return;
        if (end - begin >= 2 && words_[end - 1].length == 1 && words_[end - 1].gap && words_[end - 2].length == 1)
            label = end - begin >= 3 && !begin && words_[end - 2].gap && words_[end - 3].length == 1 ? end - 3 : end - 2;
        if (x) {
            const int names = names_in(begin, label);
            if (!names) return;
            found += names;
        } else if (label > 0) {
            return;
        }
        for (size_t w = label + 1; w < end; ++w) words_[w].pad = true;
        begin = end;
    }
    const int names = names_in(begin, words_.size());
    bool pads = false, behind = false;
    for (size_t w = 0; w < words_.size(); ++w) {
        pads = pads || words_[w].pad;
        behind = behind || (words_[w].pad && w > colons_[0]);
    }
    if (!names || (found + names < 2 && !behind)) return;
    size_t k = 0;
    for (const FieldWord& word : words_) {
        while (k < t.gaps.size() && t.gaps[k].right < word.begin) ++k;
        if (word.gap && k < t.gaps.size() && t.gaps[k].right == word.begin)
            verdicts_[k] = word.pad ? Verdict::close : pads ? Verdict::one : Verdict::keep;
    }
}

// How many names the words are, and where padding stands inside them; 0: they are none.
int SpacingStage::names_in(size_t begin, size_t end) {
    const auto is_single = [&](size_t k) { return words_[k].length == 1; };
    bool single = end > begin + 2, common = end == begin + 4 || end == begin + 6;
    for (size_t k = begin; k < end && single; ++k) single = is_single(k);
    for (size_t k = begin; k < end && single && common; k += 2) {
        const uint32_t name[] = {words_[k].text[0], words_[k + 1].text[0]};
        common = is_name(name, 2, true);
    }
    if (single && !common) return 0;  // letter-spaced
    int names = 0, known = 0;
    for (size_t k = begin; k < end; ++names) {
        if (is_single(k)) {
            if (k + 1 == end || !is_single(k + 1) || !words_[k + 1].gap) return 0;
            const uint32_t name[] = {words_[k].text[0], words_[k + 1].text[0]};
            if (!is_name(name, 2, false)) return 0;
            words_[k + 1].pad = true;
            ++known;
            k += 2;
        } else if (words_[k].length <= FieldWord::KEPT) {
            known += is_name(words_[k].text, words_[k].length, false);
            ++k;
        } else {
            return 0;
        }
    }
    return 3 * known >= 2 * names ? names : 0;
}

}  // namespace hanflow
