#include "decide/layout.hpp"
#include "decide/confidence.hpp"
#include "hanflow/reasons.hpp"

#include <algorithm>

namespace hanflow {
namespace {

// What a joint must know of the end of one line and the start of the other.
struct Edge {
    uint8_t cls = OTHER;
    uint32_t cp = 0;
    bool address = false;          // the last word is an address
    bool after_digit = false;      // the last visible character stands behind a digit
    bool has_latin_gap = false;
};

bool contains(const Chars& t, int begin, int end, const char* what) {
    for (int i = begin; i < end; ++i) {
        int k = 0;
        while (what[k] && i + k < end && t.cp[i + k] == uint32_t(what[k])) ++k;
        if (!what[k]) return true;
    }
    return false;
}

Edge edge_of(Page& page, const Line& line, bool end) {
    page.open(line, "joints: what stands beside them");
    const Chars& t = page.chars;
    Edge edge;
    const int i = end ? t.visible(t.e - 1, -1) : t.visible(t.s, 1);
    if (i < 0) return edge;
    edge.cls = t.cls[i];
    edge.cp = t.cp[i];
    if (page.options.latin_gap == LatinGap::keep)
        for (const Gap& g : t.gaps) edge.has_latin_gap = edge.has_latin_gap || t.is_latin_gap(g);
    if (end) {
        const int k = t.visible(i - 1, -1);
        edge.after_digit = k >= 0 && t.cls[k] == DIGIT;
        int word = t.e;
        while (word > t.s && t.cls[word - 1] != GAP) --word;
        edge.address = contains(t, word, t.e, "@") || contains(t, word, t.e, "://") || contains(t, word, t.e, "www.");
    }
    return edge;
}

// What stands between two joined lines (contract, "Joints").
Joint joint_of(const Edge& a, const Edge& b, LatinGap latin_gap) {
    const auto space_if = [](bool yes) { return yes ? Joint::space : Joint::nothing; };
    if (in(a.cls, CJK) || in(b.cls, CJK)) {
        const bool latin = (in(a.cls, HAN_KANA) && in(b.cls, ALNUM)) ||
                           (in(b.cls, HAN_KANA) && (in(a.cls, ALNUM) || a.cp == '%'));
        return space_if(latin && (latin_gap == LatinGap::insert ||
                                  (latin_gap == LatinGap::keep && (a.has_latin_gap || b.has_latin_gap))));
    }
    if (a.cls == HANGUL || b.cls == HANGUL) return Joint::space;
    if (a.cls == LETTER && in(b.cls, ALNUM)) return space_if(!a.address);
    if (a.cls == ASCII && in(b.cls, ALNUM) && !a.address) {
        for (const char* p = ",.;:!?)]\"'"; *p; ++p)
            if (a.cp == uint32_t(*p)) return space_if(!(a.after_digit && b.cls == DIGIT));
    }
    if (in(a.cls, ALNUM) && (b.cp == '(' || b.cp == '"') && !a.address) return space_if(a.cls == LETTER);
    return Joint::nothing;
}

bool is_prose(const Line& line) { return line.marks || line.end_kind == EndKind::pause || line.end_kind == EndKind::stop; }

// ... in a paragraph of so many letters and CJK characters.
bool is_foreign(const Line& line, int64_t letters, int64_t cjks) { return letters > 4 * cjks || line.code; }

}  // namespace

void Layout::prepare(Page& page, std::vector<lattice::Run>& runs) {
    const size_t n = page.texts.size();
    if (n == 1) return decide_alone(page.text(0));
    joints.assign(n, Joint::line_end);
    by_vertical.assign(n, 0);
    grid_of.assign(n, 0);
    vertical.grids.clear();
    confidence.assign(n, 0);
    if (page.options.vertical && page.options.min_confidence <= confidence::RUN) {
        vertical.find(page, joints, by_vertical);
        for (size_t i = 0; i < n; ++i)
            if (by_vertical[i]) confidence[i] = joints[i] == Joint::space ? confidence::NAMES : confidence::RUN;
        for (const uint32_t i : vertical.half_ends) confidence[i] = confidence::HALVES;
        for (size_t g = 0; g < vertical.grids.size(); ++g)
            for (uint32_t i = vertical.grids[g].first; i <= vertical.grids[g].last; ++i) grid_of[i] = uint32_t(g + 1);
    }
    if (page.options.unwrap) {
        body_.clear();
        for (size_t i = 0; i < n; ++i)
            if (!page.text(i).literal && !page.text(i).vertical && !page.text(i).continues) body_.push_back(uint32_t(i));
        barriers_.assign(body_.size(), 0);
        for (size_t k = 0; k + 1 < body_.size(); ++k) barriers_[k] = body_[k + 1] != body_[k] + 1;
        unwrap_.prepare(page, body_, barriers_, runs);
    }
}

void Layout::finish(Page& page) {
    const size_t n = page.texts.size();
    if (n == 1) return;
    if (page.options.unwrap) {
        unwrap_.finish(page, sure_);
        for (size_t k = 0; k < body_.size(); ++k) {
            if (!sure_[k] || sure_[k] < page.options.min_confidence) continue;
            joints[body_[k]] = Joint::nothing;
            confidence[body_[k]] = sure_[k];
        }
    }
    joined.assign(n, 0);
    for (size_t i = 0; i < n; ++i)
        joined[i] = joints[i] != Joint::line_end || (i && joints[i - 1] != Joint::line_end) || grid_of[i];
    if (page.options.unwrap && page.options.min_confidence <= confidence::HALF_LINES) join_halves(page);
    if (page.options.unwrap && page.options.min_confidence <= confidence::NAMES) join_credits(page);
    tabular.resize(n);
    const auto is_row = [&](size_t i) { return page.text(i).rowlike && !page.text(i).literal && !joined[i]; };
    // ... and the head of a table, which has as many cells as the row beside it.
    const auto is_head = [&](size_t i, size_t row) {
        const Line &a = page.text(i), &b = page.text(row);
        return a.gaps >= 2 && a.gaps == b.gaps && b.table && !a.marks && !a.literal && !joined[i] && !joined[row];
    };
    for (size_t i = 0; i < n; ++i) {
        const bool before = i > 0, behind = i + 1 < n;
        tabular[i] = (is_row(i) && ((before && is_row(i - 1)) || (behind && is_row(i + 1)))) || (before && is_head(i, i - 1)) ||
                     (behind && is_head(i, i + 1));
    }
    near_spaced.resize(n);
    damaged.resize(n);
    const auto spaced = [&](size_t i) { return page.text(i).spaced && !page.text(i).literal; };
    counts_.fill(int(n), [&](size_t i) {
        const bool is_spaced = spaced(i);
        return WindowCounts::lane(0, is_spaced) | WindowCounts::lane(1, joined[i] || is_spaced);
    });
    for (size_t i = 0; i < n; ++i) {
        const uint64_t near = counts_.all_near(int(i));
        near_spaced[i] = WindowCounts::of(near, 0) > 0;
        damaged[i] = near > 0;
    }
    set_paragraphs(page);
    set_trimmed(page);
    set_joints(page);
    set_leading(page);
    if (page.traced) set_whys(page);
}

// A line alone, as short texts have: there is nothing around it.
void Layout::decide_alone(const Line& line) {
    const bool spaced = line.spaced && !line.literal;
    joints.assign(1, Joint::line_end);
    grid_of.assign(1, 0);
    vertical.grids.clear();
    for (auto* const none : {&by_vertical, &confidence, &joined, &tabular, &trimmed, &leading, &leading_by_vertical}) none->assign(1, 0);
    near_spaced.assign(1, spaced);
    damaged.assign(1, spaced);
    prose.assign(1, is_prose(line));
    foreign.assign(1, is_foreign(line, line.letters, line.cjks));
}

namespace {

constexpr int CREDIT = 10;  // CJK characters at most of the credit of a picture, and of a line of names
constexpr size_t NAME_LINES = 6;  // lines at most of names in parentheses

// Four to eight Han, quoted perhaps, without anything that a list, a byline or a sentence has.
bool is_half(const Line& line) {
    return !line.is_settled() && !line.gaps && !line.marks && !line.letters &&
           (line.end_kind == EndKind::mid || line.end_kind == EndKind::close) &&
           (line.start_kind == StartKind::plain || line.start_kind == StartKind::open) && line.width >= 4 * CELL &&
           line.width <= 8 * CELL && line.width == CELL * line.cjks;
}

}  // namespace

// A heading between paragraphs that the extractor cut at its gap: two short lines, both fit one column line.
void Layout::join_halves(const Page& page) {
    for (size_t i = 1; i + 3 < page.texts.size(); ++i) {
        const Line &before = page.text(i - 1), &a = page.text(i), &b = page.text(i + 1), &after = page.text(i + 2);
        const bool alone = !joined[i] && !joined[i + 1] && joined[i + 2] && joints[i + 2] != Joint::line_end &&
                           !by_vertical[i + 2];
        if (!alone || before.end_kind != EndKind::stop || !is_half(a) || !is_half(b)) continue;
        if (a.width + CELL + b.width > after.width || (b.blanks && !a.blanks && a.width != b.width)) continue;
        if (!(after.marks + page.text(i + 3).marks)) continue;
        joints[i] = Joint::space;
        confidence[i] = confidence::HALF_LINES;
        joined[i] = joined[i + 1] = 1;
    }
}

// The credit of a picture, on one line or a word a line, closes the caption before it, where lines around are joined. There too
// names in parentheses go together that were cut at their gaps.
void Layout::join_credits(Page& page) {
    const size_t n = page.texts.size();
    counts_.fill(int(n), [&](size_t i) { return joined[i]; });
    if (!counts_.total()) return;
    for (size_t i = 0; i + 1 < n; ++i) {
        const Line& a = page.text(i);
        const bool caption = a.end_kind == EndKind::stop;
        if ((!caption && a.start_kind != StartKind::open) || a.literal || a.vertical || !counts_.near(int(i))) continue;
        const size_t last = caption ? credit_end(page, i + 1) : names_end(page, i);
        for (size_t k = i; k < last; ++k) {
            joints[k] = Joint::space;
            confidence[k] = confidence::NAMES;
            joined[k] = joined[k + 1] = 1;
        }
        // Behind a sentence such names close the article.
        if (last && !caption && i && page.text(i - 1).end_kind == EndKind::stop) joints[last] = Joint::line_end;
    }
}

// The last line of the picture credit that begins with line i, or 0.
size_t Layout::credit_end(Page& page, size_t i) {
    Words& words = page.bylines.words;
    const Line& first = page.text(i);
    if (!first.byline && !first.single_name) return 0;
    int cjks = 0;
    for (size_t k = i; k < page.texts.size(); ++k) {
        const Line& line = page.text(k);
        cjks += line.cjks;
        if (line.is_settled() || line.marks || cjks > CREDIT || (line.blanks && line.rhythm)) return 0;
        page.open(line, "joints: the credit of a picture");
        const size_t before = k > i ? words.size() : 0;
        if (!words.read(page.chars, page.chars.s, page.chars.e, k > i)) return 0;
        if (words.size() == before || (k > i && words.length(before) == 1 && words.length(before - 1) == 1)) return 0;
        if (!page.bylines.is_picture_credit()) continue;
        // Where a name follows, the last word is a role of that one: a masthead.
        const bool masthead = k + 1 < page.texts.size() && page.text(k + 1).single_name;
        return masthead || joints[k] != Joint::line_end ? 0 : k;
    }
    return 0;
}

// The last line of the names in parentheses that begin with line i, or 0: （沈阅 / 高明 / 诸葛云）
size_t Layout::names_end(Page& page, size_t i) {
    Words& words = page.bylines.words;
    const size_t end = std::min(page.texts.size(), i + NAME_LINES);
    for (size_t k = i; k < end; ++k) {
        const Line& line = page.text(k);
        if (line.is_settled() || line.letters || line.cjks > CREDIT || (k > i && line.blanks && line.rhythm)) return 0;
        page.open(line, "joints: names in parentheses");
        const Chars& t = page.chars;
        if (t.e - t.s < 2 || (k == i && t.cp[t.s] != U'（' && t.cp[t.s] != '(')) return 0;
        const bool closed = t.cp[t.e - 1] == U'）' || t.cp[t.e - 1] == ')';
        const size_t before = k > i ? words.size() : 0;
        if (!words.read(t, t.s + (k == i), t.e - closed, k > i) || words.size() == before) return 0;
        for (size_t w = before; w < words.size(); ++w)
            if (words.length(w) < 2) return 0;
        if (closed) return k > i && find_entries(words, page.bylines.entries) ? k : 0;
    }
    return 0;
}

void Layout::set_paragraphs(const Page& page) {
    const size_t n = page.texts.size();
    prose.resize(n);
    foreign.resize(n);
    for (size_t i = 0; i < n;) {
        size_t j = i;
        while (j + 1 < n && joints[j] == Joint::nothing && !by_vertical[j]) ++j;
        bool has = false;
        int64_t letters = 0, cjks = 0;
        for (size_t k = i; k <= j; ++k) {
            const Line& line = page.text(k);
            has = has || is_prose(line);
            letters += line.letters;
            cjks += line.cjks;
        }
        for (size_t k = i; k <= j; ++k) {
            prose[k] = has;
            foreign[k] = is_foreign(page.text(k), letters, cjks);
        }
        i = j + 1;
    }
}

// Lines whose ends are layout: joined or vertical ones, and those around that are indented like one of these, or a letter-spaced one,
// that opens a paragraph. Letter-spaced lines are trimmed where their gaps are closed. What else is repaired in a line leaves its
// ends alone.
void Layout::set_trimmed(const Page& page) {
    const size_t n = page.texts.size();
    trimmed.assign(joined.begin(), joined.end());
    if (page.options.spacing == Spacing::none || page.options.min_confidence > confidence::SPREAD) return;
    const auto opens = [&](size_t k) {
        return (joined[k] || (page.text(k).spaced && !page.text(k).literal)) && (!k || joints[k - 1] == Joint::line_end);
    };
    for (size_t i = 0; i < n; ++i) {
        const Line& line = page.text(i);
        if (trimmed[i] || !damaged[i] || line.literal || line.table || tabular[i] || (line.begin == line.s && line.e == line.end)) continue;
        const size_t end = std::min(n, i + WINDOW + 1);
        for (size_t k = i >= size_t(WINDOW) ? i - WINDOW : 0; k < end && !trimmed[i]; ++k)
            trimmed[i] = k != i && opens(k) && page.text(k).indent == line.indent;
    }
}

void Layout::set_joints(Page& page) {
    const size_t n = page.texts.size();
    for (size_t i = 0; i + 1 < n; ++i) {
        if (joints[i] != Joint::nothing || by_vertical[i]) continue;
        const uint8_t last = page.text(i).last_class, first = page.text(i + 1).first_class;
        if (in(last, CJK) || in(first, CJK)) {  // nothing, unless latin_gap wants a space there
            const LatinGap gap = page.options.latin_gap;
            if (gap != LatinGap::insert && gap != LatinGap::keep) continue;
        } else if (last == DIGIT && first != HANGUL) {
            continue;  // a number is cut, or stands before a word: nothing
        }
        const Edge a = edge_of(page, page.text(i), true), b = edge_of(page, page.text(i + 1), false);
        joints[i] = joint_of(a, b, page.options.latin_gap);
    }
}

// Blank lines go throughout a stretch where a join or a run crosses some.
void Layout::set_leading(const Page& page) {
    const size_t n = page.texts.size();
    leading.assign(n, 0);
    leading_by_vertical.assign(n, 0);
    const auto same_grid = [&](size_t i) { return i + 1 < n && grid_of[i] && grid_of[i] == grid_of[i + 1]; };
    const auto crosses = [&](size_t i) {
        return i + 1 < n && (joints[i] != Joint::line_end || by_vertical[i] || same_grid(i)) && page.text(i + 1).blanks > 0;
    };
    counts_.fill(int(n), crosses);
    if (!counts_.total()) return;
    for (size_t i = 0; i + 1 < n; ++i) {
        const Line &a = page.text(i), &b = page.text(i + 1);
        if (joints[i] != Joint::line_end || same_grid(i) || !b.blanks || a.literal || b.literal || a.continued || b.page_before) continue;
        if (!counts_.near(int(i))) continue;
        size_t k = i >= size_t(WINDOW) ? i - WINDOW : 0;
        while (!crosses(k)) ++k;
        leading_by_vertical[i] = by_vertical[k] || grid_of[k];
        leading[i] = grid_of[k] ? confidence::GRID : confidence[k];
    }
}

void Layout::set_whys(const Page& page) {
    using reasons::why;
    namespace of = reasons::joint;
    const size_t n = page.texts.size();
    whys.assign(n, Why{});
    for (size_t i = 0; i < n;) {
        size_t last = i;
        while (last + 1 < n && by_vertical[last] && joints[last] != Joint::line_end) ++last;
        for (size_t k = i; k < last; ++k) {
            const bool byline = page.text(k).cut_byline, names = joints[k] == Joint::space;
            whys[k] = why(byline ? of::CUT_BYLINE : names ? of::NAMES : of::RUN, last - i + 1);
        }
        i = last + 1;
    }
    for (const uint32_t i : vertical.half_ends) whys[i] = why(of::HALVES);
    if (!page.options.unwrap) return;
    for (size_t k = 0; k + 1 < body_.size(); ++k) whys[body_[k]] = unwrap_.why(k, sure_);
    for (size_t i = 0; i + 1 < n; ++i) {  // the rest: join_halves(), join_credits()
        if (joints[i] == Joint::line_end || whys[i].reasons) continue;
        const Line& a = page.text(i);
        whys[i] = why(confidence[i] == confidence::HALF_LINES ? of::HALF_LINES
                      : a.end_kind == EndKind::stop || a.byline || a.single_name ? of::CREDIT : of::PARENTHESES);
    }
}

}  // namespace hanflow
