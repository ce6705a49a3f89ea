"""Checks of whole inputs for clients of the service, each on its own thread: nothing is loaded."""

from __future__ import annotations

import dataclasses
import secrets
import threading
import time
from collections import OrderedDict
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from snapshots.engine.events import Notice
from snapshots.engine.limits import RejectLimit
from snapshots.engine.queue.cancellable_open import opened
from snapshots.engine.run import dry_run
from snapshots.engine.support import threads
from snapshots.errors import QueueFull, SnapshotsError, Stopped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.engine.events import Event, ImportResult
    from snapshots.engine.queue.request import ImportRequest
    from snapshots.model import Reject
    from snapshots.ports import Source
    from snapshots.sources.remote.access import RemoteAccess
    from snapshots.web.settings import ServiceSettings

AT_ONCE: Final = 2
"""Parallel checks of one process: each keeps a core busy."""
KEPT: Final = 20
"""Checks whose results one process keeps, the newest."""
RAW_BYTES: Final = 2000
"""Of a rejected record that a result keeps."""
LONGEST_SECONDS: Final = 3600.0


class Check(Struct):
    """One check: what it was asked for, how far it is, and what it has found."""

    number: str
    draft: Mapping[str, Any]
    """What the page that asked for it needs to go on."""
    limit: RejectLimit
    stop: threading.Event = field(default_factory=threading.Event)
    source: Source | None = None
    size: int | None = None
    result: ImportResult | None = None
    error: SnapshotsError | None = None
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def over(self) -> bool:
        """Whether it has ended, in any way."""
        return self.result is not None or self.error is not None

    @property
    def percent(self) -> float | None:
        """How much of the input was read; None if its size is unknown."""
        source = self.source
        if not self.size or source is None:
            return None
        return min(100.0, round(100 * source.consumed / self.size, 1))

    @property
    def too_many(self) -> bool:
        """Whether an import with these rejects would stop."""
        found = self.result
        if found is None:
            return False
        return self.limit.exceeded(found.counts) or self.limit.exceeded_by_all(found.counts)

    @property
    def firsts(self) -> list[tuple[str, int, Reject]]:
        """For each code, how many records it rejects and the first of them, most frequent first."""
        if self.result is None:
            return []
        first = {reject.code: reject for reject in self.result.examples}
        return [(code, count, first[code]) for code, count in self.result.rejects_by_code.items()]


class Checks(Struct):
    """The checks of one service process. A process that ends forgets them."""

    _kept: OrderedDict[str, Check] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(
        self,
        settings: ServiceSettings,
        request: ImportRequest,
        access: RemoteAccess,
        draft: Mapping[str, Any],
    ) -> Check:
        """Starts to check an input on a new thread. Raises QueueFull if too many are running."""
        check = Check(secrets.token_hex(16), draft, request.options.reject_limit)
        with self._lock:
            running = [one for one in self._kept.values() if not one.over]
            if len(running) >= AT_ONCE:
                raise QueueFull(
                    f"the limit of {AT_ONCE} parallel checks is reached",
                    hint="try again after one has ended",
                )
            self._kept[check.number] = check
            while len(self._kept) > KEPT:
                oldest = next(number for number, one in self._kept.items() if one.over)
                del self._kept[oldest]
        threads.start("checking", lambda: _run(check, settings, request, access))
        return check

    def find(self, number: str) -> Check | None:
        """Returns a check; None if this process does not know it."""
        with self._lock:
            return self._kept.get(number)

    def close(self) -> None:
        """Stops the running checks."""
        with self._lock:
            for one in self._kept.values():
                one.stop.set()


def _run(
    check: Check, settings: ServiceSettings, request: ImportRequest, access: RemoteAccess
) -> None:
    began = time.monotonic()
    last = threading.Timer(LONGEST_SECONDS, check.stop.set)
    last.daemon = True
    last.start()
    try:
        _check(check, settings, request, access)
    except Stopped:
        check.error = SnapshotsError(
            "the check was stopped", hint="check again, or import without a check"
        )
    except SnapshotsError as error:
        check.error = error
    except Exception as error:
        check.error = SnapshotsError(str(error))
    finally:
        last.cancel()
        check.seconds = time.monotonic() - began
        check.source = None


def _check(
    check: Check, settings: ServiceSettings, request: ImportRequest, access: RemoteAccess
) -> None:
    def hear(event: Event) -> None:
        # What the page gives as options, it has shown already.
        if isinstance(event, Notice) and not event.text.endswith(", as given"):
            check.notes.append(str(event.text))

    # All rejects are counted; how many are too many is said with the result.
    options = dataclasses.replace(
        request.options, max_rejects="100%", access=access, tables=settings.tables, dry_run=True
    )
    name = request.url or str(settings.files / request.input)
    with closing(opened(name, access, check.stop, lambda _: None)) as source:
        check.size, check.source = source.identity.size, source
        result = dry_run.run(source, settings.target, options, hear, check.stop)
    first: dict[str, Reject] = {}
    for reject in result.examples:
        first.setdefault(reject.code, replace(reject, raw=reject.raw[:RAW_BYTES]))
    check.result = replace(result, examples=tuple(first.values()))
