"""Draws the curves of `curves.json` as pictures for the page "How fast, and why".

python bench/pictures.py

Needs matplotlib, which `requirements/bench.lock` has.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

HERE = Path(__file__).resolve().parent
IMAGES = HERE.parent / "docs" / "images"
COLORS = {"psql \\copy": "#9a6700"}
OURS = "#0969da"
LOGARITHMIC = {"rows", "columns", "files"}
"""Curves whose steps are multiples of each other."""


def draw(name: str, curve: dict[str, Any], path: Path) -> None:
    """Writes one picture, as SVG on a white ground."""
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for lane, points in curve["lanes"].items():
        at = [int(step) for step in points]
        axes.plot(at, list(points.values()), marker="o", label=lane, color=COLORS.get(lane, OURS))
    if name in LOGARITHMIC:
        axes.set_xscale("log")
        axes.set_xticks(at, [EngFormatter(sep="")(step) for step in at])
        axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel(curve["axis"])
    axes.set_ylabel("seconds")
    axes.set_title(curve["title"], loc="left", fontsize=11)
    axes.grid(visible=True, color="#d0d7de", linewidth=0.6)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def main() -> None:
    """Draws them all."""
    # The same curves give the same bytes.
    mpl.rcParams["svg.hashsalt"] = "snapshots"
    # Texts stay texts: a third of the lines, and readers can search them.
    mpl.rcParams["svg.fonttype"] = "none"
    for name, curve in json.loads((HERE / "curves.json").read_text()).items():
        draw(name, curve, IMAGES / f"speed-{name}.svg")


if __name__ == "__main__":
    main()
