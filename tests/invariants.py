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
