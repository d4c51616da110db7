// One step of the Viterbi pass (unwrap.cpp), all measures at once; included once for each CPU path.

constexpr int IN_COST = 4;            // bits of a cost that tell the state of the line before
constexpr int UNREACHED = 1 << 29;    // more than a segment can cost; twice as much is a number too

// last_ending: the last ending that the line before has. is_piece: this one may be cut after a mark.
template <int last_ending, bool may_be_piece>
static inline void reach_from(const Unwrap::Row& row, const Unwrap::Step& last, const Unwrap::States& before, Unwrap::Step& step,
                              Unwrap::States& now) {
    using Open = Unwrap::Open;
    enum { END = Unwrap::END, FULL = Unwrap::FULL, PIECE = Unwrap::PIECE, OTHER_PIECE = Unwrap::OTHER_PIECE };
    const Open closed{all(0), all(0)};
    const Lanes m{step.measures[0], step.measures[1], step.measures[2], step.measures[3]};
    const Lanes none = m < all(0);
    const bool column = step.count > 1;
    const int free = row.joins_freely || (row.goes_on_title && (column || last.count > 1)) ? FREE_JOIN << IN_COST : UNREACHED;

    // The cheapest ways into the line, by how the line before ended.
    Lanes entry[last_ending + 1];
    Open open[last_ending + 1];
    for (int came = END; came <= last_ending; ++came) {
        entry[came] = all(UNREACHED);
        open[came] = closed;
    }
    for (int y = 0; y < last.count; ++y) {
        Lanes part = all(0), join = all(free);
        if (y + 1 < last.count) {
            const Lanes wider = m - all(last.measures[y]);
            const Lanes apart = ~none & ((all(FAR - 1) < wider) | (wider < all(1 - FAR)));
            part = apart & all(SWITCH_BETWEEN << IN_COST);
            join = choose(none, join, apart & all(SWITCH_INSIDE << IN_COST));
        }
        for (int came = END; came <= last_ending; ++came) {
            const Lanes cost = all((before.cost[came][y] & -16) | (4 * came + y)) + (came == END ? part : join);
            if (came >= PIECE) {
                const Lanes cheaper = cost < entry[came];
                open[came].width = choose(cheaper, all(before.open[came].width[y]), open[came].width);
                open[came].tight = choose(cheaper, all(before.open[came].tight[y]), open[came].tight);
            }
            entry[came] = lesser(cost, entry[came]);
        }
    }

    Lanes ends = all(UNREACHED), full = all(UNREACHED);
    Lanes piece_cost[last_ending + 2];  // ways to a piece: over a line that ended, with an indent or without, then the others
    Open piece_open[last_ending + 2];
    for (int slot = 0; may_be_piece && slot < last_ending + 2; ++slot) {
        piece_cost[slot] = all(UNREACHED);
        piece_open[slot] = closed;
    }
    const auto take = [&](int slot, bool goes_on, Lanes cost, const Open& left) {
        if (!goes_on) {
            ends = lesser(cost, ends);
        } else if (may_be_piece) {
            const Lanes whole = left.width == all(0);
            full = lesser(choose(whole, cost, all(UNREACHED)), full);
            piece_cost[slot] = choose(whole, all(UNREACHED), cost);
            piece_open[slot] = left;
        } else {
            full = lesser(cost, full);
        }
    };
    const auto over = [&](int came, auto on) {
        constexpr bool goes_on = decltype(on)::value;
        const bool joined = came != END;
        const Lanes base = entry[came] + all((joined ? row.to_join : row.to_break) << IN_COST);
        if (goes_on && row.forced)  // a mark that cannot start a line was cut off
            return take(came + 1, true, base, with(open[came], row));
        const Lanes freely = base + all(free_cost(row, goes_on) << IN_COST);
        if (!column) return take(came + 1, goes_on, freely, closed);
        const auto fitting = [&](int slot, const Fit& f, Lanes otherwise, int more) {
            const Lanes cost = base + ((f.cost + all(end_cost(row, joined, goes_on) + more)) << all(IN_COST));
            take(slot, goes_on, choose(none, otherwise, cost), {~none & f.open.width, ~none & f.open.tight});
        };
        if (joined) {
            fitting(came + 1, fit<goes_on>(row, open[came], m), freely, 0);
        } else if (row.indented) {
            fitting(1, first_fit<goes_on>(row, 0, m), freely, 0);
        } else {
            fitting(0, first_fit<goes_on>(row, INDENT, m), all(UNREACHED), indent_cost(row, true, goes_on));
            fitting(1, first_fit<goes_on>(row, 0, m), freely, indent_cost(row, false, goes_on));
        }
    };
    for (int came = END; came <= last_ending; ++came) {
        over(came, std::false_type());
        if (row.can_go_on) over(came, std::true_type());
    }
    now.cost[END] = step.sources[END] = ends;
    now.cost[FULL] = step.sources[FULL] = full;
    now.last = row.can_go_on ? FULL : END;
    if (!may_be_piece) return;
    // The best way to a piece, and the best of those that leave the typeset line clearly more or less open.
    Lanes best = all(UNREACHED), other = all(UNREACHED);
    Open best_open = closed, other_open = closed;
    for (int slot = 0; slot < last_ending + 2; ++slot) {
        const Lanes better = (piece_cost[slot] >> all(IN_COST)) < (best >> all(IN_COST));
        best = choose(better, piece_cost[slot], best);
        best_open.width = choose(better, piece_open[slot].width, best_open.width);
        best_open.tight = choose(better, piece_open[slot].tight, best_open.tight);
    }
    for (int slot = 0; slot < last_ending + 2; ++slot) {
        const Lanes more = piece_open[slot].width - best_open.width;
        const Lanes better = ((piece_cost[slot] >> all(IN_COST)) < (other >> all(IN_COST))) &
                             ((all(CELL - 1) < more) | (more < all(1 - CELL)));
        other = choose(better, piece_cost[slot], other);
        other_open.width = choose(better, piece_open[slot].width, other_open.width);
        other_open.tight = choose(better, piece_open[slot].tight, other_open.tight);
    }
    now.cost[PIECE] = step.sources[PIECE] = best;
    now.cost[OTHER_PIECE] = step.sources[OTHER_PIECE] = other;
    now.open[PIECE] = best_open;
    now.open[OTHER_PIECE] = other_open;
    now.last = OTHER_PIECE;
}

// What Unwrap::States says, for a line behind another one.
static void reach(const Unwrap::Row& row, const Unwrap::Step& last, const Unwrap::States& before, Unwrap::Step& step,
                  Unwrap::States& now) {
    const bool may_be_piece = row.can_go_on && (row.forced || row.may_be_cut);
    if (before.last == Unwrap::OTHER_PIECE)
        may_be_piece ? reach_from<Unwrap::OTHER_PIECE, true>(row, last, before, step, now)
                     : reach_from<Unwrap::OTHER_PIECE, false>(row, last, before, step, now);
    else if (before.last == Unwrap::FULL)
        may_be_piece ? reach_from<Unwrap::FULL, true>(row, last, before, step, now)
                     : reach_from<Unwrap::FULL, false>(row, last, before, step, now);
    else
        may_be_piece ? reach_from<Unwrap::END, true>(row, last, before, step, now)
                     : reach_from<Unwrap::END, false>(row, last, before, step, now);
}
