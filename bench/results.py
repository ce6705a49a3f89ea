"""Keeps what was measured in results.json and writes it as RESULTS.md."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from process_cost import Cost

HERE = Path(__file__).parent
JSON = HERE / "results.json"
MARKDOWN = HERE / "RESULTS.md"
INTRODUCTION = """# What was measured

`make bench` (`bench/imports.py`) writes this page; the numbers are also in `results.json`. All
lanes of a section ran in turn on one machine, against one private server with default settings.
Each lane loaded into a fresh database with the same typed table. Times are the median of the runs,
memory is the maximum. The number of rows, a sum and two maxima were the same in every table.
`snapshots` checks every value, accounts for every record, commits checkpoints, and writes two
lineage columns; the other side does not.
"""
COLUMNS = "| lane | s | {versus} | MB/s | client CPU s | server CPU s | client peak RSS MB |"


@dataclass(frozen=True)
class Line:
    """One lane of a section."""

    lane: str
    cost: Cost
    input_bytes: int
    versus: float | None
    """Seconds of the lane it is compared with, by its own."""


@dataclass(frozen=True)
class Section:
    """Lanes that were measured side by side."""

    title: str
    versus: str
    """The head of the column of ratios."""
    lines: list[Line]
    runs: int
    versions: str
    command: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A section of another kind: its table is written already."""

    title: str
    table: list[str]
    runs: int
    versions: str
    command: str
    notes: tuple[str, ...] = ()


def keep(key: str, section: Section | Table) -> None:
    """Replaces the section of this key, and writes both files."""
    kept: dict[str, Any] = json.loads(JSON.read_text()) if JSON.exists() else {}
    entry = asdict(section)
    entry["notes"] = [*entry["notes"], *beside_other_work()]
    entry |= {"date": datetime.now(UTC).date().isoformat(), "machine": machine()}
    kept[key] = entry
    others = _other_sections({section["title"] for section in kept.values()})
    JSON.write_text(json.dumps(dict(sorted(kept.items())), indent=1) + "\n")
    MARKDOWN.write_text(INTRODUCTION + "".join(map(_markdown, kept.values())) + others)


def _other_sections(titles: set[str]) -> str:
    """The sections of the page that are written by hand, as they stand."""
    if not MARKDOWN.exists():
        return ""
    sections = MARKDOWN.read_text().split("\n## ")[1:]
    by_hand = [one for one in sections if one.partition("\n")[0] not in titles]
    return "".join(f"\n## {one}" for one in by_hand)


def beside_other_work() -> list[str]:
    """What was measured on a machine that was not quiet, and had a larger share of it, says so."""
    try:
        nice = Path("/proc/self/autogroup").read_text().split()[-1]
    except OSError:
        nice = "0"
    if nice == "0":
        return []
    return [
        "All that was measured had a larger share of the processors than other work on the same"
        f" machine (autogroup, nice {nice})."
    ]


def machine() -> str:
    """Its shape; nothing that tells which machine it is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count()
    return f"{cores} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}"


def our_version() -> str:
    done = subprocess.run(["snapshots", "--version"], capture_output=True, text=True, check=True)
    return f"{done.stdout.strip()}, Python {platform.python_version()}"


def _markdown(section: dict[str, Any]) -> str:
    lines = [
        f"\n## {section['title']}\n",
        f"{section['date']}, {section['machine']}; {section['versions']}; "
        f"median of {section['runs']}; `{section['command']}`\n",
        *(section.get("table") or _table(section)),
        *(f"\n{note}" for note in section["notes"]),
    ]
    return "\n".join(lines) + "\n"


def _table(section: dict[str, Any]) -> list[str]:
    head = COLUMNS.format(versus=section["versus"])
    rule = "|---" + "|---:" * (head.count("|") - 2) + "|"
    return [head, rule, *map(_row, section["lines"])]


def _row(line: dict[str, Any]) -> str:
    cost = line["cost"]
    versus = "" if line["versus"] is None else f"{line['versus']:.2f}"
    served = "" if cost["server_cpu"] is None else f"{cost['server_cpu']:.2f}"
    speed = line["input_bytes"] / 1e6 / cost["seconds"]
    return (
        f"| {line['lane']} | {cost['seconds']:.2f} | {versus} | {speed:.0f} "
        f"| {cost['client_cpu']:.2f} | {served} | {cost['peak_rss'] / 1e6:.0f} |"
    )
