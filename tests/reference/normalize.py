"""All stages in order; the repairs as one list over the source; the text they give."""
from . import compat, spacing, width
from .layout import Layout
from .page import Options, Page

PASSES = 16


def repairs(text, **options):
    """-> list of (begin, end, replacement, rule), in source order, not overlapping."""
    page = Page(text, Options(**options))
    edits = compat.edits(page) + width.edits(page)
    for segment in page.segments:
        layout = Layout(page, segment)
        edits += spacing.edits(page, layout)
        edits += layout.edits()
    return merge(sorted(edits, key=lambda edit: (edit[0], edit[0] != edit[1], -edit[1], edit[3] in ("compat", "width"))))


def merge(edits):
    out = []
    for edit in edits:
        if out and edit[0] < out[-1][1]:
            if edit[1] <= out[-1][1]:
                continue  # inside what a larger repair replaces
            raise AssertionError((out[-1], edit))
        out.append(edit)
    return out


def once(text, **options):
    out, at = [], 0
    for begin, end, replacement, _ in repairs(text, **options):
        out.append(text[at:begin])
        out.append(replacement)
        at = end
    out.append(text[at:])
    return "".join(out)


def normalize(text, **options):
    """Passes until nothing changes: what one pass repaired is evidence for the next."""
    for _ in range(PASSES):
        result = once(text, **options)
        if result == text:
            break
        text = result
    return text
