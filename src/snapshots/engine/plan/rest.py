"""The plan for the rest of an input: that of the imports which have loaded its beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.engine.plan.options import Options
from snapshots.engine.plan.plan import Plan, new_stage, path_of
from snapshots.engine.plan.table_name import require_users
from snapshots.engine.plan.unchanged_table import require_unchanged
from snapshots.errors import UsageError

if TYPE_CHECKING:
    from snapshots.ledger.history import History
    from snapshots.ports import Source

_IRRELEVANT = {
    "columns_changed",
    "atomic",
    "allow_empty",
    "max_deletes",
    "allow_cascade",
    "keep_undo",
}
"""Options that do not change how an input is read: the rest may have others."""


def plan_of_rest(before: Plan, source: Source, ledger: History, options: Options) -> Plan:
    """The plan of earlier imports, for what follows what they have loaded.

    Raises UsageError where options say otherwise, ForbiddenTable, and ContractError if the table
    is not what it was.
    """
    require_no_other(before, options, source.identity.name)
    target, session = ledger.target, ledger.session
    if options.tables is not None:
        options.tables.require_takes(ledger, before.table)
    require_users(target, session, before.table)
    require_unchanged(target.inspect(session, before.table), before.contract, before.encoding)
    return replace(
        before,
        create=None,
        add=(),
        chunk_size=options.chunk_bytes(target),
        stage=new_stage() if options.staged else "",
        path=path_of(source),
        compressed=source.compressed,
        triggers=target.triggers(session, before.table),
    )


def require_no_other(before: Plan, options: Options, place: str) -> None:
    """Raises UsageError if options were given that the plan was not made with. Those that are not
    given are the plan's."""
    now, usual, then = options.given(), Options().given(), before.given or {}
    dialect = then.get("dialect", {})
    other = [name for name, value in now["dialect"].items() if dialect.get(name) != value]
    other += [
        name
        for name, value in now.items()
        if name not in {"dialect", *_IRRELEVANT}
        and value != usual.get(name)
        and value != then.get(name)
    ]
    if other:
        raise UsageError(
            f"the beginning of this input was loaded with other options ({', '.join(other)})",
            place=place,
            hint="omit them to load the rest as before, or load everything with --grown all",
        )
