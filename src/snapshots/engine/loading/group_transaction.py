"""Loads several small inputs in one transaction, each an import of its own.

A transaction costs the same for one small file and for sixty: a commit, and a dozen round trips.
Each import of a group has its own number, account and rejects. All of them become visible at once.
What does not go smoothly rolls all of them back, as if nothing had been tried. Then each goes its
own way (`single_transaction.py`), which alone decides what becomes of refused rows and errors.

While the rows load, the transaction holds the locks of all its inputs. It waits for none of them:
so groups and single imports never wait for each other in a circle.
"""

from __future__ import annotations

import time
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.engine.job import SingleTransactionImport
from snapshots.engine.lease import owner
from snapshots.engine.limits import StopConditions
from snapshots.engine.loading.altered_values import AlteredValues
from snapshots.engine.loading.commit import account_of
from snapshots.engine.loading.write import RowWriter, write_together
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import Stopped
from snapshots.ledger import locks
from snapshots.ledger.first_look import seen_before
from snapshots.ledger.record import Lease
from snapshots.ledger.single import SingleChunkImport, enter_all
from snapshots.model import Counts

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from snapshots.engine.input.cut import Piece
    from snapshots.engine.input.identity import KnownInput
    from snapshots.engine.limits import RejectLimit
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.chunk_account import ChunkDone
    from snapshots.ledger.chunk_rejects import ChunkRejects
    from snapshots.ledger.record import Ledger
    from snapshots.ports import Source


class Member(Struct, frozen=True):
    """A new input that is read and planned, and only to be loaded."""

    source: Source
    known: KnownInput
    plan: Plan
    text: str
    """The plan as JSON."""
    piece: Piece
    """Its one chunk."""
    end: int
    """Of the input."""

    @property
    def into(self) -> tuple[object, ...]:
        """Members that are alike in this can be loaded by one statement."""
        return self.plan.table, self.plan.columns, self.plan.encoding.name


def import_group(
    ledger: Ledger,
    members: Sequence[Member],
    limit: RejectLimit,
    stop: threading.Event,
    about_to_commit: Callable[[], None],
    began: float,
) -> list[SingleTransactionImport]:
    """Loads the members in one transaction.

    Raises SnapshotsError, with nothing written, where one of them needs more than that; or if the
    answer to COMMIT is lost. Whoever looks them up again learns what became of them.
    """
    watch = StopConditions(limit, committed=Counts(), limit=None, stop=stop)
    identities = [member.known.identity for member in members]
    prints = [identity.fingerprint or "" for identity in identities]
    taken = [
        lock
        for identity, fingerprint in zip(identities, prints, strict=True)
        for lock in locks.of_new("import", identity.name, fingerprint)
    ]
    fault_point("before-group")
    with ledger.writing(*taken, wait=False):
        claimed = time.monotonic()
        seen = seen_before(ledger, [identity.name for identity in identities], prints)
        if seen.names or seen.fingerprints:
            raise Stopped("another process has begun one of the imports")
        leases = [
            Lease(number, 1, owner.this_process())
            for number in ledger.numbers.take_many(len(members))
        ]
        fault_point("group-numbered")
        accounts = _write(ledger, members, leases, watch, claimed)
        fault_point("group-loaded")
        share = (time.monotonic() - began) / len(members)
        entries = enter_all(
            ledger,
            [
                (lease, _complete(member, account, share))
                for lease, member, account in zip(leases, members, accounts, strict=True)
            ],
            seen.now,
        )
        watch.check()
        about_to_commit()
        fault_point("group-entered")
    fault_point("group-committed")
    return [
        SingleTransactionImport(lease, account.done, entry)
        for lease, account, entry in zip(leases, accounts, entries, strict=True)
    ]


class _Account(Struct, frozen=True):
    done: ChunkDone
    rejects: ChunkRejects


def _write(
    ledger: Ledger,
    members: Sequence[Member],
    leases: Sequence[Lease],
    watch: StopConditions,
    claimed: float,
) -> list[_Account]:
    """Loads the rows. Raises Stopped if an input has changed, or has more rejects than allowed."""
    accounts = []
    numbered = list(zip(members, leases, strict=True))
    # Rows of one table may refer to those of another one: so the order is kept.
    for _, run in groupby(numbered, key=lambda one: one[0].into):
        alike = list(run)
        written = write_together(
            ledger.session,
            [
                (
                    RowWriter(
                        member.plan.table,
                        member.plan.columns,
                        member.plan.converter(lease.import_id),
                        encoding=member.plan.encoding,
                        comparing=AlteredValues(ledger.target, member.plan),
                    ),
                    member.piece.chunk,
                )
                for member, lease in alike
            ],
            watch,
        )
        seconds = (time.monotonic() - claimed) / len(members)
        for (member, _), one in zip(alike, written, strict=True):
            done = account_of(member.piece, one, seconds)
            if watch.enough(done.counts) or not member.source.unchanged():
                raise Stopped("an import needs more than a part of a transaction")
            accounts.append(_Account(done, member.piece.all_as_in_the_input(one.rejects)))
    return accounts


def _complete(member: Member, account: _Account, seconds: float) -> SingleChunkImport:
    return SingleChunkImport(
        member.known.identity,
        member.known.content_hash or "",
        member.plan.destination,
        member.text,
        account.done,
        account.rejects,
        0,
        member.end,
        seconds,
    )
