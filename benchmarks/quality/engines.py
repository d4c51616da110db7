"""Four typesetters. reportlab and fpdf2 put the marks of compose.py on paper; typst and Chromium set the article themselves.

engine(article, rng, path, vertical) -> (layout, wrapped): the choices made, for the record, and the blocks that needed more
than a line. Fonts are looked up by file name among the system's fonts (see README.md for the Debian packages).
"""
import html
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

import compose
from article import Block

FONTS = {  # name -> (file, face); outlines that reportlab and fpdf2 can embed
    "zenhei": ("wqy-zenhei.ttc", 0),
    "microhei": ("wqy-microhei.ttc", 0),
    "uming": ("uming.ttc", 0),
    "ukai": ("ukai.ttc", 0),
}


@lru_cache(None)
def font_file(name):
    for path in Path("/usr/share/fonts").rglob(name):
        return path
    raise FileNotFoundError(name)


@lru_cache(None)
def metrics(name):
    """-> (code point -> advance in em), by fontTools."""
    from fontTools.ttLib import TTFont
    file, face = FONTS[name]
    font = TTFont(font_file(file), fontNumber=face, lazy=True)
    cmap, hmtx, em = font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm
    return {code: hmtx[glyph][0] / em for code, glyph in cmap.items()}


def covering(article, rng):
    """A font that has every character of the article."""
    need = {ord(c) for b in article.blocks for c in b.text if not c.isspace()}
    fit = [name for name in FONTS if need <= metrics(name).keys()]
    return rng.choice(fit)


def measured(font):
    table = metrics(font)
    return lambda char, size: table.get(ord(char), 0.5) * size


def placed(draw):
    def engine(article, rng, path, vertical):
        style = compose.style(rng, article, vertical)
        font = covering(article, rng)
        pages = compose.compose(article, style, measured(font))
        draw(pages, style, font, path)
        layout = {k: getattr(style, k) for k in ("cells", "columns", "size", "leading", "indent", "kern", "vertical", "pad", "squeeze",
                                                 "full", "pages", "folio", "run", "spaces", "titles_first")}
        return dict(layout, font=font), set().union(*(p.wrapped for p in pages))
    return engine


def runs(marks, style, metric):
    """Marks of one line as runs drawn in one go: [(x, y, size, text, spacing, bold)]."""
    if not style.run:
        return [(m.x, m.y, m.size, m.char, 0.0, m.bold) for m in marks]
    out = []
    for m in marks:
        if out:
            x, y, size, text, spacing, bold, end, last = out[-1]
            gap = m.x - end
            if y == m.y and size == m.size and abs(gap) < 0.6 * size and (spacing is None or abs(gap - spacing) < 0.02) and m.x > last:
                out[-1] = (x, y, size, text + m.char, gap if spacing is None else spacing, bold, m.x + metric(m.char, size), m.x)
                continue
        out.append((m.x, m.y, m.size, m.char, None, m.bold, m.x + metric(m.char, m.size), m.x))
    return [(x, y, size, text, spacing or 0.0, bold) for x, y, size, text, spacing, bold, _, _ in out]


def draw_reportlab(pages, style, font, path):
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas
    file, face = FONTS[font]
    if font not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(font, str(font_file(file)), subfontIndex=face))
    canvas = Canvas(path, invariant=1)
    for page in pages:
        canvas.setPageSize((page.width, page.height))
        for line in page.marks:
            for x, y, size, text, spacing, bold in runs(line, style, measured(font)):
                t = canvas.beginText(x, page.height - y)
                t.setFont(font, size)
                t.setCharSpace(spacing)
                t.setTextRenderMode(2 if bold else 0)
                t.textOut(text)
                canvas.drawText(t)
        canvas.showPage()
    canvas.save()


def draw_fpdf2(pages, style, font, path):
    from fpdf import FPDF
    file, face = FONTS[font]
    pdf = FPDF(unit="pt")
    pdf.add_font("f", fname=str(font_file(file)), **({"collection_font_number": face} if str(file).endswith("ttc") else {}))
    for page in pages:
        pdf.add_page(format=(page.width, page.height))
        for line in page.marks:
            for x, y, size, text, spacing, _ in runs(line, style, measured(font)):
                pdf.set_font("f", size=size)
                pdf.set_char_spacing(spacing)
                pdf.text(x, y, text)
    pdf.output(path)


# ---------------------------------------------------------------- the two that set text themselves
def name_cell(token, pad):
    return "\u3000".join(token) if pad else token


def byline(text, s):
    gap = "\u3000" if s.name_gap >= 1 else " "
    return gap.join(name_cell(token, pad) for token, pad in compose.names(text, s))


def grouped(article):
    """Blocks, the cells of a table as [[cells]]."""
    out = []
    for b in article.blocks:
        if b.row < 0:
            out.append(b)
        elif out and isinstance(out[-1], list):
            if out[-1][-1][0].row == b.row:
                out[-1][-1].append(b)
            else:
                out[-1].append([b])
        else:
            out.append([[b]])
    return out


CSS = """
@page {{ size: {width}pt {height}pt; margin: 24pt }}
body {{ margin: 0; font: {size}pt/{leading} {font}; text-autospace: {autospace}; text-spacing-trim: {trim}; line-break: {breaks}; width: {body}pt }}
.text {{ columns: {columns}; column-gap: {gutter}em; text-align: {justify} }}
p {{ margin: 0; text-indent: {indent}em }}
p.item {{ text-indent: {item} }} p.verse, p.credit, p.caption, p.byline {{ text-indent: 0 }}
p.verse {{ padding-left: {verse}em; text-align: left }} p.stanza {{ margin-top: 1em }}
p.credit {{ text-align: right }} p.caption {{ font-size: .9em; margin-top: 1em }} p.byline {{ text-align: {align} }}
h1 {{ font-size: {title}em; text-align: {align}; margin: 0 0 .3em; line-height: 1.25 }}
h2 {{ font-size: {head}em; text-align: {halign}; margin: .5em 0 .2em; letter-spacing: {spread}em }}
.kicker, .sub {{ text-align: {align}; text-indent: 0 }} .sub {{ font-size: 1.2em }}
.v {{ writing-mode: vertical-rl; text-orientation: {orientation}; float: {side}; max-height: {tall}pt; margin: 0 .5em; text-align: left }}
table {{ width: 100%; border-collapse: collapse }} td {{ padding: 0 .5em 0 0; white-space: nowrap }}
"""


def chromium(article, rng, path, vertical):
    s = compose.style(rng, article, vertical)
    lang = "zh-Hant" if article.lang == "zh-Hant" else "zh-Hans"
    family = rng.choice(["Noto Serif CJK", "Noto Sans CJK"]) + (" TC" if lang == "zh-Hant" else " SC")
    orientation = rng.choice(["mixed", "upright"])
    body = s.columns * s.cells * s.size + (s.columns - 1) * s.gutter * s.size
    vertical = lambda kind: s.vertical and (kind in ("headline", "sub") or kind == "byline" and s.byline_vertical)
    head, text, seen = [], [], set()
    titles = True
    for block in grouped(article):
        if isinstance(block, list):
            titles = False
            text.append("<table>" + "".join("<tr>" + "".join("<td>%s</td>" % html.escape(c.text) for c in row) + "</tr>" for row in block) + "</table>")
            continue
        kind, words = block.kind, html.escape(byline(block.text, s) if block.kind == "byline" else block.text)
        titles = titles and kind in compose.TITLES and kind not in seen
        seen.add(kind)
        tag = {"headline": "h1", "h": "h2"}.get(kind, "p")
        classes = kind + (" v" if titles and vertical(kind) else "") + (" stanza" if block.stanza else "")
        if titles and vertical(kind) and kind == "headline" and s.two_columns and " " in words:
            words = words.replace(" ", "<br>", 1)
        (head if titles else text).append('<%s class="%s">%s</%s>' % (tag, classes, words, tag))
    height = 4000
    if s.pages == 2:
        height = 600
    tall = rng.choice([200, 260, 320])
    css = CSS.format(width=body + 48 + (160 if s.vertical else 0), height=height, size=s.size, leading=s.leading, font='"%s"' % family,
                     autospace=rng.choice(["normal", "no-autospace"]), trim=rng.choice(["normal", "space-all", "trim-both"]),
                     breaks=rng.choice(["auto", "strict"]), body=body + (160 if s.vertical else 0), columns=s.columns, gutter=s.gutter,
                     justify=rng.choice(["justify", "justify", "justify", "left"]), indent=s.indent, item="%dem" % (0 if s.hang else s.indent),
                     verse=s.verse_indent, align={"centre": "center"}.get(s.title_align, "left"), title=s.title_size, head=s.head_size,
                     halign={"centre": "center"}.get(s.head_align, "left"), spread=s.head_spread, orientation=orientation,
                     side="left" if s.vertical == "left" else "right", tall=tall)
    page = '<!doctype html><html lang="%s"><meta charset="utf-8"><style>%s</style><body>%s<div class="text">%s</div></body></html>' % (
        lang, css, "".join(head), "".join(text))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(page, encoding="utf8")
        subprocess.run([browser(), "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", "--user-data-dir=" + folder + "/profile",
                        "--print-to-pdf=" + path, source.as_uri()], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
    layout = dict(cells=s.cells, columns=s.columns, size=s.size, leading=s.leading, indent=s.indent, vertical=s.vertical, pad=s.pad, font=family, pages=s.pages)
    return layout, {i for i, b in enumerate(article.blocks) if b.kind == "h" and compose.text_width(b.text) * (s.head_size + s.head_spread) > s.cells}


def browser():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def typst_text(text):
    for char in "\\#*_$@<>`~[]=-+/'\"":
        text = text.replace(char, "\\" + char)
    return text


def stack(text, spacing="0.12em", column="1em"):
    """A vertical column, one character a line; numbers lie."""
    parts = [p for word in compose.WORDS.findall(text) for p in ([word] if len(word) <= 2 else word)]
    cells = ",".join("v(0.8em)" if p.isspace() else "box(width: %s)[#set align(center)\n%s]" % (column, typst_text(p)) for p in parts)
    return "stack(dir: ttb, spacing: %s, %s)" % (spacing, cells)


def typst(article, rng, path, vertical):
    import typst as compiler
    s = compose.style(rng, article, vertical)
    hant = article.lang == "zh-Hant"
    family = rng.choice(["Noto Serif CJK", "Noto Sans CJK"]) + (" TC" if hant else " SC")
    autospace = rng.choice(["auto", "none"])
    body = s.columns * s.cells * s.size + (s.columns - 1) * s.gutter * s.size
    vertical = lambda kind: s.vertical and (kind in ("headline", "sub") or kind == "byline" and s.byline_vertical)
    align = "center" if s.title_align == "centre" else "left"
    head, side, text, seen, titles = [], [], [], set(), True
    for block in grouped(article):
        if isinstance(block, list):
            titles = False
            n = max(len(row) for row in block)
            by = ["1fr"] * (n - 1) + ["auto"]
            for row in block:
                cols = by if len(row) == n else ["1fr"] * (len(row) - 1) + ["auto"]
                text.append("#block(above: lead, below: lead, grid(columns: (%s,), %s))" % (",".join(cols), ",".join("[#set par(first-line-indent: 0em, justify: false)\n%s]" % typst_text(c.text) for c in row)))
            continue
        kind, words = block.kind, typst_text(byline(block.text, s) if block.kind == "byline" else block.text)
        titles = titles and kind in compose.TITLES and kind not in seen
        seen.add(kind)
        if titles and vertical(kind):
            size = {"headline": s.title_size, "sub": 1.2, "byline": 1.0}[kind]
            raw = byline(block.text, s) if kind == "byline" else block.text
            halves = raw.split(" ", 1) if kind == "headline" and s.two_columns else [raw]
            for half in halves:
                side.append("text(size: %sem, %s)" % (size, stack(half)))
            continue
        if titles:
            size = {"headline": s.title_size, "sub": 1.2, "byline": 1.0, "kicker": 1.1}[kind]
            weight = ', weight: "bold"' if kind == "headline" else ""
            head.append("#align(%s, text(size: %sem%s)[#set par(first-line-indent: 0em, justify: false)\n%s])" % (align, size, weight, words))
        elif kind in ("p", "q", "a") or kind == "item" and not s.hang:
            text.append(words)
        elif kind == "item":
            text.append("#par(first-line-indent: 0em, hanging-indent: 1.5em)[%s]" % words)
        elif kind == "verse":
            text.append("#block(above: %s, below: lead, inset: (left: %sem))[#set par(first-line-indent: 0em, justify: false)\n%s]" % ("1.6em" if block.stanza else "lead", s.verse_indent, words))
        else:
            how = {"credit": "right", "h": "center" if s.head_align == "centre" else "left", "caption": "left"}.get(kind, "center")
            size = {"h": s.head_size, "headline": 1.4, "caption": 0.9}.get(kind, 1.0)
            weight = ', weight: "bold"' if kind in ("h", "headline") else ""
            track = ", tracking: %sem" % s.head_spread if kind == "h" and s.head_spread else ""
            text.append("#block(above: 1em, below: 0.8em, width: 100%%, align(%s, text(size: %sem%s%s)[#set par(first-line-indent: 0em, justify: false)\n%s]))" % (how, size, weight, track, words))
    lead = round((s.leading - 1) * 0.9 + 0.15, 3)
    columned = "#columns(%d, gutter: %sem)[\n%s\n]" % (s.columns, s.gutter, "\n\n".join(text))
    if side:
        order = side[::-1]
        if s.vertical == "left":
            columned = "#grid(columns: (%s, 1fr), column-gutter: 0.8em, %s, [%s])" % (",".join(["auto"] * len(order)), ",".join(order), columned)
        else:
            columned = "#grid(columns: (1fr, %s), column-gutter: 0.8em, [%s], %s)" % (",".join(["auto"] * len(order)), columned, ",".join(order))
    side_width = sum({True: s.title_size}.get("size: %sem" % s.title_size in c, 1.2) * 1.0 + 0.8 for c in side) * s.size
    volume = sum(compose.text_width(b.text) + s.cells * 0.6 for b in article.blocks) / s.cells / s.columns * s.size * (1 + lead) * 1.25 + 30 * s.size
    height = "auto" if s.columns == 1 else "%dpt" % volume
    if s.pages == 2 and not side:
        height = "%dpt" % (volume * 0.55)
    source = """#set page(width: %dpt, height: %s, margin: 24pt)
#let lead = %sem
#set text(font: "%s", size: %spt, lang: "zh", region: "%s", cjk-latin-spacing: %s)
#set par(justify: %s, leading: lead, spacing: lead, first-line-indent: (amount: %dem, all: true))
%s

#v(0.5em)
%s
""" % (body + 48 + side_width, height, lead, family, s.size, "TW" if hant else "CN", autospace, rng.choice(["true", "true", "true", "false"]), s.indent, "\n\n".join(head), columned)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.typ"
        file.write_text(source, encoding="utf8")
        compiler.compile(str(file), output=path, format="pdf", font_paths=["/usr/share/fonts/opentype/noto"])
    layout = dict(cells=s.cells, columns=s.columns, size=s.size, leading=s.leading, indent=s.indent, vertical=s.vertical, pad=s.pad, font=family)
    return layout, {i for i, b in enumerate(article.blocks) if b.kind == "h" and compose.text_width(b.text) * (s.head_size + s.head_spread) > s.cells}


def folios(layout):
    """The running heads that the page was printed with, as blocks."""
    return [Block("folio", layout["folio"]) for _ in range(layout["pages"])] if layout.get("folio") else []


ALL = {"reportlab": placed(draw_reportlab), "fpdf2": placed(draw_fpdf2), "typst": typst, "chromium": chromium}


def present():
    out = {}
    for name, engine in ALL.items():
        if name == "chromium":
            if browser():
                out[name] = engine
            continue
        try:
            __import__({"fpdf2": "fpdf"}.get(name, name))
        except ImportError:
            continue
        out[name] = engine
    return out
