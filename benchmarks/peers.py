"""What users would pick instead of hanflow, on the same work, in one run; and how much of it each gets wrong.

    pip install -r benchmarks/peers.txt        each is optional: what is missing is named and left out
    python benchmarks/peers.py [--quick] [--task NAME] [--out FOLDER]

Four tasks, each on its own text with a known right answer:

width     full-width letters and digits to ASCII, and nothing else: clean text whose letters and digits were made full-width
spacing   gaps between characters that are not ASCII: clean text, every line without a gap of its own spread by spaces
whole     gaps, width, radicals, joined lines: damaged pages; right are paragraphs of the held pages, as the scorer of
          benchmarks/quality counts them
t2s, s2t  traditional and simplified: right is what OpenCC gives

Every row gets the whole text at once, except where its name says otherwise. Speed is MB of UTF-8 of the input in a second of CPU time,
whether a peer takes str or bytes. A peer below about 10 MB/s gets the first MiB only.
"""
from __future__ import annotations

import argparse
import difflib
import importlib.metadata
import re
import shutil
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional

import corpus
import hanflow
import pipelines
from measure import RESULTS, check, race, record, table

Function = Callable[[Any], Any]
FULL = {half: full for full, half in pipelines.ALNUM.items()}
SPREAD = re.compile(r"(?<=[^\x00-\x7f])(?=[^\x00-\x7f])")
OFF: dict[str, Any] = {"compat": False, "width": "none", "spacing": "none", "vertical": False, "unwrap": False}


class Peer(NamedTuple):
    name: str
    package: str  # whose version is written down; "" for Python itself, "!name" for a program
    make: Callable[[], Function]
    takes: type = str


# ---------------------------------------------------------------- full-width to half-width
def hanflow_with(**options: Any) -> Callable[[], Function]:
    return lambda: hanflow.Normalizer(**options)


def numpy_width() -> Function:
    import numpy as np

    def convert(text: str) -> str:
        units = np.frombuffer(text.encode("utf-16-le"), np.uint16).copy()
        for first, last in ((0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A)):
            units -= ((units - np.uint16(first)) <= last - first) * np.uint16(0xFEE0)
        return units.tobytes().decode("utf-16-le")

    return convert


def polars_width() -> Function:
    import polars

    keys, values = list(pipelines.ALNUM), list(pipelines.ALNUM.values())
    return lambda text: polars.Series([text]).str.replace_many(keys, values)[0]


def pyarrow_nfkc() -> Function:
    import pyarrow
    import pyarrow.compute

    return lambda text: pyarrow.compute.utf8_normalize(pyarrow.array([text]), "NFKC")[0].as_py()


def icu_nfkc() -> Function:
    import icu

    form = icu.Normalizer2.getNFKCInstance()
    return lambda text: str(form.normalize(text))


def stringzilla_nfkc() -> Function:
    import stringzilla

    return lambda data: stringzilla.utf8_norm(data, "NFKC")


def tokenizers_nfkc() -> Function:
    from tokenizers import normalizers

    return normalizers.NFKC().normalize_str


def mojimoji_width() -> Function:
    import mojimoji

    return lambda text: mojimoji.zen_to_han(text, kana=False)


def jaconv_width() -> Function:
    import jaconv

    return lambda text: jaconv.z2h(text, kana=False, ascii=True, digit=True)


def ftfy_width() -> Function:
    from ftfy.fixes import fix_character_width

    return fix_character_width


def ftfy_all() -> Function:
    import ftfy

    return ftfy.fix_text


def neologdn_lines() -> Function:
    import neologdn

    return lambda text: "\n".join([neologdn.normalize(line) for line in text.split("\n")])


def chained(text: str) -> str:
    for full, half in pipelines.ALNUM.items():
        text = text.replace(full, half)
    return text


def width_runs() -> Function:
    runs, to = re.compile("[０-９Ａ-Ｚａ-ｚ]+"), str.maketrans(pipelines.ALNUM)
    return lambda text: runs.sub(lambda match: match[0].translate(to), text)


WIDTH = [
    Peer("hanflow, bytes", "hanflow", hanflow_with(**{**OFF, "width": "alnum"}), bytes),
    Peer("hanflow, str", "hanflow", hanflow_with(**{**OFF, "width": "alnum"})),
    Peer("NumPy on UTF-16", "numpy", numpy_width),
    Peer("ICU NFKC", "pyicu", icu_nfkc),
    Peer("polars replace_many", "polars", polars_width),
    Peer("mojimoji", "mojimoji", mojimoji_width),
    Peer("StringZilla NFKC", "stringzilla", stringzilla_nfkc, bytes),
    Peer("pyarrow NFKC", "pyarrow", pyarrow_nfkc),
    Peer("str.replace, chained", "", lambda: chained),
    Peer("re.sub of runs", "", width_runs),
    Peer("ftfy fix_character_width", "ftfy", ftfy_width),
    Peer("jaconv", "jaconv", jaconv_width),
    Peer("str.translate", "", lambda: lambda text, to=str.maketrans(pipelines.ALNUM): text.translate(to)),
    Peer("unicodedata NFKC", "", lambda: lambda text: unicodedata.normalize("NFKC", text)),
    Peer("tokenizers NFKC", "tokenizers", tokenizers_nfkc),
    Peer("neologdn, by line", "neologdn", neologdn_lines),
    Peer("ftfy fix_text", "ftfy", ftfy_all),
]


# ---------------------------------------------------------------- gaps
def numpy_spacing() -> Function:
    import numpy as np

    def close(text: str) -> str:
        units = np.frombuffer(text.encode("utf-16-le"), np.uint16)
        other = units > 0x7F
        at = np.flatnonzero(units[1:-1] == 0x20) + 1
        keep = np.ones(len(units), bool)
        keep[at[other[at - 1] & other[at + 1]]] = False
        return units[keep].tobytes().decode("utf-16-le")

    return close


def pattern(found: str, put: str = "", module: str = "re") -> Callable[[], Function]:
    def make() -> Function:
        compiled = __import__(module).compile(found)
        return lambda text: compiled.sub(put, text)

    return make


def pyarrow_spacing() -> Function:
    import pyarrow
    import pyarrow.compute

    return lambda text: pyarrow.compute.replace_substring_regex(pyarrow.array([text]), r"([^\x00-\x7f]) ", r"\1")[0].as_py()


def polars_spacing() -> Function:
    import polars

    return lambda text: polars.Series([text]).str.replace_all(r"([^\x00-\x7f]) ", "$1")[0]


def tokenizers_spacing() -> Function:
    from tokenizers import Regex, normalizers

    return normalizers.Replace(Regex(r"(?<=[^\x00-\x7f]) +(?=[^\x00-\x7f])"), "").normalize_str


def program(*command: str) -> Callable[[], Function]:
    def make() -> Function:
        if not shutil.which(command[0]):
            raise ImportError(command[0])
        return lambda data: subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout

    return make


SPACING = [
    Peer("hanflow, bytes", "hanflow", hanflow_with(**{**OFF, "spacing": "auto"}), bytes),
    Peer("hanflow, str", "hanflow", hanflow_with(**{**OFF, "spacing": "auto"})),
    Peer("bytes.replace, all spaces", "", lambda: lambda data: data.replace(b" ", b""), bytes),
    Peer("str.replace, all spaces", "", lambda: lambda text: text.replace(" ", "")),
    Peer("NumPy on UTF-16", "numpy", numpy_spacing),
    Peer("perl, bytes", "!perl", program("perl", "-pe", r"s/(?<=[\x80-\xff]) (?=[\x80-\xff])//g"), bytes),
    Peer("sed, bytes", "!sed", program("sed", "-E", r"s/([^ -~]) +/\1/g"), bytes),
    Peer(r"regex \p{Han}", "regex", pattern(r"(?<=[\p{Han}\p{P}]) +(?=[\p{Han}\p{P}])", "", "regex")),
    Peer("re, space first", "", pattern(r" (?<=[^\x00-\x7f] )(?=[^\x00-\x7f])")),
    Peer("re, lookaround", "", pattern(r"(?<=[^\x00-\x7f]) +(?=[^\x00-\x7f])")),
    Peer("google-re2", "google-re2", pattern(r"([^\x00-\x7f]) ", r"\1", "re2")),
    Peer("pyarrow regex", "pyarrow", pyarrow_spacing),
    Peer("polars regex", "polars", polars_spacing),
    Peer("tokenizers Replace", "tokenizers", tokenizers_spacing),
    Peer("neologdn, by line", "neologdn", neologdn_lines),
]


# ---------------------------------------------------------------- the whole job
def numpy_whole() -> Function:
    import numpy  # noqa: F401

    return pipelines.numpy_and_replace


def neologdn_whole() -> Function:
    lines = neologdn_lines()
    return lambda text: pipelines.joined(lines(pipelines.characters(text)))


def opencc_pyo3_whole() -> Function:
    from opencc_pyo3.opencc_pyo3 import reflow_cjk_paragraphs

    def repair(text: str) -> str:
        solid = pipelines.GAP.sub("", pipelines.characters(text))
        return reflow_cjk_paragraphs(solid, add_pdf_page_header=False, compact=True)

    return repair


PERL = ("use utf8; use open qw(:std :utf8); local $/; $_ = <STDIN>; tr/０-９Ａ-Ｚａ-ｚ/0-9A-Za-z/; s/\\x{3000}//g; "
        "s/ (?:(?<=[^\\x00-\\x7f] )|(?=[^\\x00-\\x7f]))//g; s/\\n\\n/\\n/g; s/(?<![。！？”：])\\n//g; print")

WHOLE = [
    Peer("hanflow, bytes", "hanflow", hanflow.Normalizer, bytes),
    Peer("hanflow, str", "hanflow", hanflow.Normalizer),
    Peer("NumPy + replace", "numpy", numpy_whole),
    *(Peer(name, "", lambda function=function: function) for name, function in pipelines.PURE.items()),
    Peer("perl", "!perl", program("perl", "-e", PERL), bytes),
    Peer("opencc-pyo3 reflow + regex", "opencc-pyo3", opencc_pyo3_whole),
    Peer("neologdn, by line + replace", "neologdn", neologdn_whole),
]


# ---------------------------------------------------------------- traditional and simplified
def opencc_whole(name: str) -> Callable[[], Function]:
    def make() -> Function:
        from opencc import OpenCC

        return OpenCC(name).convert

    return make


def opencc_lines(name: str) -> Callable[[], Function]:
    def make() -> Function:
        convert = opencc_whole(name)()
        return lambda text: "\n".join([convert(line) for line in text.split("\n")])

    return make


def opencc_pyo3(name: str) -> Callable[[], Function]:
    def make() -> Function:
        from opencc_pyo3 import OpenCC

        return OpenCC(name).convert

    return make


def zhconv_rs(name: str) -> Callable[[], Function]:
    def make() -> Function:
        from zhconv_rs import zhconv

        return lambda text: zhconv(text, {"t2s": "zh-Hans", "s2t": "zh-Hant"}[name])

    return make


def zhconv(name: str) -> Callable[[], Function]:
    def make() -> Function:
        from zhconv import convert

        return lambda text: convert(text, {"t2s": "zh-hans", "s2t": "zh-hant"}[name])

    return make


def conversions(name: str) -> list[Peer]:
    return [
        Peer("hanflow, bytes", "hanflow", hanflow_with(**OFF, opencc=name), bytes),
        Peer("hanflow, str", "hanflow", hanflow_with(**OFF, opencc=name)),
        Peer("zhconv-rs", "zhconv-rs", zhconv_rs(name)),
        Peer("opencc-pyo3", "opencc-pyo3", opencc_pyo3(name)),
        Peer("opencc", "opencc", opencc_whole(name)),
        Peer("opencc, by line", "opencc", opencc_lines(name)),
        Peer("zhconv", "zhconv", zhconv(name)),
    ]


# ---------------------------------------------------------------- the texts and their right answers
def spread(text: str) -> str:
    """Every line without a gap gets a space between any two characters that are not ASCII."""
    return "\n".join(line if " " in line or "\u3000" in line else SPREAD.sub(" ", line) for line in text.split("\n"))


def texts(size: int) -> dict[str, tuple[str, Optional[str]]]:
    """Task -> (text, the right answer)."""
    clean = corpus.clean(size).decode().translate(str.maketrans(pipelines.ALNUM)).replace("\f", "")
    convert = opencc_whole("s2t")()
    quarter = clean[:max(len(clean) // 4, 1000)]  # converting is slow
    traditional = convert(quarter)
    return {"width": (clean.translate(str.maketrans(FULL)), clean), "spacing": (spread(clean), clean),
            "whole": (corpus.damaged(size).decode(), None),
            "t2s": (traditional, opencc_whole("t2s")()(traditional)), "s2t": (quarter, traditional)}


TASKS = {"width": WIDTH, "spacing": SPACING, "whole": WHOLE, "t2s": conversions("t2s"), "s2t": conversions("s2t")}
TITLES = {"width": "full-width to half-width", "spacing": "spaces between Han", "whole": "the whole job",
          "t2s": "traditional to simplified", "s2t": "simplified to traditional"}


def wrong(right: str, found: str) -> float:
    """Of a thousand characters, how many would have to be changed, put in or taken out. Line by line."""
    edits, rights, founds = 0, right.split("\n"), found.split("\n")
    for a, b in zip(rights, founds):
        if a != b:
            for tag, i, j, k, l in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
                edits += 0 if tag == "equal" else max(j - i, l - k)
    longer = max(rights, founds, key=len)
    edits += sum(len(line) + 1 for line in longer[min(len(rights), len(founds)):])
    return 1000 * edits / max(1, len(right))


def paragraphs_right(function: Function, most: int) -> Optional[float]:
    """Per cent of the paragraphs of the held pages (of the first so many) that come out exact."""
    import score  # of benchmarks/quality, which corpus put on the path

    total: Counter[str] = Counter()
    for path in sorted((corpus.HERE / "quality/data/held").glob("*.in.txt"))[:most]:
        base = str(path)[:-len(".in.txt")]
        text, gold = path.read_bytes().decode(), Path(base + ".gold.txt").read_bytes().decode()
        meta = score.json.loads(Path(base + ".meta.json").read_text(encoding="utf8"))
        total.update(score.score_doc(text, gold, function(text), meta))
    return float(score.summary(total)[0]["paragraph_exact"]) if total else None


def on_str(peer: Peer, function: Function) -> Callable[[str], str]:
    return (lambda text: function(text.encode()).decode()) if peer.takes is bytes else function


def head(text: str, size: int) -> str:
    return text.encode()[:size].decode("utf-8", "ignore")


def run(task: str, text: str, right: Optional[str], quick: bool) -> tuple[dict[str, Any], list[str]]:
    data = text.encode()
    peers, missing, inputs = {}, [], {}
    contestants: dict[str, Callable[[], object]] = {"bytes.decode": data.decode}
    short = head(text, corpus.MIB)
    for peer in TASKS[task]:
        sample = head(text, 1 << 16)
        given: Any = sample.encode() if peer.takes is bytes else sample
        try:
            function = peer.make()
            start = time.perf_counter()
            function(given)
        except Exception as error:  # not installed, or of a version that works otherwise
            if peer.package == "hanflow":
                raise
            missing.append(f"{peer.name} ({type(error).__name__}: {error})")
            continue
        slow = (time.perf_counter() - start) / (1 << 16) > 1e-7
        some = short if slow else text
        given = some.encode() if peer.takes is bytes else some
        peers[peer.name], inputs[peer.name] = (peer, function), len(some.encode())
        contestants[peer.name] = lambda function=function, given=given: function(given)
    times = race(contestants, seconds=0 if quick else 0.4, least=1 if quick else 3)
    speed = {name: inputs.get(name, len(data)) / time / 1e6 for name, time in times.items()}
    rows = []
    sample = "\n".join(text[:30_000].split("\n")[:-1])
    for name, (peer, function) in peers.items():
        ours = speed["hanflow, " + peer.takes.__name__]
        row = {"name": name, "mb_s": round(speed[name], 1), "to_hanflow": round(speed[name] / ours, 4),
               "to_decode": round(speed[name] / speed["bytes.decode"], 4), "version": version(peer.package),
               "bytes": inputs[name]}
        convert = on_str(peer, function)
        if right is None:
            row["paragraphs_right"] = paragraphs_right(convert, 3 if quick else 1000)
        else:
            row["wrong"] = round(wrong(answer(right, sample), convert(sample)), 2)
        rows.append(row)
    check(peers["hanflow, bytes"][1](data).decode() == peers["hanflow, str"][1](text), f"{task}: hanflow's str and bytes differ")
    return {"task": task, "title": TITLES[task], "bytes": len(data), "decode_mb_s": round(speed["bytes.decode"], 1),
            "rows": rows}, missing


def answer(right: str, sample: str) -> str:
    """The part of the right answer that has as many lines as the sample."""
    return "\n".join(right.split("\n")[:sample.count("\n") + 1])


def version(package: str) -> str:
    if not package:
        return "Python"
    if package.startswith("!"):
        return package[1:]
    if package == "hanflow":
        return f"hanflow {hanflow.__version__}"
    return f"{package} {importlib.metadata.version(package)}"


def markdown(tasks: list[dict[str, Any]]) -> str:
    out = []
    for task in tasks:
        last = "paragraphs right" if "paragraphs_right" in task["rows"][0] else "wrong of 1000"
        rows = [("bytes.decode", f"{task['decode_mb_s']:.0f}", "", "", "")]
        for row in sorted(task["rows"], key=lambda row: -row["mb_s"]):
            value = row.get("wrong", row.get("paragraphs_right"))
            share = "" if value is None else f"{value:.1f} %" if "paragraphs_right" in row else f"{value:.1f}"
            rows.append((row["name"], f"{row['mb_s']:.{0 if row['mb_s'] >= 10 else 1}f}", f"{row['to_hanflow']:.3f}",
                         f"{row['to_decode']:.3f}", share))
        title = f"{task['title']}, {task['bytes'] / corpus.MIB:.2g} MiB"
        out.append(table([title, "MB/s", "to hanflow", "to decode", last], rows))
    return "\n\n".join(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny texts, one turn each: only shows that the script works")
    parser.add_argument("--task", choices=TASKS, action="append",
                        help="only this one, which is printed and not written; may be given again")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON")
    args = parser.parse_args()
    given = texts(1 << 15 if args.quick else 16 * corpus.MIB)
    tasks, missing = [], set()
    for task in args.task or TASKS:
        print(f"{TITLES[task]} ...", file=sys.stderr, flush=True)
        result, absent = run(task, *given[task], args.quick)
        tasks.append(result)
        missing.update(absent)
    print(markdown(tasks))
    for name in sorted(missing):
        print(f"left out: {name}", file=sys.stderr)
    if not args.task:
        print(f"\nwritten: {record('peers', {'tasks': tasks, 'missing': sorted(missing)}, args.out)}")


if __name__ == "__main__":
    main()
