"""What the language says of a line end between two Han: does it part a word?

The table is native/src/text/tables/word_pairs.inc, which names its sources: data that both sides read.
"""
from pathlib import Path


TABLE = Path(__file__).resolve().parents[2] / "native/src/text/tables/word_pairs.inc"
HAN = range(0x4E00, 0xA000)
# Particles that lean on the word before them, and words that lean on the one behind them: neither headings nor paragraphs
# begin with the former or end in the latter. Simplified, as the table folds.
LEANS_BACK = frozenset("的了着们")
LEANS_ON = frozenset("的把被和与及从向对让将于在")


def _read():
    rows = [line[2:-3] for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith('u"')]
    end = rows.index("")
    return {a + b for a, *rest in rows[:end] for b in rest}, dict(rows[end + 1:])


PAIRS, SIMPLIFIED = _read()


def in_word(x, y):
    return ord(x) in HAN and ord(y) in HAN and SIMPLIFIED.get(x, x) + SIMPLIFIED.get(y, y) in PAIRS


def is_word(text):
    """Each two characters that follow each other stand inside words."""
    return len(text) > 1 and all(map(in_word, text, text[1:]))


def cut_between(x, y):
    """"word": a line end between x and y parts a word, or a particle from its word. "none": nothing that the table knows.
    "unknown": no Han on one side. x, y: code points as they become under compat."""
    if ord(x) not in HAN or ord(y) not in HAN:
        return "unknown"
    leans = SIMPLIFIED.get(x, x) in LEANS_ON or SIMPLIFIED.get(y, y) in LEANS_BACK
    return "word" if in_word(x, y) or leans else "none"
