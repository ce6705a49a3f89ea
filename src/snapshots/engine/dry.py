"""A dry run: everything but writing."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from snapshots.engine.earlier import look_up
from snapshots.engine.plan import Options, make_plan
from snapshots.engine.read import Reader, Remainder
from snapshots.engine.report import ImportResult, Listener, Notice
from snapshots.engine.watch import Watch
from snapshots.engine.write import Rows, convert_only
from snapshots.errors import NoDatabase
from snapshots.ledger.history import History
from snapshots.model import Counts, Reject

if TYPE_CHECKING:
    from snapshots.ports import Session, Source, Target

EXAMPLES = 100


def run(source: Source, target: Target, options: Options, listener: Listener) -> ImportResult:
    """Reads, checks and counts; makes no database, no table and no entry in the ledger."""
    session: Session | None
    try:
        session = target.connect(create=False)
    except NoDatabase:
        session = None
    try:
        _tell_if_known(source, target, session, options, listener)
        plan = make_plan(
            source,
            target,
            session,
            options,
            lambda text: listener(Notice(text)),
            lambda _table: None,
        )
    finally:
        if session is not None:
            session.close()
    rows = Rows(plan.table, plan.columns, plan.converter(0), options.stop_on_error)
    watch = Watch(options.budget, committed=Counts(), limit=options.limit, stop=threading.Event())
    codes: Counter[str] = Counter()
    examples: list[Reject] = []
    for piece in Reader(source, plan.dialect, plan.chunk_size, Remainder(), ""):
        written = convert_only(rows, piece.chunk, watch)
        rejects = piece.as_in_the_input(written.rejects)
        codes.update(reject.code for reject in rejects)
        examples += rejects[: EXAMPLES - len(examples)]
        watch.commit(written.counts)
        if watch.ended or (options.stop_on_error and rejects):
            break
    counts = watch.committed
    over = watch.over_budget() or (options.stop_on_error and counts.rejected > 0)
    return ImportResult(
        record=None,
        counts=counts,
        outcome="dry_run",
        exit_code=4 if over else 3 if counts.rejected else 0,
        message="Dry run: nothing was written.",
        rejects_by_code=dict(codes.most_common()),
        examples=tuple(examples),
    )


def _tell_if_known(
    source: Source,
    target: Target,
    session: Session | None,
    options: Options,
    listener: Listener,
) -> None:
    if session is None or options.again:
        return
    history = History(target, session)
    if not history.exists():
        return
    known = look_up(source, history, "import", options.table)
    if known.imported:
        listener(Notice(f"already imported as {known.imported.import_id}"))
    elif known.unfinished:
        listener(Notice(f"import {known.unfinished.import_id} of this input is unfinished"))
