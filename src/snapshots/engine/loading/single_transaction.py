"""Loads a small input in one transaction: its import, its chunk, its rows and its end.

A service that is given thousands of small files spends its time in transactions and connections;
here each file costs one of the first and none of the second. What does not go smoothly is rolled
back whole, as if nothing had been tried, and the ordinary way is taken: it alone decides what
becomes of refused rows, budgets and errors.

While its rows load the transaction holds the lock of the input's fingerprint, so that no second
import of the same bytes begins. Other inputs do not wait for it.
"""

from __future__ import annotations

import threading
import time
from itertools import islice
from typing import TYPE_CHECKING

from snapshots.engine.input.reader import Reader, Remainder
from snapshots.engine.job import SingleTransactionAttempt, SingleTransactionImport
from snapshots.engine.lease import owner
from snapshots.engine.limits import StopConditions
from snapshots.engine.loading.altered_values import AlteredValues
from snapshots.engine.loading.commit import account_of
from snapshots.engine.loading.write import RowWriter, write_all
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import SnapshotsError, Stopped
from snapshots.ledger import locks
from snapshots.ledger.entry import Beginning
from snapshots.ledger.missing_tables import give_up
from snapshots.ledger.new_import import take_place
from snapshots.ledger.record import Lease
from snapshots.ledger.single import SingleChunkImport, enter
from snapshots.model import Counts

if TYPE_CHECKING:
    from snapshots.engine.input.cut import Piece
    from snapshots.engine.input.identity import KnownInput
    from snapshots.engine.plan.options import Options
    from snapshots.engine.plan.plan import Plan
    from snapshots.engine.publishing.publisher import Publisher
    from snapshots.ledger.record import Ledger
    from snapshots.ports import Source

SMALL_BYTES = 1 << 20
"""The largest stored input that is loaded in one transaction, in bytes."""


def is_small(source: Source, options: Options, known: KnownInput) -> bool:
    """Tells whether an input, or what it has gained, can be one chunk by its size, and its import
    needs no watching."""
    size = source.identity.size
    if size is None or source.identity.mtime_ns is None or source.identity.fingerprint is None:
        return False
    if known.growth is not None and source.seekable:
        size -= known.growth.stored
    watched = options.limit is not None or options.stop_on_error
    return size <= min(SMALL_BYTES, options.chunk_size or SMALL_BYTES) and not watched


def import_in_one_transaction(
    ledger: Ledger,
    source: Source,
    plan: Plan,
    known: KnownInput,
    options: Options,
    publisher: Publisher,
    stop: threading.Event,
) -> SingleTransactionAttempt:
    """Loads an input into its table, which exists, in one transaction, if that can be.

    It cannot where another process has begun an input that looks like it since it was looked up;
    with `--again` nobody minds. The answer to COMMIT may be lost: whoever looks the input up again,
    or with `--again` asks for its number, learns what became of it.
    """
    began = time.monotonic()
    watch = StopConditions(options.reject_limit, committed=Counts(), limit=None, stop=stop)
    identity, text = known.identity, plan.to_json()
    alike = (len(known.lookalikes), next(iter(known.lookalikes), None))
    beginning = Beginning() if known.growth is None else known.growth.end
    number: int | None = None
    attempted: SingleTransactionImport | None = None
    try:
        reader = Reader(
            source,
            plan.dialect,
            plan.chunk_size,
            Remainder.after((), beginning),
            known.content_hash,
        )
        piece = _only(reader)
        content_hash = reader.content_hash or ""
        fault_point("before-claim")
        again = options.again
        taken = () if again else locks.of_new("import", identity.name, identity.fingerprint or "")
        with ledger.writing(*taken):
            place = take_place(
                ledger, "import", identity, content_hash, plan.destination, parts=known.parts
            )
            number = place.import_id
            if not again and (place.lookalikes != alike or place.named != known.named):
                raise Stopped("another process has begun the import")
            fault_point("after-claim")
            rows = RowWriter(
                plan.table,
                plan.columns,
                plan.converter(number),
                comparing=AlteredValues(ledger.target, plan),
            )
            claimed = time.monotonic()
            written = write_all(ledger.session, rows, piece.chunk, watch)
            done = account_of(piece, written, time.monotonic() - claimed)
            if watch.enough(done.counts) or not source.unchanged():
                raise Stopped("the import needs more than one transaction")
            lease = Lease(number, 1, owner.this_process(), place.replaces, known.continues)
            complete = SingleChunkImport(
                identity,
                content_hash,
                plan.destination,
                text,
                done,
                piece.all_as_in_the_input(written.rejects),
                beginning.end,
                reader.end,
                time.monotonic() - began,
                known.parts,
            )
            entry = enter(ledger, lease, complete)
            attempted = SingleTransactionImport(lease, done, entry, complete.seconds)
            publisher.publish(ledger, lease, plan, source)
            give_up(ledger, known.gone, number)
            fault_point("before-commit")
        fault_point("after-commit")
    except SnapshotsError:
        return SingleTransactionAttempt(number=number, in_doubt=attempted)
    return SingleTransactionAttempt(attempted)


def _only(reader: Reader) -> Piece:
    """Returns the one chunk of an input. Raises Stopped if it has another number of them."""
    pieces = list(islice(reader, 2))
    if len(pieces) != 1:
        # Decompressed or decoded it is more than one chunk.
        raise Stopped("too large for one transaction")
    return pieces[0]
