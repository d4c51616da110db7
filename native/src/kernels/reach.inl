// One step of the Viterbi pass (unwrap.cpp), all measures at once; included once for each CPU path.

constexpr int UNREACHED = 1 << 29;  // more than a segment can cost; twice as much is a number too

static inline Unwrap::Way choose_way(Lanes where, const Unwrap::Way& a, const Unwrap::Way& b) {
    return {choose(where, a.cost, b.cost),
            {choose(where, a.open.width, b.open.width), choose(where, a.open.tight, b.open.tight)}};
}

// A cost without a state in its lowest bits.
static inline Lanes costing(int cost) { return all(cost << Unwrap::STATE_BITS); }
static inline Lanes cheaper(const Unwrap::Way& a, const Unwrap::Way& b) {  // whatever states they come from
    return (a.cost >> all(Unwrap::STATE_BITS)) < (b.cost >> all(Unwrap::STATE_BITS));
}

// last_ending: the last one that the line before has. may_be_piece: this one may be cut after a mark.
template <int last_ending, bool may_be_piece>
static inline void reach_from(const Unwrap::Row& row, const Unwrap::Step& last, Unwrap::Step& step) {
    using Way = Unwrap::Way;
    enum { END = Unwrap::END, FULL = Unwrap::FULL, PIECE = Unwrap::PIECE, OTHER_PIECE = Unwrap::OTHER_PIECE };
    const Unwrap::Open closed{all(0), all(0)};
    const Way unreached{all(UNREACHED), closed};
    const Lanes m{step.measures[0], step.measures[1], step.measures[2], step.measures[3]};
    const Lanes none = m < all(0);
    const bool column = step.count > 1;
    const bool freely_joined = row.joins_freely || (row.goes_on_title && (column || last.count > 1));
    const Lanes free = freely_joined ? costing(FREE_JOIN) : all(UNREACHED);

    // The cheapest ways into the line, by how the line before ended.
    Way entry[last_ending + 1];
    for (Way& way : entry) way = unreached;
    for (int y = 0; y < last.count; ++y) {
        Lanes part = all(0), join = free;
        if (y + 1 < last.count) {
            const Lanes wider = m - all(last.measures[y]);
            const Lanes apart = ~none & ((all(FAR - 1) < wider) | (wider < all(1 - FAR)));
            part = apart & costing(SWITCH_BETWEEN);
            join = choose(none, join, apart & costing(SWITCH_INSIDE));
        }
        for (int came = END; came <= last_ending; ++came) {
            const int state = Unwrap::state_of(came, y);
            const Lanes cost = costing(last.cost(state)) + all(state) + (came == END ? part : join);
            if (came < PIECE) {
                entry[came].cost = lesser(cost, entry[came].cost);
            } else {
                const Unwrap::Open& open = last.open[came - PIECE];
                const Way way{cost, {all(open.width[y]), all(open.tight[y])}};
                entry[came] = choose_way(cost < entry[came].cost, way, entry[came]);
            }
        }
    }

    Lanes ends = all(UNREACHED), full = all(UNREACHED);
    Way pieces[last_ending + 2];  // over a line that ended, with an indent or without, then over the others
    for (Way& way : pieces) way = unreached;
    const auto take = [&](int slot, bool goes_on, const Way& way) {
        if (!goes_on) {
            ends = lesser(way.cost, ends);
        } else if (may_be_piece) {
            const Lanes whole = way.open.width == all(0);
            full = lesser(choose(whole, way.cost, all(UNREACHED)), full);
            pieces[slot] = {choose(whole, all(UNREACHED), way.cost), way.open};
        } else {
            full = lesser(way.cost, full);
        }
    };
    const auto over = [&](int came, auto on) {
        constexpr bool goes_on = decltype(on)::value;
        const bool joined = came != END;
        const Lanes base = entry[came].cost + costing(joined ? row.to_join : row.to_break);
        if (goes_on && row.forced)  // a mark that cannot start a line was cut off
            return take(came + 1, true, {base, with(entry[came].open, row)});
        const Way freely{base + costing(free_cost(row, goes_on)), closed};
        if (!column) return take(came + 1, goes_on, freely);
        const auto fitting = [&](int slot, const Way& f, const Way& otherwise, int more) {
            const Lanes cost = base + ((f.cost + all(end_cost(row, joined, goes_on) + more)) << all(Unwrap::STATE_BITS));
            take(slot, goes_on, choose_way(none, otherwise, {cost, f.open}));
        };
        if (joined) {
            fitting(came + 1, fit<goes_on>(row, entry[came].open, m), freely, 0);
        } else if (row.indented) {
            fitting(1, first_fit<goes_on>(row, 0, m), freely, 0);
        } else {
            fitting(0, first_fit<goes_on>(row, INDENT, m), unreached, indent_cost(row, true, goes_on));
            fitting(1, first_fit<goes_on>(row, 0, m), freely, indent_cost(row, false, goes_on));
        }
    };
    for (int came = END; came <= last_ending; ++came) {
        over(came, std::false_type());
        if (row.can_go_on) over(came, std::true_type());
    }
    step.costs[END] = ends;
    step.costs[FULL] = full;
    step.last = row.can_go_on ? FULL : END;
    if (!may_be_piece) return;
    // The best way to a piece, and the best of those that leave the typeset line clearly more or less open.
    Way best = unreached, other = unreached;
    for (const Way& way : pieces) best = choose_way(cheaper(way, best), way, best);
    for (const Way& way : pieces) {
        const Lanes more = way.open.width - best.open.width;
        other = choose_way(cheaper(way, other) & ((all(CELL - 1) < more) | (more < all(1 - CELL))), way, other);
    }
    const auto keep = [&](int ending, const Way& way) {
        step.costs[ending] = way.cost;
        step.open[ending - PIECE] = way.open;
    };
    keep(PIECE, best);
    keep(OTHER_PIECE, other);
    step.last = OTHER_PIECE;
}

// Sets the ways to the states of a line, and its last ending, from the line before.
static void reach(const Unwrap::Row& row, const Unwrap::Step& last, Unwrap::Step& step) {
    const bool may_be_piece = row.can_go_on && (row.forced || row.may_be_cut);
    if (last.last == Unwrap::OTHER_PIECE)
        may_be_piece ? reach_from<Unwrap::OTHER_PIECE, true>(row, last, step)
                     : reach_from<Unwrap::OTHER_PIECE, false>(row, last, step);
    else if (last.last == Unwrap::FULL)
        may_be_piece ? reach_from<Unwrap::FULL, true>(row, last, step) : reach_from<Unwrap::FULL, false>(row, last, step);
    else
        may_be_piece ? reach_from<Unwrap::END, true>(row, last, step) : reach_from<Unwrap::END, false>(row, last, step);
}
