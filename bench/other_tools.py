"""Measures other tools that load CSV into PostgreSQL, beside `psql` and ours.

They live in an environment of their own (requirements/bench.lock), where load_with_tool.py runs.
One that does not install or does not work is recorded as such.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import results
from process_cost import Cost, Failed, middle
from targets import Lane, Postgres
from tool_environment import LOCK, PYTHON, install

HERE = Path(__file__).resolve().parent


class Tool(Postgres):
    """PostgreSQL, loaded by a tool of load_with_tool.py."""

    tool: ClassVar[str]

    def reference_command(self, file: Path, *, exact: bool = False) -> tuple[list[str], str]:  # noqa: ARG002
        return [str(PYTHON), str(HERE / "load_with_tool.py"), self.tool, self.url, str(file)], ""


class DuckDB(Tool):
    tool = reference = "duckdb"


class Dlt(Tool):
    tool = reference = "dlt"
    loaded_table = "dlt.rides"


class Pandas(Tool):
    tool = reference = "pandas"


def measure(file: Path, rows: int, runs: int, command: str) -> None:
    """Everything in turn, on one server each; the ratio is against `psql`."""
    lines: list[results.Line] = []
    notes: list[str] = []
    contenders: list[tuple[type[Postgres], bool]] = [(Postgres, False), (Postgres, True)]
    if problem := install():
        notes.append(f"duckdb, dlt, pandas: not installable here ({problem}).")
    else:
        contenders += [(DuckDB, False), (Dlt, False), (Pandas, False)]
    versions = ""
    for kind, ours in contenders:
        title = "snapshots" if ours else kind.reference
        lane = Lane(title, file, ours=ours, loaded=rows)
        with kind() as target:
            versions = f"{target.version()}, {results.our_version()}"
            try:
                cost = middle(_costs(target, lane, runs))
            except Failed as error:
                notes.append(f"{title}: did not work here ({str(error).splitlines()[-1]}).")
                continue
        base = lines[0].cost.seconds if lines else cost.seconds
        lines.append(results.Line(title, cost, file.stat().st_size, base / cost.seconds))
    results.keep(
        "tools",
        results.Section(
            f"Other tools into PostgreSQL: {rows:,} rows",
            "psql / s",
            lines,
            runs,
            f"{versions}, {_versions()}",
            command,
            tuple(notes),
        ),
    )


def _costs(target: Postgres, lane: Lane, runs: int) -> list[Cost]:
    return [target.run(lane)[0] for _ in range(runs)]


def _versions() -> str:
    pinned = (line.split()[0] for line in LOCK.read_text().splitlines() if "==" in line)
    names = ("duckdb==", "dlt==", "pandas==")
    return ", ".join(name.replace("==", " ") for name in pinned if name.startswith(names))
