"""Draws the newest results of figures.py and peers.py as SVG into benchmarks/charts. Needs matplotlib. Git keeps the two that README.md
shows.

    python benchmarks/plot.py [--results FOLDER] [--out FOLDER]

Letters are drawn as outlines on white, so that the charts look alike everywhere.
"""
from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Optional

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from measure import HERE, RESULTS, latest  # noqa: E402

CHARTS = HERE / "charts"
OURS, THEIRS, LINE, TEXT = "#b3261e", "#9aa5b1", "#333333", "#222222"
LIGHT = "#e39b96"
plt.rcParams.update({
    "svg.fonttype": "path", "svg.hashsalt": "hanflow", "figure.facecolor": "white", "axes.facecolor": "white",
    "savefig.facecolor": "white", "font.family": "DejaVu Sans", "font.size": 9,
    "axes.titlesize": 10, "axes.titlelocation": "left",
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": LINE, "text.color": TEXT, "axes.labelcolor": TEXT,
    "xtick.color": TEXT, "ytick.color": TEXT,
})


def axes(width: float, height: float) -> tuple[Figure, Axes]:
    return plt.subplots(figsize=(width, height), layout="constrained")


def number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def source(result: dict[str, Any]) -> str:
    return f"{result['machine']['cpu']}, {result['python']}, hanflow {result['hanflow']} {result['commit']}, {result['date']}"


def bars(ax: Axes, names: list[str], values: list[float], labels: list[str], colours: list[str]) -> None:
    """From the fastest down, a logarithmic scale, the value behind each bar."""
    places = range(len(names))
    ax.barh(places, values, color=colours, height=0.7)
    ax.set_yticks(places, names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.set_xscale("log")
    least = 10.0 ** int(f"{min(values):e}".split("e")[1])
    ax.set_xlim(least, max(values) * 20)
    for place, value, label in zip(places, values, labels):
        ax.annotate(label, (value, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    ax.set_xlabel("MB of UTF-8 in a second (logarithmic)")


def peers(task: dict[str, Any], result: dict[str, Any]) -> Figure:
    rows = sorted(task["rows"] + [{"name": "bytes.decode()", "mb_s": task["decode_mb_s"]}], key=lambda row: -row["mb_s"])
    fig, ax = axes(7.6, 1.1 + 0.24 * len(rows))

    def label(row: dict[str, Any]) -> str:
        if row.get("paragraphs_right") is not None:
            return f"{number(row['mb_s'])}   {row['paragraphs_right']:.0f} % of paragraphs right"
        if "wrong" in row:
            return f"{number(row['mb_s'])}" + (f"   {row['wrong']:.1f} ‰ wrong" if row["wrong"] else "")
        return number(row["mb_s"])

    special = {"hanflow, bytes": OURS, "hanflow, str": OURS, "bytes.decode()": LINE}
    colours = [special.get(row["name"], THEIRS) for row in rows]
    bars(ax, [row["name"] for row in rows], [row["mb_s"] for row in rows], [label(row) for row in rows], colours)
    title = task["title"][0].upper() + task["title"][1:]
    ax.set_title(f"{title}, {task['bytes'] / (1 << 20):.2g} MiB, one core")
    fig.supxlabel(source(result), fontsize=7, x=0.99, ha="right")
    return fig


def growth(result: dict[str, Any]) -> Figure:
    points = result["growth"]
    sizes, times = [point["bytes"] / (1 << 20) for point in points], [point["ns_a_byte"] for point in points]
    fig, ax = axes(5.6, 3.0)
    ax.plot(sizes, times, color=OURS, marker="o")
    for size, time in zip(sizes, times):
        ax.annotate(f"{time:.2f}", (size, time), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=8)
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, [f"{size:g}" for size in sizes])
    ax.minorticks_off()
    ax.set_ylim(0, max(times) * 1.35)
    ax.set_xlabel("size of the text, MiB")
    ax.set_ylabel("ns a byte")
    ax.set_title("Time a byte, whole job, bytes to bytes, one core")
    fig.supxlabel(source(result), fontsize=7, x=0.99, ha="right")
    return fig


def paths(result: dict[str, Any]) -> Figure:
    names = {"icelake": "AVX-512 (icelake)", "haswell": "AVX2 (haswell)", "neon": "NEON", "portable": "portable"}
    rates, shown = result["rates"], result["paths"]
    fig, ax = axes(6.4, 1.4 + 0.55 * len(shown))
    kinds = ((-0.19, "str", OURS, "str"), (0.19, "bytes", LIGHT, "bytes"))
    for place, path in enumerate(shown):
        for shift, key, colour, label in kinds:
            value = rates[f"path {path}, {key}"]
            ax.barh(place + shift, value, height=0.34, color=colour, label=label if not place else None)
            ax.annotate(number(value), (value, place + shift), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    decode = max(rates[f"path {path}, decode"] for path in shown)
    ax.axvline(decode, color=LINE, linewidth=1, linestyle="--", label="bytes.decode()")
    most = max(decode, *(rates[f"path {path}, {key}"] for _, key, _, _ in kinds for path in shown))
    ax.set_xlim(0, most * 1.12)
    ax.set_yticks(range(len(shown)), [names[path] for path in shown])
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("MB of UTF-8 in a second")
    ax.set_title(f"The whole job by CPU path, {result['bytes'] / (1 << 20):.2g} MiB, one core", pad=24)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, frameon=False, fontsize=8, borderaxespad=0.2, handlelength=1.5)
    fig.supxlabel(source(result), fontsize=7, x=0.99, ha="right")
    return fig


def draw(results: Path, out: Path, ending: str = "svg") -> list[Path]:
    figures: dict[str, Figure] = {}
    measured: Optional[dict[str, Any]] = latest("figures", results)
    if measured:
        figures["growth"] = growth(measured)
        figures["paths"] = paths(measured)
    compared = latest("peers", results)
    for task in compared["tasks"] if compared else ():
        figures[f"peers-{task['task']}"] = peers(task, compared or {})
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, figure in figures.items():
        path = out / f"{name}.{ending}"
        figure.savefig(path, metadata={"Date": None} if ending == "svg" else None, dpi=110)
        plt.close(figure)
        written.append(path)
    return written


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON")
    parser.add_argument("--out", type=Path, default=CHARTS, help="folder of the charts")
    parser.add_argument("--png", action="store_true", help="PNG instead, to look at")
    args = parser.parse_args()
    for path in draw(args.results, args.out, "png" if args.png else "svg"):
        print(path)
