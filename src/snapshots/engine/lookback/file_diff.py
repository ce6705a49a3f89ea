"""Compares a file with a table: what an import of it would change.

The file is loaded into a temporary table of the session, by the plan that an import would have. No
table of the user and no entry of the ledger is written.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from snapshots.engine.history.table_shape import shape_of
from snapshots.engine.input.reader import Reader, Remainder
from snapshots.engine.limits import RejectLimit, StopConditions
from snapshots.engine.loading.write import RowWriter, write_all
from snapshots.engine.lookback.changed_rows import ChangedRows, RowState
from snapshots.engine.lookback.diff import TableDiff
from snapshots.engine.plan.options import Options
from snapshots.engine.plan.plan import Plan, make_plan
from snapshots.errors import ContractError, TargetError
from snapshots.ledger.history import History
from snapshots.model import Counts, TableName
from snapshots.sources import open_source, shown
from snapshots.targets.sql.ddl import written
from snapshots.targets.sql.validity import VALID_TO, is_history, require_history

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.ports import Session, Source, Target

_STAGE: Final = TableName("snapshots_compared_file")


def diff_of_file(
    target: Target, given: str, table: str, key: tuple[str, ...], say: Callable[[str], None]
) -> TableDiff:
    """Compares a file, or another input, with a table; of a table with history, with its current
    rows. `key` is needed where the table has none.

    `say` gets sentences about the file. Raises NoSuchTable, the errors of planning, and
    ContractError for a file with a key twice.
    """
    session = target.connect(create=False)
    try:
        shape = shape_of(target, session, table)
        kept = is_history(shape)
        options = Options(
            table=written(shape.table), primary_key=key, mode="history" if kept else "upsert"
        )
        source = open_source(given, options.remote_access)
        try:
            history = History(target, session)
            remembered = history.last_plan if history.exists() else _nothing
            plan = make_plan(source, target, session, options, say, remembered)
            _load(target, session, source, plan, say)
        finally:
            source.close()
        _require_unique(target, session, plan)
        quote = target.dialect.quote
        current = f"{{0}}.{quote(VALID_TO)} IS NULL" if kept else "1 = 1"
        rows = ChangedRows(
            target.dialect,
            shape,
            require_history(shape) if kept else plan.key,
            RowState(shape.table.sql(quote), current),
            RowState(_STAGE.sql(quote)),
            tuple(column.name for column in plan.contract.columns),
            temporary=True,
        )
        return TableDiff(session, written(shape.table), "the table", shown(given), rows)
    except BaseException:
        session.close()
        raise


def _load(
    target: Target, session: Session, source: Source, plan: Plan, say: Callable[[str], None]
) -> None:
    """Loads the records of a file into a temporary table, and counts those that are rejects."""
    _create(target, session, plan)
    _, columns = plan.loads_into(0)
    rows = RowWriter(_STAGE, columns, plan.converter(0))
    everything = RejectLimit.parse("100%", at_the_end=True)
    watch = StopConditions(everything, committed=Counts(), limit=None, stop=threading.Event())
    for piece in Reader(source, plan.dialect, plan.chunk_size, Remainder(), "", may_change=True):
        with session.transaction():
            counts = write_all(session, rows, piece.chunk, watch).counts
        watch.commit(counts)
    if rejected := watch.committed.rejected:
        say(
            f"{rejected:,} record{'s' if rejected > 1 else ''} of the file would be rejected and"
            " cannot be compared: see which with snapshots import --dry-run"
        )
    names = ", ".join(map(target.dialect.quote, plan.key))
    # Values may be too long for an index of this database, which then goes through all rows.
    with suppress(TargetError):
        session.execute(
            f"CREATE INDEX snapshots_compared_key ON {_STAGE.sql(target.dialect.quote)} ({names})"
        )


def _create(target: Target, session: Session, plan: Plan) -> None:
    dialect = target.dialect
    columns = [f"t.{dialect.quote(column.name)}" for column in plan.contract.columns]
    columns += [f"one.n AS {dialect.quote(name)}" for name in plan.stage_lineage]
    # A row of a join that is not there: so all columns take NULL.
    session.execute(
        f"CREATE TEMPORARY TABLE {_STAGE.sql(dialect.quote)} AS SELECT {', '.join(columns)}"
        f" FROM (SELECT {dialect.as_integer('0')} AS n) AS one"
        f" LEFT JOIN {plan.table.sql(dialect.quote)} AS t ON 1 = 0 WHERE 1 = 0"
    )


def _require_unique(target: Target, session: Session, plan: Plan) -> None:
    """Raises ContractError for a file with a key twice: nobody could say which is meant."""
    dialect = target.dialect
    names = [dialect.quote(name) for name in plan.key]
    shown_key = ", ".join(dialect.as_text(f"MIN({name})") for name in names)
    found = session.execute(
        f"SELECT {shown_key} FROM {_STAGE.sql(dialect.quote)} GROUP BY {', '.join(names)}"
        f" HAVING COUNT(*) > 1{dialect.limit(1)}"
    )
    if found:
        pairs = zip(plan.key, found[0], strict=True)
        raise ContractError(
            f"The file has several records with {', '.join(f'{a} = {b!s}' for a, b in pairs)}.",
            hint="Name more columns with --primary-key, or remove the other records.",
        )


def _nothing(_table: str) -> str | None:
    return None
