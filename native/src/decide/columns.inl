// The measures of columns, over the vector V of the Viterbi pass; included once for each CPU path.
//
// Problem. A line end means something only against the measure, the width at which the column was set. The text does not say it;
// pages have several measures, and headings, lists and verse have none.
// Idea. A line that was cut because the next unit did not fit votes for every measure from its own width to just below its width
// and that unit (weigh.inl). The lines of a block and HALO lines either way vote; what most of them vote for is a measure, then
// those votes are taken out and the next one is sought, MEASURES at most. Who votes for a measure is two comparisons for a vector
// of lines, and one bit a line from there on. Whether a line stands in such a column is not said by yes or no: the fewer votes
// near a line (`judge`), the more the measure costs there.
// Guaranteed. Measures are multiples of GRAIN, FAR apart at least, best first. Those of a block follow from its lines and HALO
// either way, what they cost at a line from 8 lines either way. tests/reference/columns.py is the definition.
// Example. Lines of 72, 70 and 72 q, each cut before a Han (4 q), vote for 72 to 75, 70 to 73 and 72 to 75. All three vote for 72,
// which two of them fill: weight 6 makes it the measure; 70 has one vote. A line that ends in a comma after 40 q votes for 40 to 43:
// alone, with weight 1, and it fills no measure.

namespace finding_columns {

using namespace weights;
using lattice::LEAST;
using lattice::MIN_MEASURE;
using lattice::ROUNDING;

constexpr int GRAIN = 2, BINS = (MAX_MEASURE - MIN_MEASURE) / GRAIN + 1;
constexpr int MOST = Facts::BLOCK + 2 * Facts::HALO;  // lines that vote together
constexpr int WORDS = (MOST + 63) / 64;

// One bit a line.
struct Bits {
    uint64_t word[WORDS];
};

// Which of the lines [from, from + count) vote for the measure, by the bounds low - less and high.
static inline Bits voters(const int16_t* low, const int16_t* high, int count, int measure, int less) {
    Bits all{};
    const V above(measure + less), at(measure);
    for (int i = 0; i < count; i += V::LANES) {
        const uint64_t found = bits(greater(V::loose_load(high + i), at) & ~greater(V::loose_load(low + i), above));
        all.word[i / 64] |= found << (i % 64);
    }
    // Lines behind the last one may have been read too.
    for (int w = 0; w < WORDS; ++w)
        if (count < 64 * (w + 1)) all.word[w] &= count > 64 * w ? (uint64_t(1) << (count - 64 * w)) - 1 : 0;
    return all;
}

static inline int count_of(const Bits& a, const Bits& b) {
    int sum = 0;
    for (int w = 0; w < WORDS; ++w) sum += __builtin_popcountll(a.word[w] & b.word[w]);
    return sum;
}

// The measures that lines [from, to) vote for, best first. A measure is one that a line fills exactly. The next one is sought among
// the votes that the ones before leave over; of equal ones the one that more lines fill is taken, then the narrower one.
static void choose(const Facts& f, int from, int to, int16_t* measures) {
    const int count = to - from;
    int16_t filled[BINS + 1] = {};
    uint64_t seen[2] = {};
    Bits heavy{};
    for (int i = from; i < to; ++i) {
        const int q = f.exact[i] - MIN_MEASURE;
        const int bin = unsigned(q) <= unsigned(MAX_MEASURE - MIN_MEASURE) ? q / GRAIN : BINS;
        filled[bin] = int16_t(filled[bin] + f.lines_of[i]);
        seen[bin / 64] |= uint64_t(1) << (bin % 64);
        heavy.word[(i - from) / 64] |= uint64_t(f.weight[i] == 2) << ((i - from) % 64);
    }
    static_assert(BINS < 128, "");
    seen[BINS / 64] &= ~(uint64_t(1) << (BINS % 64));
    struct Candidate {
        int bin;
        Bits plain, heavy, indented;  // who votes for it
    } candidates[MOST];
    int some = 0;
    for (int w = 0; w < 2; ++w)
        for (uint64_t rest = seen[w]; rest; rest &= rest - 1) {
            Candidate& c = candidates[some++];
            c.bin = 64 * w + __builtin_ctzll(rest);
            const int measure = MIN_MEASURE + GRAIN * c.bin;
            c.plain = voters(f.low + from, f.high + from, count, measure, 0);
            c.indented = voters(f.low_indented + from, f.high_indented + from, count, measure, 0);
            for (int v = 0; v < WORDS; ++v) c.heavy.word[v] = c.plain.word[v] & heavy.word[v];
        }
    Bits left, left_indented;
    for (int w = 0; w < WORDS; ++w) left.word[w] = left_indented.word[w] = ~uint64_t(0);
    for (int found = 0; found < lattice::MEASURES; ++found) {
        int32_t best = 0;  // weight, lines that fill it, the narrower the better
        int which = 0;
        for (int k = 0; k < some; ++k) {
            const Candidate& c = candidates[k];
            const int weight = count_of(c.plain, left) + count_of(c.heavy, left) + count_of(c.indented, left_indented);
            const int32_t score = int32_t(weight) << 18 | int32_t(std::min<int>(filled[c.bin], 0x7FF)) << 7 | (127 - c.bin);
            which = score > best ? k : which;
            best = std::max(best, score);
        }
        if (best >> 18 < LEAST) break;
        const Candidate chosen = candidates[which];
        measures[found] = int16_t(MIN_MEASURE + GRAIN * chosen.bin);
        for (int w = 0; w < WORDS; ++w) {
            left.word[w] &= ~chosen.plain.word[w];
            left_indented.word[w] &= ~chosen.indented.word[w];
        }
        int kept = 0;
        for (int k = 0; k < some; ++k) {
            const int apart = candidates[k].bin - chosen.bin;
            if ((apart < 0 ? -apart : apart) * GRAIN >= lattice::FAR) candidates[kept++] = candidates[k];
        }
        some = kept;
    }
}

// What a measure costs at lines [begin, end), by the lines around and their votes.
static void judge(const Facts& f, int begin, int end, int measure, bool few, int16_t* costs) {
    constexpr int AROUND = 8, WINDOW_LINES = 2 * AROUND + 1;
    const int from = std::max(0, begin - AROUND), to = std::min(f.n, end + AROUND), count = to - from;
    static_assert(Facts::BLOCK + 2 * AROUND <= 64, "one word");
    const uint64_t plain = voters(f.low + from, f.high + from, count, measure, ROUNDING).word[0];
    const uint64_t indented = voters(f.low_indented + from, f.high_indented + from, count, measure, ROUNDING).word[0];
    uint64_t twice = 0, prose = 0, wide = 0;
    for (int i = from; i < to; ++i) {
        twice |= uint64_t(f.lines_of[i] == 2) << (i - from);
        prose |= uint64_t(f.prose[i]) << (i - from);
        wide |= uint64_t(f.tight[i] > measure + CELL) << (i - from);
    }
    // Bit k: line begin - AROUND + k.
    const int up = from - (begin - AROUND);
    const auto placed = [&](uint64_t bits) { return bits << up; };
    const uint64_t a = placed(plain), b = placed(plain & twice), c = placed(indented), d = placed(plain & prose), e = placed(indented & prose),
                   w = placed(wide);
    constexpr uint64_t WINDOW_BITS = (uint64_t(1) << WINDOW_LINES) - 1;
    for (int i = begin; i < end; ++i) {
        const auto near = [&](uint64_t bits) { return __builtin_popcountll(bits >> (i - begin) & WINDOW_BITS); };
        const int support = near(a) + near(b) + near(c), in_prose = near(d) + near(e), wider = near(w);
        const auto field = [&](int shift) { return int(f.near[i] >> shift & 31); };
        const int mids = field(NEAR_MID);
        const bool stops = field(NEAR_STOPS) != 0;
        int cost = few ? 0 : SUPPORT_NEAR[std::min(support, 2)];
        // Is it a list? In fifths of a nat: half of the line ends of a column part words, and hardly a line ends elsewhere.
        const int hits = near(a | c), uncut = field(NEAR_UNCUT), parting = field(NEAR_PARTING);
        const int doubt = 3 * uncut - 10 * parting - 5 * std::max(0, hits - 2) + 2 * std::max(0, mids - hits);
        cost += field(NEAR_DAMAGED) ? 0 : DOUBT[(doubt >= 10) + (doubt >= 12)];
        cost += field(NEAR_STOP) ? 0 : UNENDED;
        cost += 8 * support < mids ? SUPPORT_SHARE[0] : 4 * support < mids ? SUPPORT_SHARE[1] : 2 * support < mids ? SUPPORT_SHARE[2] : 0;
        cost += wider > 2 * support ? WIDE_LINES : 0;
        cost += (5 * in_prose < 4 * support) & !stops & !few ? VERSE_COLUMN : 0;
        costs[i] = int16_t(cost);
    }
}

}  // namespace finding_columns

static void columns(Facts& f, int16_t* measures, bool few) {
    using namespace finding_columns;
    for (int begin = 0; begin < f.n; begin += Facts::BLOCK, measures += lattice::MEASURES) {
        const int end = std::min(f.n, begin + Facts::BLOCK);
        std::fill_n(measures, lattice::MEASURES, int16_t(lattice::NO_MEASURE));
        choose(f, std::max(0, begin - Facts::HALO), std::min(f.n, begin + Facts::BLOCK + Facts::HALO), measures);
        for (int k = 0; k < lattice::MEASURES && measures[k] != lattice::NO_MEASURE; ++k)
            judge(f, begin, end, measures[k], few, f.cost[k]);
    }
}
