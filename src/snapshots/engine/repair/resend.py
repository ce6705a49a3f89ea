"""Sends the rejects of a finished delivery again: see `resending.py`."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.repair import allowed
from snapshots.engine.repair.report import ReplayOptions, ReplayReport
from snapshots.engine.repair.resend_by_key import ResendByKey
from snapshots.engine.repair.resending import Resend

if TYPE_CHECKING:
    from snapshots.engine.plan.endpoint import Endpoint
    from snapshots.ports import Target


def resend_rejects(
    import_id: int,
    target: Target,
    options: ReplayOptions,
    say: Callable[[str], None],
    given: Endpoint | None = None,
    url: str | None = None,
    stop: threading.Event | None = None,
) -> ReplayReport:
    """Sends rejects of one delivery again. `say` gets sentences about the ledger. `given` has the
    values of headers, which the ledger does not store; `url` is where the API is now.

    Raises NoSuchImport, Forbids or ImportBusy where that cannot be done; UsageError, also for a
    file that is no file of corrections; Undeliverable where some have got no final answer, and
    CannotConnect where the API lets nobody in: then the same command sends them again.
    """
    with closing(LedgerSession(target, create=False, migrate=say)) as session:
        ledger = session.ledger
        entry = allowed.find(ledger, import_id)
        plan = allowed.require_resendable(ledger, entry)
        request = plan.request.with_secrets_of(given)
        if url is not None:
            request = dataclasses.replace(request, url=url)
        kind = ResendByKey if request.key else Resend
        with closing(kind(session, entry, replace(plan, into=request), options, stop)) as one:
            return one.run()
