"""Characters that only a font or an old encoding made: radicals, compatibility ideographs, vertical forms, invisible ones."""
from . import tables as T


def edits(page):
    if not page.options.compat:
        return []
    out = []
    for line in page.lines:
        if line.literal or line.blank:
            continue
        for i in range(line.begin, line.end):
            if page.cls[i] == T.DROP:
                out.append((i, i + 1, "", "compat"))
            else:
                target = T.compat_target(page.cps[i])
                if target:
                    out.append((i, i + 1, chr(target), "compat"))
    return out
