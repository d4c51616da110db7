#!/usr/bin/env python3
"""Texts that need nothing but are easily joined, and wrapped paragraphs that must become whole: how often hanflow gets them wrong.

  harm.py                       both tables, a row for each kind
  harm.py --texts 400 --seed 3  other draws
  harm.py --show entries        some texts of a kind that lose a line end, with what became of them
  harm.py --floors              exit 1 where a kind lies over its floor

Lists are made of clauses of the articles: lines of their own, 3 to 10 of them, 8 to 35 cells wide, with a comma, 、, ； or 。 inside
and no mark at the end. A text is harmed when it loses a line end. Paragraphs are wrapped at 16 to 30 cells; those with a sentence
end at an inner line end are left out, since nothing says there whether they go on.
"""
import argparse
import random
import re
import sys

import article

# Floors, a little under what is reached; per cent of a kind, of all lists; of paragraphs.
WORST = 7, 2
WHOLE = {"full-width commas": 97.5, "with Latin": 98, "ASCII commas": 96, "ASCII commas, with Latin": 96}
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈沈韩杨朱秦许何吕张孔", ("文博", "小雨", "国强", "思远", "丽", "敏", "志刚", "秀兰", "明", "海燕", "春生", "立新")
EMOJI = "🎉📍⏰📞🚌🍜📷🎵🌧🏠📦💡"
LATIN = ("USB", "Wi-Fi", "Linux", "PDF", "Python", "HTML", "Debian", "GB", "App", "CPU", "Unicode", "email", "Office", "API", "Windows", "SQL")
TERMS = ("都江堰", "灵渠", "渡口", "石碾", "油坊", "水车", "驿站", "茶马古道", "义仓", "社火", "皮影", "蓝印花布", "木版年画", "榫卯", "砖雕", "祠堂")
LABELS = ("时间", "地点", "主办", "联系人", "电话", "名额", "费用", "要求", "对象", "备注", "编号", "内容", "规格", "材料", "产地", "用途")
PARTIES = "甲乙丙丁戊己庚"


# ---------------------------------------------------------------- clauses
def clauses():
    """-> (clauses of three to fourteen characters, paragraphs)"""
    found, paragraphs = [], []
    for one in article.load().values():
        if one.lang != "zh-Hans":
            continue
        for block in one.blocks:
            if block.kind in ("p", "q", "a", "caption"):
                text = block.solid
                paragraphs.append(text)
                found += [clause for clause in re.split("[，。；：、！？…—“”‘’「」（）《》〈〉]+", text) if 3 <= len(clause) <= 14]
    return sorted(set(found)), [text for text in paragraphs if len(text) >= 60]


class Draw:
    """Texts of the kinds, from one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.clauses, self.paragraphs = clauses()
        self.by_length = {}
        for clause in self.clauses:
            self.by_length.setdefault(len(clause), []).append(clause)

    def clause(self, length):
        """A clause of about so many characters."""
        near = min(self.by_length, key=lambda k: (abs(k - length), k))
        return self.random.choice(self.by_length[near])

    def line(self, cells, marks="，"):
        """Clauses with marks between, about so many cells wide, and no mark at the end."""
        out = []
        while cells > 2 or not out:
            most = min(14, max(3, cells - 1))
            length = self.random.randint(3, most) if cells > 16 else cells if cells <= 7 and out else self.random.randint(3, max(3, min(10, cells - 4)))
            out.append(self.clause(length))
            cells -= len(out[-1]) + 1
        return "".join(clause + self.random.choice(marks) for clause in out[:-1]) + out[-1]

    def widths(self):
        """How wide the lines of a list are, in cells."""
        middle, spread = self.random.randint(8, 35), self.random.choice((0, 1, 2, 3, 5, 8))
        return [max(8, min(35, middle + self.random.randint(-spread, spread))) for _ in range(self.random.randint(3, 10))]

    def name(self):
        return self.random.choice(SURNAMES) + self.random.choice(GIVEN)

    # ---- kinds of lists
    def list_of(self, opening, marks="，，，、", less=0):
        """Each line is what `opening(k)` says, and a clause."""
        return [opening(k) + self.line(max(5, cells - less), marks) for k, cells in enumerate(self.widths())]

    def commas(self): return self.list_of(lambda k: "", "，")
    def enumerations(self): return self.list_of(lambda k: "", "、，")
    def semicolons(self): return self.list_of(lambda k: "", "；，")
    def sentences(self): return self.list_of(lambda k: "", "。，")
    def plain(self): return [self.clause(self.random.randint(8, 14)) for _ in range(self.random.randint(3, 10))]

    def brackets(self):
        words = self.random.sample(LABELS, 8)
        return self.list_of(lambda k: "【" + words[k % 8] + "】", less=4)

    def dates(self):
        shape = self.random.choice(("%d月%d日，", "%d月%d日 ", "2031-%02d-%02d ", "%d.%d "))
        return self.list_of(lambda k: shape % (self.random.randint(1, 12), self.random.randint(1, 28)), less=5)

    def names(self):
        mark = self.random.choice(("，", "：", ": ", " "))
        return self.list_of(lambda k: self.name() + mark, less=4)

    def emoji(self): return self.list_of(lambda k: self.random.choice(EMOJI) + self.random.choice(("", " ")), less=1)

    def numbers(self):
        shape = self.random.choice(("%d ", "%d", "%02d ", "第%d条 ", "No.%d ", "(%d) ", "%d) "))
        return self.list_of(lambda k: shape % (k + 1), less=2)

    def led(self): return [self.sentence()] + self.list_of(lambda k: "", "，，、")
    def followed(self): return self.list_of(lambda k: "", "，，、") + [self.sentence()]

    def one_ends(self):
        """One of the lines ends in a mark."""
        lines = self.commas()
        lines[self.random.randrange(len(lines))] += self.random.choice("！。？…")
        return lines

    def sentence(self):
        """A line that ends as it likes, but not in mid-sentence."""
        return self.line(self.random.randint(10, 35)) + self.random.choice("。。：！")

    def blanks(self): return "\n\n".join(self.commas()).split("\n")

    def chat(self):
        hour, style = self.random.randint(8, 22), self.random.choice(("[%02d:%02d] %s: ", "%02d:%02d %s：", "[2031-03-02 %02d:%02d] %s: ", "%02d:%02d %s "))
        people = [self.name() for _ in range(3)]
        return self.list_of(lambda k: style % (hour, 5 + 4 * k, self.random.choice(people)), less=8)

    def forum(self):
        style = self.random.choice(("%d楼 ", "%d楼：", "%d樓：", "#%d ", "%dF "))
        return self.list_of(lambda k: style % (k + 1), less=3)

    def entries(self):
        words, dash = self.random.sample(TERMS, 10), self.random.choice(("——", "——", "：", " - ", "，", "……"))
        return self.list_of(lambda k: words[k] + dash, less=6)

    def fields(self):
        words, colon = self.random.sample(LABELS, 10), self.random.choice("：：:")
        return [words[k] + colon + self.line(max(3, cells - 4), "，、；") for k, cells in enumerate(self.widths())]

    def captions(self):
        style = self.random.choice(("图%d：", "图%d ", "图为", "照片%d，", "上图："))
        return self.list_of(lambda k: style % (k + 1) if "%" in style else style, less=3)

    def reviews(self): return self.list_of(lambda k: "", "，！，，")

    def steps(self):
        style = self.random.choice(("先", "再", "第%s步，", "步骤%s "))
        return self.list_of(lambda k: style % "一二三四五六七八九十"[k] if "%" in style else ("先", "再", "然后", "接着", "最后")[k % 5], less=3)

    def verse(self):
        cells, count = self.random.randint(8, 14), self.random.randint(4, 10)
        ends = self.random.choice(("，。", "；；", "，，", ("", "")))
        return [self.line(cells + self.random.randint(-2, 2), "，") + ends[k % 2] for k in range(count)]

    def parties(self):
        pad = self.random.choice(("", "　　", " "))
        return [PARTIES[k] + pad + "方：" + self.line(max(5, self.random.randint(6, 14)), "、，") for k in range(self.random.randint(3, 7))]

    LISTS = ("commas", "enumerations", "semicolons", "sentences", "plain", "brackets", "dates", "names", "emoji", "numbers", "blanks", "chat", "forum",
             "entries", "fields", "captions", "reviews", "steps", "verse", "parties")

    HARDER = ("led", "followed", "one_ends")  # a sentence ends somewhere near: shown, no part of the floors

    # ---- wrapped paragraphs
    def paragraph(self, ascii_commas, latin):
        """-> (lines, the paragraph), or None where a sentence ends at an inner line end."""
        text = self.random.choice(self.paragraphs)[:self.random.randint(60, 260)]
        text = re.sub("[^。！？]*$", "", text)
        if len(text) < 40:
            return None
        if not latin:
            text = re.sub("[A-Za-z0-9.%]+", lambda found: "".join(self.random.choice("一二三四五六七八九十") for _ in found[0][:2]), text)
        else:
            spots = sorted(self.random.sample(range(2, len(text) - 3), max(1, len(text) // 30)), reverse=True)
            for at in spots:
                if all("一" <= c <= "龥" for c in text[at - 1:at + 1]):
                    text = text[:at] + self.random.choice(LATIN) + text[at:]
        if ascii_commas:
            text = text.replace("，", ",").replace("；", ";").replace("：", ":")
        indent, printed = self.random.choice(((0, ""), (0, ""), (2, ""), (2, "　　"), (2, "  ")))
        lines = wrap(text, self.random.randint(16, 30), indent, self.random.choice(("hangs", "moves", "stays")))
        if len(lines) < 3 or any(line[-1] in "。！？…”）" for line in lines[:-1]):
            return None
        lines[0] = printed + lines[0]
        return lines, text


NO_START, NO_END = "，。；：、！？…—”’」』）》〉,;:", "“‘「『（《〈"


def wrap(text, cells, indent, mark):
    """The lines of a paragraph; a mark that cannot start a line hangs, moves with the character before it, or stays where it falls."""
    tokens = re.findall(r"[A-Za-z0-9.%\-]+[,;:]?|.", text)
    width = lambda token: sum(1 if ord(c) < 0x2000 else 2 for c in token)  # noqa: E731
    lines, line, room = [], [], 2 * cells - 2 * indent
    for token in tokens:
        if line and width("".join(line)) + width(token) > room:
            over = [token]
            if token in NO_START and mark == "hangs" and line[-1] not in NO_START:
                line, over = line + over, []
            elif token in NO_START and mark == "moves":
                while len(line) > 1 and over[0] in NO_START:
                    over.insert(0, line.pop())
            while len(line) > 1 and line[-1] in NO_END:
                over.insert(0, line.pop())
            lines.append("".join(line))
            line, room = over, 2 * cells
        else:
            line.append(token)
    return [kept for kept in lines + ["".join(line)] if kept]


# ---------------------------------------------------------------- measuring
def harmed(normalize, lines):
    """Whether the text loses a line end."""
    return sum(bool(line) for line in normalize("\n".join(lines) + "\n").splitlines()) < sum(bool(line) for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=300, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", help="a kind")
    parser.add_argument("--floors", action="store_true")
    a = parser.parse_args()
    import hanflow
    normalize, sunk, shown = hanflow.Normalizer(), [], 0

    def show(kind, lines):
        nonlocal shown
        if a.show == kind and shown < 12:
            shown += 1
            print("\n".join(lines), "\n->\n" + normalize("\n".join(lines) + "\n"))

    draw, total = Draw(a.seed), 0
    print("| lists | lose a line end, % |\n|---|---:|")
    for kind in Draw.LISTS + Draw.HARDER:
        bad = 0
        for _ in range(a.texts):
            lines = getattr(draw, kind)()
            if harmed(normalize, lines):
                bad += 1
                show(kind, lines)
        total += bad if kind in Draw.LISTS else 0
        print("| %s | %.1f |" % (kind, 100 * bad / a.texts))
        if 100 * bad > WORST[0] * a.texts and kind in Draw.LISTS:
            sunk.append(kind)
    print("| all but the last three | %.1f |" % (100 * total / a.texts / len(Draw.LISTS)))
    if 100 * total > WORST[1] * a.texts * len(Draw.LISTS):
        sunk.append("all lists")
    print("\n| wrapped paragraphs | whole, % |\n|---|---:|")
    for kind in WHOLE:
        whole = count = 0
        while count < a.texts:
            made = draw.paragraph("ASCII" in kind, "Latin" in kind)
            if made is None:
                continue
            count += 1
            if len(normalize("\n".join(made[0]) + "\n").splitlines()) == 1:
                whole += 1
            else:
                show(kind, made[0])
        print("| %s | %.1f |" % (kind, 100 * whole / count))
        if 100 * whole < WHOLE[kind] * count:
            sunk.append(kind)
    if a.floors and sunk:
        sys.exit("under the floor: " + ", ".join(sunk))


if __name__ == "__main__":
    main()
