"""Prints rejected records: for people, for programs, and as they are in the input."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from snapshots.cli.output import reject_object
from snapshots.cli.say import csv_rows, data_writer, say, say_json
from snapshots.engine.repair.records import KEPT, is_cut
from snapshots.ledger.chunk_account import WAITING
from snapshots.screen_text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from snapshots.model import Reject

_LINE_ENDS: Final = {"lf": "\n", "cr": "\r", "rs": "\n"}
_NAMED: Final = 20
"""Lines of records without all their bytes that are named; of the rest the number."""


def print_rejects(rejects: Iterable[Reject], form: str) -> None:
    """Prints rejects as they come; `form` is `table`, `jsonl` or `csv`."""
    if form == "jsonl":
        for reject in rejects:
            say_json(reject_object(reject))
    elif form == "csv":
        write = csv_rows()
        write(["line", "byte_offset", "column", "code", "reason", "raw"])
        for reject in rejects:
            write([reject.line, reject.byte_offset, reject.column, reject.code, reject.reason,
                   reject_object(reject)["raw"]])  # fmt: skip
    else:
        for reject in rejects:
            column = f" {reject.column}:" if reject.column else ""
            say(f"line {reject.line}, byte {reject.byte_offset}: {reject.code}:{column}"
                       f" {reject.reason}")  # fmt: skip
            say(f"    {_shown(reject)}")


def write_records(rejects: Iterable[Reject], plan: str) -> int:
    """Writes the bytes of the records to stdout, each with a line end, so that they can be
    corrected and imported. Returns the exit code.

    `plan` is that of their import. Records of which the ledger keeps only the beginning are left
    out and named on stderr: nobody should import half of a record.
    """
    dialect = json.loads(plan)["dialect"] if plan else {}
    encoding = str(dialect.get("encoding", "utf-8"))
    line_end = _line_end(str(dialect.get("terminator", "lf")), encoding)
    write = data_writer()
    cut: list[int] = []
    others = 0
    for reject in rejects:
        if reject.code != WAITING and is_cut(reject.raw, encoding):
            others += len(cut) >= _NAMED
            cut += [reject.line] if len(cut) < _NAMED else []
        else:
            write(reject.raw + line_end)
    if not cut:
        return 0
    which = ", ".join(map(str, cut)) + (f" and {others:,} more" if others else "")
    say(
        f"left out, because the ledger keeps only the first {KEPT >> 10} KiB of a record: those at"
        f" line {which}. Take them from the input.",
        err=True,
    )
    return 1


def _line_end(terminator: str, encoding: str) -> bytes:
    text = _LINE_ENDS.get(terminator, "\n")
    # Encoded beside another character, so that no byte order mark is written.
    return f"x{text}".encode(encoding)[len("x".encode(encoding)) :]


def _shown(reject: Reject, width: int = 160) -> str:
    text = plain(str(reject_object(reject)["raw"]))
    return text if len(text) <= width else text[: width - 3] + "..."
