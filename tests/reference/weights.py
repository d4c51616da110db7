"""The evidence about a line end and its weights, in hundredths of a nat, so that they add up like negative log probabilities.

The same as native/src/evidence/weights.hpp, where benchmarks/quality/fit.py adjusts them; tests/test_weights.py holds them equal.
"""
# How a line ends.
# Sentence ends are rare in mid-column,
GOES_ON = {"mid": 5, "pause": 20, "open": 0, "close": 35, "colon": 10, "stop": 215, "credit": 700}
# ... and the last line of a paragraph nearly always ends a sentence.
LAST = {"mid": 430, "pause": 420, "open": 900, "close": 160, "colon": 350, "stop": 0, "credit": 5}
# A line alone may be a heading (no sentence end, no pause inside) or a paragraph of one line.
ALONE = {"mid": 200, "pause": 600, "open": 900, "close": 90, "colon": 470, "stop": 60, "credit": 10}
# Outside any measure: headings, verse and lists end as they like.
FREE_END = {"mid": 150, "pause": 335, "open": 900, "close": 40, "colon": 420, "stop": 30, "credit": 10}

# The width of a line, against the measure.
# A line that goes on although some q more than needed were left: none, up to 2, 4, 8, 16 q, more.
LOOSE = (0, 110, 160, 380, 345, 715)
OVER = 85  # each q wider than the measure
FULL_BY_CHANCE = 130  # a last line that happens to fill the column
LOST_INDENT = 20  # a first line is shorter by the indent that the extractor dropped
NO_INDENT = 250  # newspaper columns indent: a full first line is rare
FIRST_FULL = 100  # ... but not where it must begin a paragraph and is no heading
CUT = 155  # some extractors end a line after a mark
RAW_CUT = 45  # ... where many lines are
HEADING_CUT = 150  # ... and before opening ones; but a heading may stand there
RAW_STOP = 80  # a sentence ends in mid-paragraph, there
SWITCH_INSIDE = 220  # the measure changes inside a paragraph
SWITCH_BETWEEN = 105  # ... between two
FREE = 100  # a line that no measure explains
LEAVE = 50  # ... behind one that a measure does: headings, lists come in stretches

# The measure of a line, although ...
SUPPORT_NEAR = (200, 150, 0)  # no line near votes for it, one, more
SUPPORT_SHARE = (400, 200, 100)  # less than an eighth, a quarter, half as many vote as end in mid-sentence
DOUBT = (0, 100, 200)  # the line ends near part no words, as in a list: no doubt, some, much
UNENDED = 200  # no line near ends a sentence
WIDE_LINES = 200  # more than twice as many lines near are wider: whole paragraphs have no measure
VERSE_COLUMN = 300  # no sentence end is near, and few marks in the lines that vote

# The line goes on in the next one, although ...
FREE_JOIN = 370  # no measure supports it
ITEM = 685  # it starts like a list item,
DATELINE = 400  # ... a news item,
DASH = 100  # ... with a dash,
INDENTED = 425  # ... further in
ROW = 665  # one is a table row or byline
ROWLIKE = 250  # one is a row among rows
FOREIGN = 900  # program text, or two lines of Latin text
KEYS = 500  # both begin with a key and a colon
SPEAKER = 500  # the next line says who speaks
PARTED = 300  # a separator inside: a heading of two halves
SPACED_HEADING = 425  # letter-spaced alone, without marks
VERSE = 600  # a sentence ends there, and one is a couplet among couplets
ALIKE = 200  # both begin alike: with a number, 【, the same character
LIST = 700  # a list begins: the next two begin alike, behind a sentence end or a colon
TRAILING = 170  # white space at its end, which few lines around have
NOT_PROSE = 70  # no mark in both
UNCUT = 40  # no word is parted: half of all line ends part one
LEADING_MORE = 250  # two blank lines or more, where one is leading
BLANK = 255  # a blank line, where it parts paragraphs
BLANK_MORE = 100  # ... and each more, up to three

# The line ends there, although ...
CANNOT_START = 900  # a mark that cannot start a line does
QUOTED = 355  # a quotation opens in this line and closes in the next
CUT_WORD = 150  # Latin or digits stand on both sides
CUT_HAN = 350  # a word is parted
TITLE_CUT = 355  # ... in a title: its lines are not parted at random
SUBTITLE = 450  # a title line stands behind the one that a dash opens
CAPTION = 450  # a caption that 图为 opens has no sentence end yet
SEEN = 300  # the characters on both sides stand side by side in a line of the text
INDENTS = 150  # behind a sentence end, without an indent, where paragraphs have one
NO_BLANK = 175  # blank lines part paragraphs here, and there is none
REMAINDER = 755  # the next one is the rest of a title that was cut

MOST = 2000  # of the width of one line
