"""The command that loads or sends an input like an earlier run did, as messages name it."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from snapshots import inner_names
from snapshots.engine.history.known_databases import where
from snapshots.engine.plan.plan import Plan
from snapshots.engine.plan.table_name import table_for
from snapshots.errors import UsageError
from snapshots.redaction import HIDDEN

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.ports import Target


def command_again(entry: Entry, target: Target, *more: str) -> str:
    """What follows on `To load it again`, such as `: snapshots import a.csv --table t --again`.

    The command has the database, table, mode and key of the earlier run, where they are not the
    usual ones. It does not have the options by which the input was read.
    """
    if entry.input == inner_names.FRAME:
        return ", give the frame to snapshots.load"
    if entry.input == inner_names.STDIN:
        words = ["... | snapshots", "import" if entry.kind == "import" else "send", "-"]
    else:
        words = ["snapshots", "import" if entry.kind == "import" else "send", quote(entry.input)]
    if entry.kind == "import":
        words += _destination(entry)
    elif HIDDEN not in entry.table:
        words += ["--to", quote(entry.table)]
    return f": {' '.join(words)}{where(target)}{''.join(f' {option}' for option in more)}"


def _destination(entry: Entry) -> list[str]:
    words = [] if _usual_table(entry) else ["--table", quote(entry.table)]
    plan = Plan.from_json(entry.plan) if entry.plan else None
    if plan is not None and plan.mode != "append":
        words += ["--mode", plan.mode]
    if plan is not None and plan.key:
        words += ["--primary-key", quote(",".join(plan.key))]
    if plan is not None and plan.duplicates != "reject":
        words += ["--duplicates", plan.duplicates]
    return words


def _usual_table(entry: Entry) -> bool:
    if inner_names.nameless(entry.input):
        return False
    try:
        return table_for(entry.input, None) == entry.table
    except UsageError:
        return False
