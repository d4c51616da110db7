"""What must hold of every output, worked out apart from the library: its own tables, its own reading of the contract.

Each check returns None, or a sentence that says what is wrong.
"""
import unicodedata

# Equivalent_Unified_Ideograph of the CJK Radicals Supplement, Unicode 15.0, EquivalentUnifiedIdeograph.txt.
# Kangxi radicals and the two supplement radicals not listed have a compatibility decomposition.
_SUPPLEMENT = dict(zip(
    "⺁⺂⺃⺄⺅⺆⺇⺈⺉⺊⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺟⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺳⺴⺵⺶⺷⺸⺹⺺⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻟⻠⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳",
    "厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑𫜹忄心扌攵旡日月歺母民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟"))
# White space, and what `compat` drops: BOM, ZWSP, soft hyphen, word joiner, controls. Taken out of both sides.
_DROPPED = set("\ufeff\u200b\u00ad\u2060")
_CURRENCY = dict(zip("￠￡￥￦", "¢£¥₩"))
_VOICING = {"ﾞ": "\u3099", "ﾟ": "\u309a", "゛": "\u3099", "゜": "\u309a"}


def is_white(c):
    return c.isspace() or unicodedata.category(c) == "Cc"


def _compat(c):
    o = ord(c)
    if c in _SUPPLEMENT:
        return _SUPPLEMENT[c]
    if 0x2E80 <= o <= 0x2FDF:
        return unicodedata.normalize("NFKC", c)
    if 0xFE10 <= o <= 0xFE48 and c != "\ufe30":
        if c == "\ufe19":
            return "…"
        c = unicodedata.normalize("NFKC", c)
        return chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c
    if 0xF900 <= o <= 0xFAFF or 0x2F800 <= o <= 0x2FA1F:
        return unicodedata.normalize("NFD", c)
    return c


def _width(c):
    o = ord(c)
    if 0xFF01 <= o <= 0xFF5E:
        return chr(o - 0xFEE0)
    if c in _CURRENCY:
        return _CURRENCY[c]
    if c in _VOICING:
        return _VOICING[c]
    if 0xFF61 <= o <= 0xFF9F:
        return unicodedata.normalize("NFKD", c)
    if 0x3040 <= o <= 0x30FF:
        return unicodedata.normalize("NFD", c)
    return c


def canon(text, compat=True, width=True):
    """The characters that must survive, in one form: white space and dropped characters out, the table applied."""
    out = []
    for c in text:
        if c.isspace() or (compat and (c in _DROPPED or unicodedata.category(c) == "Cc")):
            continue
        if compat:
            c = _compat(c)
        if width:
            c = "".join(map(_width, c))
        out.append(c)
    return "".join(out)


def _show(text, at):
    return repr(text[max(0, at - 12):at + 12])


def nothing_lost(source, result, options=None, reordered=False):
    """Guarantee 1. With compat or width off, that part of the table is not granted."""
    options = options or {}
    table = dict(compat=options.get("compat", True), width=options.get("width", "contextual") != "none")
    a, b = canon(source, **table), canon(result, **table)
    if reordered:
        a, b = "".join(sorted(a)), "".join(sorted(b))
    if a == b:
        return None
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    return f"content differs at {at} of {len(a)}/{len(b)}: {_show(a, at)} became {_show(b, at)}"


def may_hold_grid(text):
    """Two lines or more of single characters with gaps between: a grid may be seen there, and read in columns."""
    rows = [line.split() for line in text.splitlines()]
    return sum(1 < len(row) <= 4 and all(len(cell) <= 4 for cell in row) for row in rows) > 1


def line_ends_kept(source, result):
    """No kind of line end is invented, none is added, and an open last line stays open."""
    def ends(text):
        crlf = text.count("\r\n")
        return {"\r\n": crlf, "\n": text.count("\n") - crlf, "\r": text.count("\r") - crlf}
    before, after = ends(source), ends(result)
    for kind in before:
        if after[kind] > before[kind]:
            return f"{after[kind]} line ends {kind!r}, the source has {before[kind]}"
    if source and not is_white(source[-1]) and source[-1] not in _DROPPED and result.endswith(("\n", "\r")):
        return "a line end was added at the end"
    return None


def utf8_ok(text):
    return not any("\ud800" <= c <= "\udfff" for c in text)


def alignment_holds(source, result, alignment, repairs, reordered=False, converted=False):
    """Guarantee 5 of a str: what an Alignment says of it, beside the plain result and the repairs that explain lists.

    reordered: there may be a grid; converted: by OpenCC, whose characters are not compared.
    """
    if alignment.text != result:
        return "the aligned text is not the result"
    to_source, to_output = alignment.to_source.tolist(), alignment.to_output.tolist()
    if (len(to_source), len(to_output)) != (len(result) + 1, len(source) + 1):
        return "one entry for each offset and the end"
    if (to_source[-1], to_output[-1]) != (len(source), len(result)):
        return "the ends are not aligned"
    for places, size in ((to_source, len(source)), (to_output, len(result))):
        if not 0 <= min(places) <= max(places) <= size:
            return "an offset outside of the text"
        if not reordered and any(a > b for a, b in zip(places, places[1:])):
            return "offsets run backwards"
    if not converted:
        wrong = _pairs_hold(source, result, to_source, to_output)
        if wrong:
            return wrong
    parts, at, spans = [], 0, alignment.spans.tolist()
    for begin, end, low, high in spans:
        parts += [source[at:begin], result[low:high]]
        at = end
    if "".join([*parts, source[at:]]) != result:
        return "the spans do not give the result"
    said = [(r.start, r.end, r.after, r.rule, r.confidence) for r in repairs]
    if said != [(b, e, result[low:high], rule, sure) for (b, e, low, high), rule, sure
                in zip(spans, alignment.rules.tolist(), alignment.confidences.tolist())]:
        return "the spans are not those of the repairs"
    return None


def _pairs_hold(source, result, to_source, to_output):
    """Every character with content comes from one that becomes it, and back."""
    kinds = {c: "" if is_white(c) else canon(c) for c in {*source, *result}}
    for i, c in enumerate(result):
        if not kinds[c]:
            continue
        j = to_source[i]
        # What several became begins with what its first one becomes.
        if not (kinds[source[j]] and kinds[c].startswith(kinds[source[j]])):
            return f"{_show(result, i)}: {c!r} is not from {source[j]!r}"
        if to_output[j] != i:
            return f"{_show(result, i)}: from {j}, which goes to {to_output[j]}"
    for j, c in enumerate(source):
        if not kinds[c]:
            continue
        i = to_output[j]
        if kinds[c] not in kinds[result[i]]:
            return f"{_show(source, j)}: {c!r} does not become {result[i]!r}"
        if to_source[i] != j and len(kinds[result[i]]) == 1:
            return f"{_show(source, j)}: goes to {i}, which is from {to_source[i]}"
    return None


def byte_alignment_agrees(source, result, points, octets, converted=False):
    """Of the UTF-8 of both: the first byte of each character with content is aligned with the first one of the character that
    it has in code points, or another one of it where several became one."""
    if octets.text != result.encode("utf8"):
        return "bytes: the aligned text is not the result"
    if converted:  # what OpenCC replaces by a phrase of another length has no pairs of characters
        return None
    (starts, of_source), (ends, of_result) = map(_byte_places, (source, result))
    pairs = [("to_source", result, ends, starts, of_source, octets.to_source, points.to_source),
             ("to_output", source, starts, ends, of_result, octets.to_output, points.to_output)]
    for name, text, here, there, of_there, found, wanted in pairs:
        found, wanted = found.tolist(), wanted.tolist()
        for i, c in enumerate(text):
            at, character = found[here[i]], wanted[i]
            if canon(c) and not is_white(c) and at != there[character] and (name == "to_source" or of_there[at] != character):
                return f"bytes: {name} of {c!r} differs from that of the str"
    return None


def _byte_places(text):
    """-> where each character begins in the UTF-8, its end included; the character of each byte."""
    starts, of_byte = [0], []
    for i, c in enumerate(text):
        of_byte += [i] * len(c.encode("utf8"))
        starts.append(len(of_byte))
    return starts, [*of_byte, len(text)]


def replay(source, repairs):
    """Apply repairs to their source (str or bytes); spans are in its own units. Checks order and `before` on the way."""
    out, at = [], 0
    for r in repairs:
        start, end = r.start, r.end
        assert at <= start <= end <= len(source), f"spans overlap, run backwards or out of the source: {r!r}"
        assert source[start:end] == r.before, f"before is not the source's text: {r!r} / {source[start:end]!r}"
        out += [source[at:start], r.after]
        at = end
    out.append(source[at:])
    return source[:0].join(out)
