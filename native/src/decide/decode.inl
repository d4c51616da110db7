// The Viterbi pass in lanes (lattice.hpp); included once for each CPU path. The including file defines in this namespace a vector V
// of 16-bit numbers, V::LANES of them, with
//   V(int): the same everywhere;  static V load(const int16_t*);  void store(int16_t*) const: aligned
//   add(a, b), sub(a, b): saturating;  min, max;  and_, or_;  times(a, b): the lower halves;  quarter(a)
//   Mask with operators & | ~;  greater(a, b) -> Mask;  choose(Mask, a, b);  mask_of(V): where its top bit is set
//   transpose(const Row* const* rows, int16_t* out): field f of row r goes to out[f * LANES + r]
//   loose(V room): the cost of a line that goes on although `room` q more than needed were left, shifted; by L of decode_costs.inl

// A way into or out of a line: what it costs and where it comes from, and what stands open before the line.
struct Way {
    V cost, width, tight;
};

static inline Way cheaper(Way a, Way b) {  // of equal ones the first
    const auto second = greater(a.cost, b.cost);
    return {min(a.cost, b.cost), choose(second, b.width, a.width), choose(second, b.tight, a.tight)};
}

struct States {
    V cost[STATES];
    V width[2][INDEXES], tight[2][INDEXES];  // that pieces leave open
};

// The rows of up to V::LANES runs, so that field f of step t stands at ((t * FIELDS) + f) * LANES.
static void lay_out(const Run* runs, int count, int steps, int16_t* to) {
    static const Row nothing{};
    Row first[V::LANES];  // no step leads to them
    const Row* rows[V::LANES];  // where row 0 of each run would stand in step 0
    int begin[V::LANES], end[V::LANES];
    for (int lane = 0; lane < V::LANES; ++lane) {
        begin[lane] = end[lane] = steps;
        if (lane >= count) continue;
        const Run& run = runs[lane];
        begin[lane] = WARM_UP - run.own;
        end[lane] = begin[lane] + run.lines;
        first[lane] = run.rows[0];
        first[lane].join = first[lane].part = 0;
        rows[lane] = run.rows;
    }
    const Row* here[V::LANES];
    for (int t = 0; t < steps; ++t) {
        for (int lane = 0; lane < V::LANES; ++lane)
            here[lane] = t < begin[lane] || t >= end[lane] ? &nothing : t == begin[lane] ? &first[lane] : rows[lane] + (t - begin[lane]);
        transpose(here, to + size_t(t) * FIELDS * V::LANES);
    }
}

// One line in all lanes. changed: the measures may be others than those of the line before.
template <bool changed>
static inline void step(const int16_t* rows, const int16_t* rows_before, States& s, int16_t* out) {
    const auto field = [&](size_t offset) { return V::load(rows + offset / 2 * V::LANES); };
#define FIELD(name) field(offsetof(Row, name))
    const V width = FIELD(width), tight = FIELD(tight), unit = FIELD(unit), need = FIELD(need);
    const V join = FIELD(join), part = FIELD(part), free_join = FIELD(free_join), stays = FIELD(stays), cut = FIELD(cut), lost = FIELD(lost);
    const auto spaced = mask_of(FIELD(spaced)), forced = mask_of(FIELD(forced));
    V measure[MEASURES], cost[MEASURES];
    for (int k = 0; k < MEASURES; ++k) {
        measure[k] = V::load(rows + (offsetof(Row, measure) / 2 + k) * V::LANES);
        cost[k] = V::load(rows + (offsetof(Row, cost) / 2 + k) * V::LANES);
    }
    const int INSIDE = shifted(weights::SWITCH_INSIDE), BETWEEN = shifted(weights::SWITCH_BETWEEN), LEAVES = shifted(weights::LEAVE);
    const int BY_CHANCE = shifted(weights::FULL_BY_CHANCE), MOST = shifted(weights::MOST), OVER = shifted(weights::OVER);
    const int FAR_OVER = (MOST + OVER - 1) / OVER;  // q: more costs no more

    // The cheapest way into each measure, and into none, by how the line before ended.
    Way in[ENDINGS][INDEXES];
    V far[MEASURES][MEASURES];  // all bits: measure k of this line is another one than j of the line before
    if (changed)
        for (int k = 0; k < MEASURES; ++k)
            for (int j = 0; j < MEASURES; ++j) {
                const V before = V::load(rows_before + (offsetof(Row, measure) / 2 + j) * V::LANES);
                const V apart = max(sub(before, measure[k]), sub(measure[k], before));
                far[k][j] = choose(greater(apart, V(FAR - 1)), V(-1), V(0));
            }
    for (int came = 0; came < ENDINGS; ++came) {
        const V* const from = s.cost + came * INDEXES;
        const bool piece = came >= PIECE;
        const auto way = [&](int j, V c) {
            return piece ? Way{c, s.width[came - PIECE][j], s.tight[came - PIECE][j]} : Way{c, V(0), V(0)};
        };
        const V more = came == END ? part : join, other = V(came == END ? BETWEEN : INSIDE);
        const auto first = [&](Way a, Way b) { return piece ? cheaper(a, b) : Way{min(a.cost, b.cost), V(0), V(0)}; };
        for (int k = 0; k < MEASURES; ++k) {
            Way best{V(NEVER), V(0), V(0)};
            for (int j = 0; j < MEASURES; ++j) {
                const V c = changed ? add(from[j], and_(far[k][j], other)) : j == k ? from[j] : add(from[j], other);
                best = first(best, way(j, c));
            }
            best.cost = add(best.cost, more);
            // From outside of any measure.
            const V outside = came == END ? add(from[MEASURES], part) : add(from[MEASURES], free_join);
            in[came][k] = first(best, way(MEASURES, outside));
        }
        Way best = way(0, add(from[0], V(LEAVES)));
        for (int j = 1; j < INDEXES; ++j) best = first(best, way(j, j < MEASURES ? add(from[j], V(LEAVES)) : from[j]));
        best.cost = add(best.cost, came == END ? part : free_join);
        in[came][MEASURES] = best;
    }

    // The ways out.
    const V on = FIELD(on), last = FIELD(last), alone = FIELD(alone);
    V floor(NEVER);
    States next;
    for (int k = 0; k < INDEXES; ++k) {
        const bool none = k == MEASURES;
        V ends(NEVER), full(NEVER);
        Way offers[ENDINGS + 1];  // as pieces: an indent that was lost, then by how the line before ended
        for (int way = 0; way <= ENDINGS; ++way) {
            const bool indent = way == 0;
            const int came = indent ? END : way - 1;
            const Way& entry = in[came][k];
            Way& offer = offers[way];
            offer = entry;
            if (none) {
                if (indent) {
                    offer.cost = V(NEVER);
                    continue;
                }
                ends = min(ends, add(entry.cost, FIELD(free_off)));
                full = min(full, choose(forced, V(NEVER), add(entry.cost, FIELD(free_on))));
                offer.cost = choose(forced, entry.cost, V(NEVER));
                offer.cost = add(offer.cost, stays);
                continue;
            }
            const V before = indent ? lost : entry.width, before_tight = indent ? lost : entry.tight;
            const V base = add(entry.cost, cost[k]);
            const V over = sub(add(tight, before_tight), add(measure[k], V(OVER_FREE)));
            const V too_wide = min(times(min(max(over, V(0)), V(FAR_OVER)), V(OVER)), V(MOST));
            const V common = add(base, too_wide);
            const V slack = sub(measure[k], before);
            // It ends its paragraph.
            const auto by_chance = greater(unit, sub(slack, width)) & ~greater(over, V(0)) & ~spaced;
            V off = add(common, choose(by_chance, V(BY_CHANCE), V(0)));
            off = add(off, came == END ? alone : last);
            if (came == END) off = add(off, indent ? FIELD(indent_off) : FIELD(full_off));
            ends = min(ends, off);
            // It goes on.
            const V room = sub(slack, need);
            const V looseness = loose(sub(room, choose(spaced, quarter(measure[k]), V(0))));
            const auto is_piece = ~greater(cut, looseness) & ~spaced;
            V start = common;
            if (came == END) start = add(start, indent ? FIELD(indent_on) : FIELD(full_on));
            start = add(start, on);
            full = min(full, choose(is_piece, V(NEVER), add(start, looseness)));
            V piece = add(start, cut);
            if (came == END) piece = add(piece, FIELD(heading));
            piece = choose(is_piece, piece, V(NEVER));
            piece = choose(forced, indent ? V(NEVER) : base, piece);
            offer = Way{add(piece, stays), before, before_tight};
        }
        full = add(full, stays);
        // Of pieces the best one, and the best one that leaves the typeset line clearly more or less open.
        Way best = offers[0];
        for (int way = 1; way <= ENDINGS; ++way) best = cheaper(best, offers[way]);
        Way other{V(NEVER), V(0), V(0)};
        for (int way = 0; way <= ENDINGS; ++way) {
            const V apart = max(sub(offers[way].width, best.width), sub(best.width, offers[way].width));
            Way offer = offers[way];
            offer.cost = choose(greater(apart, V(CELL - 1)), offer.cost, V(NEVER));
            other = cheaper(other, offer);
        }
        next.cost[END * INDEXES + k] = ends;
        next.cost[FULL * INDEXES + k] = full;
        next.cost[PIECE * INDEXES + k] = best.cost;
        next.cost[OTHER_PIECE * INDEXES + k] = other.cost;
        const auto open = [](V before, V more) { return min(add(before, more), V(OPEN_LIMIT)); };
        next.width[0][k] = open(best.width, width);
        next.tight[0][k] = open(best.tight, tight);
        next.width[1][k] = open(other.width, width);
        next.tight[1][k] = open(other.tight, tight);
        floor = min(min(floor, min(ends, full)), min(best.cost, other.cost));
    }
#undef FIELD
    floor = and_(floor, V(~15));
    for (int state = 0; state < STATES; ++state) {
        const V c = next.cost[state];
        c.store(out + state * V::LANES);
        const V above = sub(and_(c, V(~15)), floor);
        V kept = choose(greater(above, V(FORGOTTEN)), V(UNREACHED), above);
        if (state == END * INDEXES + MEASURES) kept = min(above, V(FORGOTTEN));
        s.cost[state] = or_(kept, V(state));
    }
    for (int p = 0; p < 2; ++p)
        for (int k = 0; k < INDEXES; ++k) {
            s.width[p][k] = next.width[p][k];
            s.tight[p][k] = next.tight[p][k];
        }
}

static void decode(const Run* runs, size_t count, Scratch& scratch) {
    int16_t *const rows = scratch.aligned_rows(), *const states = scratch.aligned_states();
    constexpr size_t ROWS = size_t(FIELDS) * V::LANES, OUT = size_t(STATES) * V::LANES;
    for (size_t at = 0; at < count; at += V::LANES) {
        const int lanes = int(count - at < size_t(V::LANES) ? count - at : V::LANES);
        int steps = 0;
        bool begins = false;  // a text begins in some lane
        alignas(64) int16_t begin[V::LANES] = {};
        for (int lane = 0; lane < lanes; ++lane) {
            const Run& run = runs[at + lane];
            steps = std::max(steps, WARM_UP - run.own + run.lines);
            begin[lane] = run.own ? 0 : -1;
            begins |= !run.own;
        }
        lay_out(runs + at, lanes, steps, rows);
        States s;
        const auto start = [&](V where) {
            const auto here = mask_of(where);
            for (int state = 0; state < STATES; ++state)
                s.cost[state] = choose(here, V(state == END * INDEXES + MEASURES ? state : UNREACHED | state), s.cost[state]);
        };
        for (V& v : s.cost) v = V(0);
        for (int p = 0; p < 2; ++p)
            for (int k = 0; k < INDEXES; ++k) s.width[p][k] = s.tight[p][k] = V(0);
        start(V(-1));
        for (int t = 0; t < steps; ++t) {
            if (t == WARM_UP && begins) start(V::load(begin));
            const int16_t* const row = rows + size_t(t) * ROWS;
            if (t % COLUMN_BLOCK == WARM_UP && t)
                step<true>(row, row - ROWS, s, states + size_t(t) * OUT);
            else
                step<false>(row, row, s, states + size_t(t) * OUT);
        }
        // Back from the cheapest state at the end of each lane.
        for (int lane = 0; lane < lanes; ++lane) {
            const Run& run = runs[at + lane];
            const int first = WARM_UP - run.own;
            int t = first + run.lines - 1, state = 0;
            const auto cost = [&](int k) { return states[size_t(t) * OUT + size_t(k) * V::LANES + lane]; };
            for (int k = 1; k < STATES; ++k)
                if (cost(k) >> COST_BITS < cost(state) >> COST_BITS) state = k;
            for (; t >= WARM_UP; --t) {
                if (t - WARM_UP < run.count) run.states[t - WARM_UP] = uint8_t(state);
                state = cost(state) & 15;
            }
        }
    }
}

