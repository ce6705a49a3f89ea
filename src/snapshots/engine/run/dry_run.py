"""Runs without writing: an input is read, checked and counted."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.engine.events import ImportResult, Listener, Notice
from snapshots.engine.input.identity import KnownInput, look_up
from snapshots.engine.input.reader import Reader, Remainder
from snapshots.engine.input.versions import previous_import
from snapshots.engine.limits import StopConditions
from snapshots.engine.loading.write import ChunkWrite, blocks_of
from snapshots.engine.plan.endpoint import Endpoint
from snapshots.engine.plan.options import Options
from snapshots.engine.plan.plan import Plan, make_plan
from snapshots.engine.plan.rest import plan_of_rest
from snapshots.engine.plan.table_name import table_of
from snapshots.engine.publishing.by_key.duplicates import CODE
from snapshots.engine.publishing.versions import late_version
from snapshots.engine.run.already import already
from snapshots.engine.run.dry_run_by_key import DryRunByKey
from snapshots.engine.run.dry_run_replace import DryRunOfReplacement
from snapshots.engine.run.grown_input import about_tail, with_growth
from snapshots.errors import NoDatabase
from snapshots.ledger.entry import Beginning
from snapshots.ledger.history import History
from snapshots.model import Counts, Reject

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.engine.delivery.change_preview import ChangePreview
    from snapshots.engine.delivery.curl import RequestPreview
    from snapshots.errors import OlderVersion
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
    late = _late(target, plan)
    trial, changes = _trial(target, plan), _changes(target, plan)
    try:
        done = _run(source, options, plan, beginning, trial, changes, stop or threading.Event())
        if late is None or done.exit_code not in (0, 3):
            return done
        message = f"{done.message} It would be refused: {late} {late.hint}"
        return replace(done, exit_code=late.exit_code, message=message)
    finally:
        if trial is not None:
            trial.close()
        if changes is not None:
            changes.close()


def _changes(target: Target, plan: Plan) -> ChangePreview | None:
    """What tells which rows would be sent; None: all of them."""
    if not isinstance(plan.into, Endpoint) or not plan.into.remembers:
        return None
    # Imported here: whoever only imports would pay for it.
    from snapshots.engine.delivery.change_preview import ChangePreview

    return ChangePreview(target, plan)


def _trial(target: Target, plan: Plan) -> DryRunByKey | DryRunOfReplacement | None:
    """What tells what would become of the table's rows; None where they stay what they are."""
    if not plan.loads:
        return None
    if plan.key:
        return DryRunByKey(target, plan)
    return DryRunOfReplacement(target, plan) if plan.replaces else None


def _late(target: Target, plan: Plan) -> OlderVersion | None:
    """The error with which the version would be refused because it is older than another one."""
    try:
        session = target.connect(create=False)
    except NoDatabase:
        return None
    with closing(session):
        history = History(target, session)
        return late_version(history, plan) if plan.loads and history.exists() else None


def _run(
    source: Source,
    options: Options,
    plan: Plan,
    beginning: Beginning,
    trial: DryRunByKey | DryRunOfReplacement | None,
    changes: ChangePreview | None,
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
    preview = _preview(plan, options, changes)
    rest = Remainder.after((), beginning)
    for piece in Reader(source, plan.dialect, plan.chunk_size, rest, "", may_change=True):
        written = ChunkWrite(line=piece.chunk.line)
        blocks = blocks_of(piece.chunk, converter, watch, written, options.stop_on_error)
        takers = [one.take for one in (trial, preview or changes) if one is not None]
        for take in takers:
            take(blocks)
        for block in blocks:
            if first is None and block.loaded and options.request is not None:
                first = block.payload.partition(b"\n")[0]
        rejects = piece.as_in_the_input(list(written.rejects))
        examples += rejects[: max(EXAMPLES - len(examples), 0)]
        for reject in rejects:
            firsts.setdefault(reject.code, reject)
        codes.update(reject.code for reject in rejects)
        watch.commit(written.counts)
        if watch.ended or (options.stop_on_error and rejects):
            break
    counts = watch.committed
    hint, skipped = "", Counter[str]()
    would = None if trial is None else trial.tell(counts, codes, options)
    if would is not None:
        moved = would.rejected + would.skipped
        counts += Counts(loaded=-moved, rejected=would.rejected, skipped=would.skipped)
        watch.commit(Counts(loaded=-moved, rejected=would.rejected, skipped=would.skipped))
        codes.update({CODE: would.rejected} if would.rejected else {})
        skipped.update({CODE: would.skipped} if would.skipped else {})
    over = watch.over_budget_at_the_end() or (options.stop_on_error and counts.rejected > 0)
    # What is shown in full need not be said.
    message, guarded = _message(options.request, counts, None if preview else first), False
    if changes is not None:
        message = f"Dry run: nothing was sent. {changes.message()}"
    if would is not None:
        message, guarded, hint = would.message, would.guarded, would.hint
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
        requests=() if preview is None else tuple(preview.commands),
    )


def _preview(plan: Plan, options: Options, changes: ChangePreview | None) -> RequestPreview | None:
    """What shows the first requests; None: they are not shown."""
    if options.show is None or not isinstance(plan.into, Endpoint):
        return None
    # Imported here: whoever only imports would pay for it.
    from snapshots.engine.delivery.curl import RequestPreview

    return RequestPreview(plan, options.show, changes)


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
