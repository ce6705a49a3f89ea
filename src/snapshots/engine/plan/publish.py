"""How the rows of a replacement will become the table's: by copying, or by renaming the stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import TargetError
from snapshots.notes import DetailNote

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.defaults import Publish
    from snapshots.engine.plan.options import Options
    from snapshots.model import TableName
    from snapshots.ports import Session, Target


def way_to_publish(
    target: Target,
    session: Session | None,
    table: TableName,
    options: Options,
    say: Callable[[str], None],
    *,
    exists: bool,
    lineage: bool,
) -> Publish:
    """How the rows will become the table's, in the mode `replace`; `say` gets the reason.

    Raises TargetError where they cannot be published as the user wants.
    """
    if options.mode != "replace" or options.publish == "copy":
        return "copy"
    why = why_copied(target, session, table, exists=exists, lineage=lineage)
    if not why:
        say(DetailNote(f"the rows will be published as a new table of the name {table}"))
        return options.publish
    if options.publish == "rename":
        raise TargetError(
            f"table {table} cannot be replaced by renaming: {why}",
            hint="omit --publish rename; then the rows are copied into the table",
        )
    say(DetailNote(f"the rows will be copied into table {table}: {why}"))
    return "copy"


def why_copied(
    target: Target, session: Session | None, table: TableName, *, exists: bool, lineage: bool
) -> str:
    """Why a stage cannot take the table's name, as a part of a sentence; empty if it can, as far as
    the plan tells."""
    if session is None or not exists:
        return "it is new, or gets new columns"
    if not lineage:
        return "its rows have no lineage"
    return next(iter(target.rename_obstacles(session, table)), "")
