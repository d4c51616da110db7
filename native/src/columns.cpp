#include "columns.hpp"

#include <algorithm>

#include "evidence.hpp"
#include "weights.hpp"

namespace hanflow {

using namespace weights;

namespace {

constexpr int ROUNDING = 2;   // q by which kerning and narrow digits are misjudged
constexpr int LEAST = 2;      // weight of the votes for a measure at least
constexpr int CREDIBLE = 150; // a measure that costs no more says that a column is around

int16_t bounded(int q) { return int16_t(std::min(std::max(q, -2000), 2000)); }

}  // namespace

// q of the pieces before line i that end in a mark, back to the last one that does not.
int Columns::folded(const std::vector<Line*>& lines, const std::vector<uint8_t>& barriers, int i) const {
    int width = 0;
    for (int k = i - 1; k >= 0 && i - k <= WINDOW && !barriers[size_t(k)] && may_be_cut(*lines[size_t(k)], *lines[size_t(k) + 1]) && width <= MAX_MEASURE; --k)
        width += lines[size_t(k)]->width;
    return width;
}

void Columns::vote(const std::vector<Line*>& lines, const std::vector<uint8_t>& barriers) {
    const int n = int(lines.size());
    votes_.clear();
    first_.resize(size_t(n) + 1);
    for (int i = 0; i < n; ++i) {
        first_[size_t(i)] = uint32_t(votes_.size());
        if (i + 1 == n) break;
        const Line &a = *lines[size_t(i)], &b = *lines[size_t(i) + 1];
        const bool mid = a.end_kind == EndKind::mid;
        if (barriers[size_t(i)] || (!mid && a.end_kind != EndKind::pause) || (a.table | b.table | a.byline | b.byline)) continue;
        const int unit = std::max(b.unit, 1);
        const bool prose = a.marks || b.marks || !mid || b.cut == Cut::word;
        // Where lines are cut after marks, the typeset line is the pieces before it too.
        const int width = a.width + (mid && a.raw ? folded(lines, barriers, i) : 0);
        const int low = width - a.letters / NARROW, high = width + unit;
        const int bin = (low + GRAIN - 1 - MIN_MEASURE) >> 1;
        const bool exact = mid && low + GRAIN - 1 >= MIN_MEASURE && bin < BINS;
        votes_.push_back(Vote{bounded(low), bounded(high), int8_t(mid && !a.spaced ? 2 : 1), int8_t(b.cut == Cut::word ? 2 : 1), prose,
                              int8_t(exact ? bin : -1)});
        const Line* const before = i ? lines[size_t(i) - 1] : nullptr;
        const bool first = !before || (before->end_kind != EndKind::mid && before->end_kind != EndKind::pause) ||
                           before->width + a.unit < a.width;
        if (first && mid && !a.indent && !a.spaced)
            votes_.push_back(Vote{bounded(std::max(low + INDENT, high + ROUNDING)), bounded(high + INDENT), 1, 1, prose, -1});
    }
    first_[size_t(n)] = uint32_t(votes_.size());
}

// The measures that votes [from, to) speak for, best first. A measure is one that a line fills exactly. The next one is sought among
// the votes that the ones before leave over; of equal ones the one that more lines fill is taken, then the narrower one.
void Columns::choose(size_t from, size_t to, int16_t* measures) {
    std::fill_n(measures, lattice::MEASURES, int16_t(lattice::NO_MEASURE));
    // Weight and how many lines fill it, by bin; which bins are filled.
    int16_t weight[BINS] = {}, filled[BINS] = {};
    uint8_t bins[BINS];
    int count = 0;
    const auto each_bin = [](const Vote& vote, auto use) {
        const int end = std::min(BINS, (vote.high - MIN_MEASURE + 1) >> 1);
        for (int k = std::max(0, (vote.low - MIN_MEASURE + 1) >> 1); k < end; ++k) use(k);
    };
    for (size_t v = from; v < to; ++v) {
        const Vote& vote = votes_[v];
        each_bin(vote, [&](int k) { weight[k] = int16_t(weight[k] + vote.weight); });
        if (vote.exact < 0) continue;
        if (!filled[vote.exact]) bins[count++] = uint8_t(vote.exact);
        filled[vote.exact] = int16_t(filled[vote.exact] + vote.lines);
    }
    uint64_t gone[(2 * (BLOCK + 2 * HALO) + 63) / 64] = {};
    for (int found = 0; found < lattice::MEASURES; ++found) {
        int32_t best = 0;  // weight, lines that fill it, the narrower the better
        for (int k = 0; k < count; ++k) {
            const int bin = bins[k];
            best = std::max(best, int32_t(weight[bin]) << 18 | int32_t(std::min<int>(filled[bin], 0x7FF)) << 7 | (127 - bin));
        }
        if (best >> 18 < LEAST) break;
        const int chosen = 127 - (best & 127), measure = MIN_MEASURE + GRAIN * chosen;
        measures[found] = int16_t(measure);
        if (found + 1 == lattice::MEASURES) break;
        for (size_t v = from; v < to; ++v) {
            const Vote& vote = votes_[v];
            uint64_t& word = gone[(v - from) / 64];
            const uint64_t bit = uint64_t(1) << ((v - from) % 64);
            if (vote.low > measure || vote.high <= measure || (word & bit)) continue;
            word |= bit;
            each_bin(vote, [&](int k) { weight[k] = int16_t(weight[k] - vote.weight); });
        }
        int kept = 0;
        for (int k = 0; k < count; ++k)
            if ((bins[k] > chosen ? bins[k] - chosen : chosen - bins[k]) * GRAIN >= lattice::FAR) bins[kept++] = bins[k];
        count = kept;
    }
}

// What a measure costs at lines [begin, end), by the lines around and their votes.
void Columns::judge(const std::vector<Line*>& lines, int begin, int end, int measure, int16_t* costs) {
    const int n = int(lines.size()), from = std::max(0, begin - WINDOW), to = std::min(n, end + WINDOW);
    // Sums over the lines before: lines that vote for it, votes in prose, lines that are wider; 16 bits each.
    uint64_t sums[BLOCK + 2 * WINDOW + 1];
    uint64_t sum = sums[0] = 0;
    for (int i = from; i < to; ++i) {
        uint64_t counts = uint64_t(tight_[size_t(i)] > measure + CELL) << 32;
        for (uint32_t v = first_[size_t(i)]; v < first_[size_t(i) + 1]; ++v) {
            const Vote& vote = votes_[v];
            const uint64_t near = uint64_t(vote.low - ROUNDING <= measure) & uint64_t(measure < vote.high);
            counts += near * (uint64_t(vote.lines) | uint64_t(vote.prose) << 16);
        }
        sums[i - from + 1] = sum += counts;
    }
    for (int i = begin; i < end; ++i) {
        const uint64_t near = sums[std::min(n, i + WINDOW + 1) - from] - sums[std::max(0, i - WINDOW) - from];
        const uint64_t around = ends_.all_near(i);
        const int support = int(near & 0xFFFF), prose = int(near >> 16 & 0xFFFF), wide = int(near >> 32);
        const int mids = WindowCounts::of(around, MIDS);
        int cost = SUPPORT_NEAR[std::min(support, 2)];
        cost += 8 * support < mids ? SUPPORT_SHARE[0] : 4 * support < mids ? SUPPORT_SHARE[1] : 2 * support < mids ? SUPPORT_SHARE[2] : 0;
        cost += wide > 2 * support ? WIDE_LINES : 0;
        cost += 5 * prose < 4 * support && !WindowCounts::of(around, STOPS) ? VERSE_COLUMN : 0;
        costs[(i - begin) * lattice::MEASURES] = int16_t(cost);
    }
}

bool Columns::is_column(int line) const {
    const int16_t *const m = measures(line), *const c = costs(line);
    for (int k = 0; k < lattice::MEASURES; ++k)
        if (m[k] != lattice::NO_MEASURE && c[k] <= CREDIBLE) return true;
    return false;
}

void Columns::find(const std::vector<Line*>& lines, const std::vector<uint8_t>& barriers, bool few) {
    const int n = int(lines.size());
    vote(lines, barriers);
    tight_.resize(size_t(n));
    for (int i = 0; i < n; ++i) tight_[size_t(i)] = bounded(lines[size_t(i)]->tight);
    ends_.fill(n, [&](int i) {
        const Line& line = *lines[size_t(i)];
        return WindowCounts::lane(MIDS, line.end_kind == EndKind::mid) | WindowCounts::lane(STOPS, line.stops);
    });
    const int blocks = (n + BLOCK - 1) / BLOCK;
    measures_.resize(size_t(blocks) * lattice::MEASURES);
    costs_.assign(size_t(n) * lattice::MEASURES, 0);
    for (int b = 0; b < blocks; ++b) {
        const int begin = b * BLOCK, end = std::min(n, begin + BLOCK);
        int16_t* const measures = &measures_[size_t(b) * lattice::MEASURES];
        choose(first_[size_t(std::max(0, begin - HALO))], first_[size_t(std::min(n, begin + BLOCK + HALO))], measures);
        if (few) continue;
        for (int k = 0; k < lattice::MEASURES && measures[k] != lattice::NO_MEASURE; ++k)
            judge(lines, begin, end, measures[k], &costs_[size_t(begin) * lattice::MEASURES + size_t(k)]);
    }
}

}  // namespace hanflow
