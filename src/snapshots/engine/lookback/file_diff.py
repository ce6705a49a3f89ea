"""Compares a file with a table: what an import of it would change.

The file is loaded into a temporary table of the session, by the plan that an import would have. No
table of the user and no entry of the ledger is written.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from snapshots.engine.history.table_shape import shape_of
from snapshots.engine.input.reader import Reader, Remainder
from snapshots.engine.limits import RejectLimit, StopConditions
from snapshots.engine.loading.write import ChunkWrite, blocks_of
from snapshots.engine.lookback.changed_rows import ChangedRows, RowState
from snapshots.engine.lookback.diff import TableDiff
from snapshots.engine.plan.options import Options
from snapshots.engine.plan.plan import Plan, make_plan
from snapshots.engine.publishing.by_key.trial import TrialStage
from snapshots.errors import ContractError
from snapshots.ledger.history import History
from snapshots.model import Counts
from snapshots.sources import open_source, shown
from snapshots.targets.sql.ddl import written
from snapshots.targets.sql.validity import VALID_TO, is_history

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.ports import Source, Target


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
            trial = TrialStage.begin(target, session, plan)
            _load(source, plan, trial, say)
        finally:
            source.close()
        _require_unique(trial)
        trial.index(target)
        quote = target.dialect.quote
        current = f"{{0}}.{quote(VALID_TO)} IS NULL" if kept else "1 = 1"
        rows = ChangedRows(
            target.dialect,
            shape,
            plan.key,
            RowState(shape.table.sql(quote), current),
            RowState(trial.rows.stage),
            tuple(column.name for column in plan.contract.columns),
            temporary=True,
        )
        return TableDiff(session, written(shape.table), "the table", shown(given), rows)
    except BaseException:
        session.close()
        raise


def _load(source: Source, plan: Plan, trial: TrialStage, say: Callable[[str], None]) -> None:
    """Loads the records of a file into the stage, and counts those that are rejects."""
    converter = plan.converter(0)
    everything = RejectLimit.parse("100%", at_the_end=True)
    watch = StopConditions(everything, committed=Counts(), limit=None, stop=threading.Event())
    for piece in Reader(source, plan.dialect, plan.chunk_size, Remainder(), "", may_change=True):
        written = ChunkWrite(line=piece.chunk.line)
        trial.load(blocks_of(piece.chunk, converter, watch, written, False))
        watch.commit(written.counts)
    if rejected := watch.committed.rejected:
        say(
            f"{rejected:,} record{'s' if rejected > 1 else ''} of the file would be rejected and"
            " cannot be compared: see which with snapshots import --dry-run"
        )


def _require_unique(trial: TrialStage) -> None:
    """Raises ContractError for a file with a key twice: nobody could say which is meant."""
    rows, dialect = trial.rows, trial.rows.dialect
    shown_key = ", ".join(dialect.as_text(f"MIN({name})") for name in rows.key_names)
    found = trial.session.execute(
        f"SELECT {shown_key} FROM {rows.stage} GROUP BY {', '.join(rows.key_names)}"
        f" HAVING COUNT(*) > 1{dialect.limit(1)}"
    )
    if found:
        pairs = zip(rows.key, map(str, found[0]), strict=True)
        raise ContractError(
            f"The file has several records with {', '.join(f'{a} = {b}' for a, b in pairs)}.",
            hint="Name more columns with --primary-key, or remove the other records.",
        )


def _nothing(_table: str) -> str | None:
    return None
