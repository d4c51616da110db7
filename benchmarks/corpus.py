"""The texts that the benchmarks run on: made once, the same on every machine, kept in benchmarks/.cache (not in git).

    python benchmarks/corpus.py            makes the 16 MiB and says what is in them

How they are made. First come the pages that real engines and extractors made: tests/pages and quality/data, 1.3 MB. They
stand once each. The rest is new pages: a block for each block of an article of quality/articles, taken at random; a paragraph
gets clauses from all paragraphs of its script, sentences with quotation marks stay whole, every number is drawn anew, every
name of a byline is put together from characters of names: no paragraph stands twice. quality/compose.py sets the new article
as a newspaper does (measure, kinsoku, spread lines, padded names, vertical titles, tables, full-width digits), and read_back()
prints it as an extractor would, so that damage stands where it stands on real pages: a gap where the spread shows, blank lines
for leading, one character a line for what is vertical, and on some pages Kangxi radicals, gaps between the words that OCR
guesses, lines that end after each mark, or spaces between all characters. The pages are then shuffled.

Texts longer than 16 MiB are the same pages in a new order for each round: nothing repeats within 16 MiB, which is more than what
caches and branch predictors remember.

web() is made of the same clauses: each paragraph in one line, with the Latin words, numbers, addresses and signs that the web has
between Han. code() is source text: this project's, then the standard library's.
"""
from __future__ import annotations

import hashlib
import os
import random
import re
import sys
import sysconfig
import unicodedata
from functools import lru_cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CACHE = HERE / ".cache"
MIB = 1 << 20
PAGE = 21_000  # bytes of a newspaper page
LITTLE = MIB // 4
sys.path.insert(0, str(HERE / "quality"))

import article as articles  # noqa: E402
import compose  # noqa: E402

MARK = re.compile(r"(?<=[，；])")
SENTENCE = re.compile(r"[^。！？]+[。！？]+[”」’』）]*")
QUOTES = re.compile("[“”‘’「」『』（）《》]")
ITEM = re.compile(r"(?:[•·-] ?|[（(]?[\d一二三四五六七八九十]{1,3}[）).．、] ?)?")
NUMBER = re.compile(r"\d+")
RADICALS = {form: chr(code) for code in range(0x2F00, 0x2FD6) if len(form := unicodedata.normalize("NFKC", chr(code))) == 1}
SPACED = re.compile(r"(?<=[^\x00-\x7f\s])(?=[^\s])|(?<=\S)(?=[^\x00-\x7f\s])")
TURN = str.maketrans("“”「」——", "﹁﹂﹁﹂︱︱")


# ---------------------------------------------------------------- new articles
def is_name(token: str) -> bool:
    return 2 <= len(token) <= 3 and token not in articles.ROLES


class Writer:
    """Puts the articles' words together anew."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.sources = list(articles.load().values())
        self.seen: set[str] = set()
        self.whole: dict[str, list[str]] = {}  # script -> sentences that must stay as they are
        self.inner: dict[str, list[str]] = {}  # script -> clauses that another follows
        self.final: dict[str, list[str]] = {}  # script -> clauses that end a sentence
        self.short: dict[tuple[str, str], list[str]] = {}  # (script, kind) -> titles, verses, captions, ...
        names = set()
        for source in self.sources:
            for block in source.blocks:
                self.short.setdefault((source.lang, block.kind), []).append(block.text)
                if block.kind in ("byline", "credit"):
                    names.update(token for token in re.split(r"[\s（）/]+", block.text) if is_name(token))
                for sentence in SENTENCE.findall(block.text) if block.kind in articles.BODY else ():
                    if QUOTES.search(sentence):
                        self.whole.setdefault(source.lang, []).append(sentence)
                        continue
                    *inner, final = MARK.split(sentence)
                    self.inner.setdefault(source.lang, []).extend(inner)
                    self.final.setdefault(source.lang, []).append(final)
        self.first = sorted({name[0] for name in names})
        self.given = sorted({char for name in names for char in name[1:]})

    def sentence(self, lang: str) -> str:
        if self.rng.random() < 0.25:
            return self.rng.choice(self.whole[lang])
        return "".join(self.rng.choices(self.inner[lang], k=self.rng.randint(1, 3))) + self.rng.choice(self.final[lang])

    def paragraph(self, lang: str, length: int) -> str:
        out = ""
        while len(out) < length or out in self.seen:
            out += self.sentence(lang)
        self.seen.add(out)
        return out

    def name(self, match: re.Match[str]) -> str:
        token = match.group()
        return self.rng.choice(self.first) + "".join(self.rng.choices(self.given, k=len(token) - 1)) if is_name(token) else token

    def block(self, lang: str, model: articles.Block) -> articles.Block:
        text = model.text
        if model.kind in articles.BODY:
            length = int(len(text) * self.rng.uniform(0.6, 1.6))
            text = self.paragraph(lang, length)
            if model.kind == "item":
                text = ITEM.match(model.text).group() + text
        elif model.kind in ("byline", "credit"):
            text = re.sub(r"[^\s（）/]+", self.name, text)
        elif model.row < 0:
            text = self.rng.choice(self.short[lang, model.kind])
        text = NUMBER.sub(lambda match: str(self.rng.randint(10 ** (len(match.group()) - 1), 10 ** len(match.group()) - 1)), text)
        return articles.Block(model.kind, text, model.row, model.stanza)

    def article(self) -> articles.Article:
        model = self.rng.choice(self.sources)
        return articles.Article(model.name, model.lang, [self.block(model.lang, block) for block in model.blocks])


# ---------------------------------------------------------------- set and read back
def advance(char: str, size: float) -> float:
    """The width of a Latin character, as in common fonts."""
    return size * (0.28 if char in ".,;:'|!il1 " and char != "1" else 0.55)


def read_back(pages: list[compose.Page], style: compose.Style, rng: random.Random) -> str:
    """What an extractor prints of the page: lines by their height, gaps where the room between two characters shows."""
    threshold = rng.choice([0.1, 0.12, 0.2, 0.3, 9.0])  # of a cell; PyMuPDF prints no gap for spread letters
    leading = style.leading >= 1.5 and rng.random() < 0.4  # blank lines, as from pdfminer
    kangxi = rng.random() < 0.12
    ocr = rng.random() < 0.04
    cut = rng.random() < 0.08  # lines end after marks
    spread = rng.random() < 0.06  # a space between all characters
    out: list[str] = []
    for page in pages:
        for marks in page.marks:
            lines: dict[float, list[compose.Mark]] = {}
            for mark in marks:
                lines.setdefault(round(mark.y, 1), []).append(mark)
            tall = len(lines) > 1
            for line in lines.values():
                line.sort(key=lambda mark: mark.x)
                text, end = "", line[0].x
                for mark in line:
                    room = (mark.x - end) / mark.size
                    if text and room > threshold and not text.endswith((" ", "\u3000")) and not mark.char.isspace():
                        text += " " if room < 3 else "    "
                    elif text and room > 0.8 and not mark.char.isspace():
                        text += " "
                    text += mark.char
                    end = mark.x + (advance(mark.char, mark.size) if mark.char < "\u0100" else mark.size)
                if tall:
                    text = text.translate(TURN) if rng.random() < 0.2 else text
                elif spread:
                    text = SPACED.sub(" ", text)
                elif ocr:
                    text = "".join(char + " " * (char > "\x7f" and rng.random() < 0.5) for char in text)
                elif cut:
                    text = re.sub(r"(?<=[，。；])(?=\S)", "\n", text)
                out.append(text.rstrip() if rng.random() < 0.9 else text + " ")
                if leading and not tall:
                    out.append("")
            if tall:
                out.append("")
        out.append("\f" if rng.random() < 0.1 else "")
    text = "\n".join(out).replace("\n\f\n", "\n\f")
    return "".join(RADICALS.get(char, char) for char in text) if kangxi else text


def made(writer: Writer, rng: random.Random) -> bytes:
    article = writer.article()
    style = compose.style(rng, article, rng.choice(["", "", "right", "left"]))
    return read_back(compose.compose(article, style, advance), style, rng).encode()


# ---------------------------------------------------------------- texts
def real() -> list[bytes]:
    folders = (ROOT / "tests/pages", HERE / "quality/data/fit", HERE / "quality/data/held")
    return [path.read_bytes() for folder in folders for path in sorted(folder.glob("*.in.txt"))]


def bundles(documents: list[bytes]) -> list[bytes]:
    """Documents one behind the other, up to a page. Each ends in a blank line, as if it had a place of its own on the page."""
    pages, page = [], bytearray()
    for document in documents:
        page += document.rstrip(b"\n") + b"\n\n"
        if len(page) >= PAGE:
            pages.append(bytes(page))
            page.clear()
    return [*pages, bytes(page)] if page else pages


@lru_cache(None)
def sources() -> str:
    """Tells the texts that are made of these scripts, articles and pages from others."""
    scripts = [Path(__file__), Path(compose.__file__), Path(articles.__file__), *sorted(articles.FOLDER.glob("*.txt"))]
    return hashlib.sha256(b"\0".join([path.read_bytes() for path in scripts] + real())).hexdigest()[:12]


def keep(path: Path, text: bytes) -> None:
    """In the cache, in place of the same text of older sources."""
    CACHE.mkdir(exist_ok=True)
    (CACHE / ".gitignore").write_text("*\n")
    for old in CACHE.glob(path.name.rpartition("-")[0] + "-*.bin"):
        old.unlink()
    part = path.with_suffix(f".{os.getpid()}")
    part.write_bytes(text)
    part.replace(path)


@lru_cache(None)
def pages(size: int = 16 * MIB) -> tuple[bytes, ...]:
    """Shuffled pages of about 21 KB of damaged text, all different: `size` bytes of UTF-8 or slightly more, 16 MiB at most.

    The pages of a smaller size are the first ones of the larger, except below LITTLE, which a smoke test makes by itself.
    """
    whole = 16 * MIB if size > LITTLE else LITTLE
    path = CACHE / f"pages-{whole}-{sources()}.bin"
    if not path.exists():
        rng = random.Random(4)
        writer = Writer(rng)
        documents = real() if whole > LITTLE else real()[::32]
        length = sum(map(len, documents))
        while length < whole:
            documents.append(made(writer, rng))
            length += len(documents[-1])
        rng.shuffle(documents)
        keep(path, b"\0".join(bundles(documents)))
    out: list[bytes] = []
    length = 0
    for page in path.read_bytes().split(b"\0"):
        if length >= size:
            break
        out.append(page)
        length += len(page)
    return tuple(out)


@lru_cache(2)
def damaged(size: int = 16 * MIB) -> bytes:
    """Damaged text of exactly `size` bytes, or a few less where a character would be cut."""
    rng, once = random.Random(5), list(pages(min(size, 16 * MIB)))
    out, length = list(once), sum(map(len, once))
    while length < size:
        rng.shuffle(once)
        out += once
        length += sum(map(len, once))
    return whole_characters(b"".join(out)[:size])


def whole_characters(text: bytes) -> bytes:
    """Without the piece of a character at the end."""
    end = len(text)
    while end and text[end - 1] & 0xC0 == 0x80:
        end -= 1
    return text if text[end - 1:].decode("utf-8", "ignore") else text[:end - 1]


WORDS = ("Python", "GitHub", "Wi-Fi", "GPU", "iPhone 15 Pro", "Web 2.0", "CO₂", "App Store", "Ubuntu 24.04", "VS Code",
         "5G", "AI", "Linux", "https://example.org/news/{}", "@weather_{}", "v{}.2", "{} km", "{}%", "{} 万", "2024-{}")
SIGNS = ("·", "℃", "±", "①", "→", "™", "é", "😀", "★", "…", "《》", "~", "&", "×")
NINTH = 0.09  # of the lines hold a sign that is no word's
TITLE = 0.12  # of the lines are titles


@lru_cache(2)
def web(size: int = 16 * MIB) -> bytes:
    """Prose as the web has it: a paragraph in a line, nothing wrapped; at least `size` bytes."""
    path = CACHE / f"web-{size}-{sources()}.bin"
    if path.exists():
        return path.read_bytes()
    rng = random.Random(8)
    writer = Writer(rng)
    languages = sorted(writer.final)
    out, length = [], 0
    lang, gap, blank = "", "", "\n"
    while length < size:
        if not out or rng.random() < 0.02:  # another page
            lang, gap, blank = rng.choice(languages), rng.choice(["", " "]), rng.choice(["\n", "\n\n"])
        if rng.random() < TITLE:
            text = rng.choice(writer.inner[lang])[:-1]
        else:
            text = writer.paragraph(lang, rng.randint(60, 400))
            for _ in range(rng.randint(0, len(text) // 60)):  # words, some of them with a space on both sides
                at = rng.randrange(len(text))
                text = text[:at] + gap + rng.choice(WORDS).format(rng.randint(1, 99)) + gap + text[at:]
            if rng.random() < NINTH:
                at = rng.randrange(len(text))
                text = text[:at] + rng.choice(SIGNS) + text[at:]
        out.append(text + blank)
        length += len(out[-1].encode())
    text = "".join(out).encode()
    keep(path, text)
    return text


def code(size: int = 4 * MIB) -> bytes:
    """Source text: at most `size` bytes."""
    ours = [path for folder in ("src", "native/src", "tests", "benchmarks") for path in sorted((ROOT / folder).rglob("*.*"))
            if path.suffix in (".py", ".pyx", ".cpp", ".hpp", ".inl")]
    out, length = [], 0
    for path in (*ours, *sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py"))):
        if length >= size:
            break
        try:
            text = path.read_bytes()
            text.decode()
        except (OSError, UnicodeDecodeError):
            continue
        out.append(text)
        length += len(text)
    return whole_characters(b"".join(out)[:size])


@lru_cache(2)
def clean(size: int = 16 * MIB) -> bytes:
    """Text without damage: what hanflow makes of the damaged text. Somewhat shorter than `size`."""
    import hanflow

    return hanflow.normalize(damaged(size))


@lru_cache(2)
def lines(count: int = 1_000_000, shortest: int = 12, longest: int = 24) -> list[str]:
    """So many lines of the pages; those of a million are 18 characters long on average."""
    rng, out = random.Random(6), []
    text = damaged(16 * MIB if count > 1000 else LITTLE).decode()
    some = [line for line in text.split("\n") if shortest <= len(line) <= longest]
    while len(out) < count:
        rng.shuffle(some)
        out += some
    return out[:count]


def describe(text: str) -> str:
    rows = text.split("\n")
    share = lambda found: f"{100 * found / len(text):.2f} %"
    return "\n".join([
        f"bytes {len(text.encode())}, characters {len(text)}, lines {len(rows)}",
        f"gaps {share(len(re.findall('[ 　]+', text)))}, line ends {share(len(rows))}, of characters",
        f"full-width {share(len(re.findall('[０-９Ａ-Ｚ]', text)))}, radicals {share(len(re.findall('[⺀-⿟]', text)))}",
        f"blank lines {100 * sum(not row.strip() for row in rows) / len(rows):.1f} %, of one character "
        f"{100 * sum(len(row.strip()) == 1 for row in rows) / len(rows):.1f} % of lines",
        f"paragraphs of 40 characters or more that stand twice: {repeated(text)}",
    ])


def repeated(text: str) -> int:
    import hanflow

    long = [line for line in hanflow.normalize(text).split("\n") if len(line) >= 40]
    return len(long) - len(set(long))


if __name__ == "__main__":
    print(describe(damaged().decode()))
