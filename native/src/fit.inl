// What a line costs by its width and its measure: four measures at once. Included in an anonymous namespace.

using namespace weights;

constexpr int FAR = 6;        // q; measures nearer than this are one measure
constexpr int OVER_FREE = 3;  // q that rounding and squeezed marks may hide
constexpr int STRETCH = 2;    // eighths of the measure that letter-spacing may fill
constexpr int OPEN_LIMIT = 1024;  // q, wider than any measure by far: more costs no more

// The cost of a line that goes on although `room` q more than needed were left.
static inline Lanes loose(Lanes room) {
    constexpr int MORE_THAN[] = {-1, 1, 3, 7, 15};
    Lanes cost = all(LOOSE[0]);
    for (int k = 0; k < 5; ++k) cost = cost + ((all(MORE_THAN[k]) < room) & all(LOOSE[k + 1] - LOOSE[k]));
    return cost;
}

// What is open behind the line.
static inline Unwrap::Open with(const Unwrap::Open& before, const Unwrap::Row& row) {
    return {lesser(before.width + all(row.width), all(OPEN_LIMIT)), lesser(before.tight + all(row.tight), all(OPEN_LIMIT))};
}

// before: what stands in lines before it of the same typeset line. The way leaves that open where the line was cut.
template <bool goes_on>
static inline Unwrap::Way fit(const Unwrap::Row& row, const Unwrap::Open& before, Lanes measure) {
    const Lanes over = all(row.tight) + before.tight - measure;
    const Lanes slack = measure - all(row.width) - before.width;
    Unwrap::Way f{lesser(greater(over - all(OVER_FREE), all(0)), all(MOST)) * all(OVER), {all(0), all(0)}};
    if constexpr (goes_on) {
        const Lanes room = slack - all(row.unit + row.dropped);
        if (row.spaced) {  // stretched, but not by more than a long word may leave
            f.cost = f.cost + loose(room - ((measure * all(STRETCH)) >> all(3)));
        } else if (row.may_be_cut) {
            const Lanes cut = all(row.raw ? RAW_CUT : CUT), full = loose(room), is_cut = ~(full < cut);
            const Unwrap::Open open = with(before, row);
            f.open = {is_cut & open.width, is_cut & open.tight};
            f.cost = f.cost + choose(is_cut, cut, full);
        } else {
            f.cost = f.cost + loose(room);
        }
    } else if (row.spaced) {
        f.cost = f.cost + all(row.stretched ? STRETCHED_LAST : row.marks ? SPACED_LAST : 0);
    } else {
        f.cost = f.cost + (all(FULL_BY_CHANCE) & (slack < all(row.unit)) & (over < all(OVER_FREE + 1)));
    }
    f.cost = lesser(f.cost, all(MOST));
    return f;
}

// ... of the first line of a paragraph.
template <bool goes_on>
static inline Unwrap::Way first_fit(const Unwrap::Row& row, int indent, Lanes measure) {
    Unwrap::Way f = fit<goes_on>(row, {all(indent), all(indent)}, measure);
    if (row.may_be_cut && row.end_kind == uint8_t(EndKind::mid))
        f.cost = f.cost + (all(HEADING_CUT) & ~(f.open.width == all(0)));
    return f;
}

// What the way a line ends costs, whatever its width.
static inline int end_cost(const Unwrap::Row& row, bool joined, bool goes_on) {
    if (goes_on && row.raw && row.end_kind == uint8_t(EndKind::stop)) return RAW_STOP;
    return (goes_on ? GOES_ON : joined ? LAST : ALONE)[row.end_kind];
}

// What it costs that the first line of a paragraph lost an indent, or never had one: little if those around are alike.
static inline int indent_cost(const Unwrap::Row& row, bool indented, bool goes_on) {
    return indented != row.flush ? LOST_INDENT : goes_on ? NO_INDENT : NO_INDENT / 2;
}

// ... that no measure explains the line.
static inline int free_cost(const Unwrap::Row& row, bool goes_on) {
    return FREE + (goes_on ? GOES_ON : FREE_END)[row.end_kind];
}
