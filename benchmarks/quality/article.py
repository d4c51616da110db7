"""The articles: blocks of text with their kinds, and what counts as a legitimate space in them.

A source line is "@kind text"; a line without a kind is a paragraph. The cells of a @row are parted by " | " and become
a block each, with the number of their row. An empty @verse is the gap between two stanzas.
"""
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "articles"
TITLES = ("kicker", "headline", "sub", "byline")
BODY = ("p", "q", "a", "item")  # set to a measure, wrapped
ROLES = {"记者", "本报记者", "见习记者", "通讯员", "文", "图", "摄", "文/图", "文/摄", "整理", "记者", "綜合報導", "專題報導",
         "連線報導", "記者", "院长", "发自海州", "厨娘", "禾丰食品有限公司董事长", "读者", "爱哭鬼"}


@dataclass
class Block:
    kind: str
    text: str
    row: int = -1  # cells of one row share a number
    stanza: bool = False  # a gap before this verse

    @property
    def solid(self):
        return "".join(self.text.split())


@dataclass
class Article:
    name: str
    lang: str
    blocks: list


def load():
    """-> {name: Article}, in the order of the files."""
    articles, rows, stanza = {}, 0, False
    for path in sorted(FOLDER.glob("*.txt")):
        for line in path.read_text(encoding="utf8").splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("==="):
                _, name, lang = line.split()
                assert name not in articles, name
                article = articles[name] = Article(name, lang, [])
                continue
            kind, _, text = line[1:].partition(" ") if line.startswith("@") else ("p", "", line)
            text = text.strip()
            if kind == "verse" and not text:
                stanza = True
            elif kind == "row":
                article.blocks += [Block("cell", cell.strip(), rows) for cell in text.split(" | ")]
                rows += 1
            else:
                assert kind in TITLES + BODY + ("h", "verse", "caption", "credit") and text, (article.name, line)
                article.blocks.append(Block(kind, text, stanza=stanza))
                stanza = False
    return articles
