"""How often `--encoding auto` decides, and how often wrongly: beside chardet and charset-normalizer, if they are installed.

    python benchmarks/guessing.py

Lines and pages of the texts in tests/pages and benchmarks/quality/articles, in all encodings that can write them.
"""
from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import opencc

from hanflow._formats import guess

ROOT = Path(__file__).resolve().parent.parent
SIMPLIFIED = ("gb18030", "gbk", "utf-16-le", "utf-16-be")
TRADITIONAL = ("big5", "big5hkscs", "gb18030", "utf-16-le")
JAPANESE, KOREAN = ("cp932", "euc_jp", "utf-16-le"), ("cp949", "utf-16-be")
LANGUAGES = (("simplified", SIMPLIFIED), ("traditional", TRADITIONAL), ("traditional", ("EUC-TW",)), ("ja", JAPANESE), ("ko", KOREAN))

# Invented, for this benchmark.
JA = """昨日の夜、駅前の広場で小さな火事がありました。けが人はいませんでした。
来年の春から、市の図書館は夜九時まで開くことになりました。
この橋を渡ると、古い町並みが見えてきます。
市長は記者会見で、新しい計画について説明した。
雨のため、運動会は来週の日曜日に延期されます。
彼女は毎朝六時に起きて、庭の花に水をやっている。
コンピューターとインターネットの普及で、仕事の仕方が変わった。
食堂のメニューには、カレーライスとラーメンがあります。""".splitlines()
KO = """어제 저녁 역 앞 광장에서 작은 불이 났지만 다친 사람은 없었다.
내년 봄부터 시립 도서관은 밤 아홉 시까지 문을 연다.
이 다리를 건너면 오래된 마을이 보인다.
시장은 기자 회견에서 새로운 계획을 설명했다.
비가 와서 운동회는 다음 주 일요일로 연기되었습니다.
그는 매일 아침 여섯 시에 일어나 꽃에 물을 준다.
컴퓨터와 인터넷이 보급되면서 일하는 방식이 달라졌다.
식당에는 비빔밥과 냉면과 만두가 있습니다.""".splitlines()


def encoded(text: str, encoding: str) -> bytes | None:
    if encoding == "EUC-TW":  # which Python has no codec for
        done = subprocess.run(["iconv", "-f", "UTF-8", "-t", encoding], input=text.encode(), capture_output=True)
        return done.stdout if done.returncode == 0 else None
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return None


def texts(length: int) -> dict[str, list[str]]:
    """By language: lines (length 1) or pages of so many lines."""
    rng = random.Random(1)
    pages = sorted((ROOT / "tests/pages").glob("*.in.txt")) + sorted((ROOT / "benchmarks/quality/articles").glob("*.txt"))
    lines = [line.strip() for path in pages for line in path.read_text("utf-8").splitlines()]
    lines = sorted({line for line in lines if sum("\u4e00" <= char < "\ua000" for char in line) >= 8})
    rng.shuffle(lines)
    to_simplified, to_traditional = opencc.OpenCC("t2s"), opencc.OpenCC("s2t")

    def parted(lines: list[str]) -> list[str]:
        return ["\n".join(lines[at:at + length]) for at in range(0, len(lines) - length + 1, length)][:150]

    return {"simplified": parted([to_simplified.convert(line) for line in lines]),
            "traditional": parted([to_traditional.convert(line) for line in lines]),
            "ja": parted(JA * length if length > 1 else JA), "ko": parted(KO * length if length > 1 else KO)}


def hanflow_says(data: bytes) -> str | None:
    return guess.decided(data)[0]


def chardet_says(data: bytes) -> str | None:
    import chardet

    return chardet.detect(data)["encoding"]


def charset_normalizer_says(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    return best.encoding if best else None


def main() -> None:
    print(f"{'':38}{'right':>8}{'error':>8}{'wrong':>8}   of")
    for says in (hanflow_says, chardet_says, charset_normalizer_says):
        for length, name in ((1, "lines"), (30, "pages")):
            for language, encodings in LANGUAGES:
                counts: Counter[str] = Counter()
                for encoding in encodings:
                    for text in texts(length)[language]:
                        data = encoded(text, encoding)
                        if data is None or data.isascii():
                            continue
                        said = says(data)
                        try:
                            right = said is not None and data.decode(said) == text
                        except (LookupError, UnicodeError):
                            right = False
                        counts["right" if right else "error" if said is None else "wrong"] += 1
                        if "-v" in sys.argv and said is not None and not right:
                            print(encoding, said, text[:60])
                title = encodings[0] if encodings == ("EUC-TW",) else language
                total = sum(counts.values())
                shares = "".join(f"{100 * counts[kind] / total:8.1f}" for kind in ("right", "error", "wrong"))
                print(f"{says.__name__.replace('_says', ''):20}{name:6}{title:12}{shares}{total:5}", flush=True)


if __name__ == "__main__":
    main()
