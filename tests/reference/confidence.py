"""How sure a repair is, in per cent; options.min_confidence leaves the less sure ones out.

Of a joined line end it follows from the weights: what the path would cost more if only this line ended a paragraph. Of the
others it is the kind's own. The same as native/src/decide/confidence.hpp.
"""
CERTAIN = 100  # a character's own rule, or what the caller asked for
MARK_GAP = 99  # a gap at a CJK mark
RUN = 95  # one-character lines that follow each other
SPREAD = 95  # a gap in a letter-spaced line
LATIN = 90  # a gap at a Latin letter, digit or sign
NAMES = 85  # names parted from each other; a padded name
GRID = 85
GAP = 85  # any other gap
HALF_LINES = 75  # two lines that are halves of a heading
HALVES = 70  # a vertical title parted in halves

# Per cent, and the least margin in hundredths of a nat for it: 100 / (1 + exp(-margin / 100)).
ODDS = ((99, 460), (98, 389), (97, 348), (95, 294), (90, 220), (85, 173), (80, 139), (75, 110), (70, 85), (60, 41))


def of_margin(margin):
    return next((percent for percent, least in ODDS if margin >= least), 50)
