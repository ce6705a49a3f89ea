"""Runs without writing: an input is read, checked and counted."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from snapshots.engine.events import ImportResult, Listener, Notice
from snapshots.engine.input.identity import KnownInput, look_up
from snapshots.engine.input.reader import Reader, Remainder
from snapshots.engine.input.versions import previous_import
from snapshots.engine.limits import StopConditions
from snapshots.engine.loading.write import ChunkWrite, blocks_of
from snapshots.engine.plan.options import Options
from snapshots.engine.plan.plan import Plan, make_plan
from snapshots.engine.plan.rest import plan_of_rest
from snapshots.engine.plan.table_name import table_of
from snapshots.engine.publishing.by_key.duplicates import CODE
from snapshots.engine.publishing.deletes import count_rows
from snapshots.engine.publishing.guards import require_fewer_deletes, require_rows
from snapshots.engine.run.conclude import already
from snapshots.engine.run.dry_run_by_key import DryRunByKey
from snapshots.engine.run.grown_input import about_tail, with_growth
from snapshots.errors import GuardRefusal, NoDatabase
from snapshots.ledger.entry import Beginning
from snapshots.ledger.history import History
from snapshots.model import Counts, Reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.engine.plan.endpoint import Endpoint
    from snapshots.model import RunKind
    from snapshots.ports import Session, Source, Target

EXAMPLES = 100


def run(
    source: Source,
    target: Target,
    options: Options,
    listener: Listener,
    stop: threading.Event | None = None,
) -> ImportResult:
    """Reads, checks and counts; makes no database, no table and no entry in the ledger, and sends
    nothing. The examples of the result are the first rejects, and the first of each code. Raises
    Stopped after `stop` is set."""
    plan, beginning = _plan(source, target, options, listener)
    by_key = DryRunByKey(target, plan) if plan.key and plan.loads else None
    try:
        return _run(source, target, options, plan, beginning, by_key, stop or threading.Event())
    finally:
        if by_key is not None:
            by_key.close()


def _run(
    source: Source,
    target: Target,
    options: Options,
    plan: Plan,
    beginning: Beginning,
    by_key: DryRunByKey | None,
    stop: threading.Event,
) -> ImportResult:
    converter = plan.converter(0)
    watch = StopConditions(
        options.reject_limit,
        committed=Counts(),
        limit=options.limit,
        stop=stop,
    )
    codes: Counter[str] = Counter()
    examples: list[Reject] = []
    firsts: dict[str, Reject] = {}
    first: bytes | None = None
    rest = Remainder.after((), beginning)
    for piece in Reader(source, plan.dialect, plan.chunk_size, rest, "", may_change=True):
        written = ChunkWrite(line=piece.chunk.line)
        blocks = blocks_of(piece.chunk, converter, watch, written, options.stop_on_error)
        if by_key is not None:
            by_key.take(blocks)
        for block in blocks:
            if first is None and block.loaded and options.request is not None:
                first = block.payload.partition(b"\n")[0]
        rejects = piece.as_in_the_input(written.rejects)
        examples += rejects[: max(EXAMPLES - len(examples), 0)]
        for reject in rejects:
            firsts.setdefault(reject.code, reject)
        codes.update(reject.code for reject in rejects)
        watch.commit(written.counts)
        if watch.ended or (options.stop_on_error and rejects):
            break
    counts = watch.committed
    hint, skipped = "", Counter[str]()
    would = None if by_key is None else by_key.tell(counts, codes, options)
    if would is not None:
        moved = would.rejected + would.skipped
        counts += Counts(loaded=-moved, rejected=would.rejected, skipped=would.skipped)
        watch.commit(Counts(loaded=-moved, rejected=would.rejected, skipped=would.skipped))
        codes.update({CODE: would.rejected} if would.rejected else {})
        skipped.update({CODE: would.skipped} if would.skipped else {})
    over = watch.over_budget_at_the_end() or (options.stop_on_error and counts.rejected > 0)
    message, guarded = _message(options.request, counts, first), False
    if would is not None:
        message, guarded, hint = would.message, would.guarded, would.hint
    elif plan.replaces and plan.loads and not over:
        message, guarded = _replacement(target, plan, counts, options)
    return ImportResult(
        record=None,
        counts=counts,
        outcome="dry_run",
        exit_code=4 if over or guarded else 3 if counts.rejected else 0,
        message=message,
        rejects_by_code=dict(codes.most_common()),
        skipped_by_code=dict(skipped),
        hint=hint,
        examples=(*examples, *(one for one in firsts.values() if one not in examples)),
        given=source.identity.name,
    )


def _replacement(target: Target, plan: Plan, counts: Counts, options: Options) -> tuple[str, bool]:
    """What would become of the table's rows, as a sentence; and whether a guard would stop it.

    What the table itself would refuse is not known.
    """
    try:
        session = target.connect(create=False)
    except NoDatabase:
        before = 0
    else:
        with closing(session):
            shape = target.inspect(session, plan.table)
            before = 0 if shape is None else count_rows(target, session, plan.table)
    deleted = 0 if counts.rejected else before
    sentence = (
        f"Dry run: nothing was written. Of {before:,} rows of table {plan.table} {deleted:,} would"
        f" be deleted, and {counts.loaded:,} inserted."
    )
    if counts.rejected and before:
        sentence += " Because of the rejects, rows of before would be kept."
    try:
        require_rows(counts, options)
        if not counts.rejected:
            require_fewer_deletes(before, counts.loaded, options)
    except GuardRefusal as refusal:
        return f"{sentence} {refusal} ({refusal.option})", True
    return sentence, False


def _message(request: Endpoint | None, counts: Counts, first: bytes | None) -> str:
    if request is None:
        return "Dry run: nothing was written."
    would = f"{counts.loaded:,} would go to {request} by {request.method}"
    pages = f", at most {request.batch:,} in a request" if request.batch > 1 else ""
    shown = f"; the first: {first.decode()}" if first is not None else ""
    return f"Dry run: nothing was sent. {would}{pages}{shown}"


def _plan(
    source: Source, target: Target, options: Options, listener: Listener
) -> tuple[Plan, Beginning]:
    """The plan, and where in the input its records begin."""

    def say(text: str) -> None:
        listener(Notice(text))

    session: Session | None
    try:
        session = target.connect(create=False)
    except NoDatabase:
        session = None
    try:
        known = _tell_if_known(source, target, session, options, listener)
        if session is not None and known is not None and known.growth is not None:
            say(about_tail(known.growth))
            history = History(target, session)
            rest = plan_of_rest(known.growth.plan, source, history, options)
            return rest, known.growth.end
        if options.request is None:
            remembered = _remembered(target, session)
            made = make_plan(source, target, session, options, say, remembered)
            return made, Beginning()
        # Imported here: whoever only imports would pay for it.
        from snapshots.engine.delivery.job import checked_plan

        return checked_plan(source, options, say), Beginning()
    finally:
        if session is not None:
            session.close()


def _remembered(target: Target, session: Session | None) -> Callable[[str], str | None]:
    """What gives the plan of the last import into a table."""
    history = None if session is None else History(target, session)
    if history is None or not history.exists():
        return lambda _table: None
    return history.last_plan


def _tell_if_known(
    source: Source,
    target: Target,
    session: Session | None,
    options: Options,
    listener: Listener,
) -> KnownInput | None:
    if session is None or options.again:
        return None
    history = History(target, session)
    if not history.exists():
        return None
    kind: RunKind = "import" if options.request is None else "delivery"
    wanted = likely = options.request.url if options.request is not None else None
    if options.request is None:
        likely = str(table_of(target, source.identity.name, options.table))
        wanted = None if options.table is None else likely
    known = look_up(source, history, kind, wanted, likely)
    if kind == "import":
        known = with_growth(known, source, source.identity.name, history, options)
    if previous := previous_import(known, options, source.identity.name, history):
        found = already(previous, target, source.identity.name, known)
        listener(Notice(f"{found.message[0].lower()}{found.message[1:]} {found.hint}"))
    elif known.reload_reason:
        listener(Notice(known.reload_reason))
    elif known.unfinished:
        listener(Notice(f"{kind} {known.unfinished.import_id} of this input is unfinished"))
    return known
