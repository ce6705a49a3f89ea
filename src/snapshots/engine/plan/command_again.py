"""The command that loads or sends an input like an earlier run did, as messages name it."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from snapshots import inner_names
from snapshots.engine.plan.plan import Plan
from snapshots.engine.plan.table_name import table_for
from snapshots.errors import UsageError
from snapshots.redaction import HIDDEN

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry


def command_again(entry: Entry, *more: str) -> str:
    """What follows on `To load it again`, such as `: snapshots import a.csv --table t --again`.

    The command has the table, the mode and the key of the earlier run, where they are not the usual
    ones. It does not have the options by which the input was read.
    """
    if entry.input == inner_names.FRAME:
        return ", give the frame to snapshots.load"
    words = [quote(entry.input)]
    if entry.kind == "import":
        words += _destination(entry)
    elif HIDDEN not in entry.table:
        words += ["--to", quote(entry.table)]
    command = "import" if entry.kind == "import" else "send"
    return " ".join((f": snapshots {command}", *words, *more))


def _destination(entry: Entry) -> list[str]:
    words = [] if _usual_table(entry) else ["--table", quote(entry.table)]
    plan = Plan.from_json(entry.plan) if entry.plan else None
    if plan is not None and plan.mode != "append":
        words += ["--mode", plan.mode]
    if plan is not None and plan.key:
        words += ["--primary-key", quote(",".join(plan.key))]
    return words


def _usual_table(entry: Entry) -> bool:
    if inner_names.nameless(entry.input):
        return False
    try:
        return table_for(entry.input, None) == entry.table
    except UsageError:
        return False
