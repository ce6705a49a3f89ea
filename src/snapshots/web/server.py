"""Runs the service: a socket, an event loop, and the workers beside it."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import uvicorn

from snapshots.errors import UsageError
from snapshots.hosts import no_name
from snapshots.telemetry.exposition import exposition
from snapshots.time_limits import SERVICE_GRACE_SECONDS
from snapshots.web.app import application
from snapshots.web.context import ServiceContext
from snapshots.web.gate.concurrency import ReadSlots
from snapshots.web.gate.protocol import Protocol, limit_connections
from snapshots.web.hub import Hub
from snapshots.web.row_reads import RowReads
from snapshots.web.session_pool import SessionPool
from snapshots.web.uploads.resumable import sweep_stale
from snapshots.web.uploads.store import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snapshots.telemetry.metrics import Metrics
    from snapshots.web.settings import ServiceSettings

SWITCH_SECONDS = 0.0005
UPLOADS, UPLOADS_EACH = 16, 4
"""Files that are uploaded at once, by all clients and by one."""
PREVIEWS, PREVIEWS_EACH = 4, 2
"""Inputs whose beginning is read at once for people who look, by all clients and by one."""


class QuietServer(uvicorn.Server):
    """A uvicorn server that leaves signals to its caller."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Is called by uvicorn."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """Opens a socket at the address; port 0 takes a free one. Raises UsageError."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, UnicodeError) as error:
        why = no_name(host) or getattr(error, "strerror", None) or error
        raise UsageError(
            f"cannot listen at {host}:{port}: {why}",
            hint="choose another --host or --port; --port 0 takes a free one",
        ) from error


class Serving:
    """Answers until it is stopped. Then the workers end, and their imports are queued again."""

    def __init__(
        self,
        settings: ServiceSettings,
        metrics: Metrics,
        workers: Sequence[Callable[[], None]],
        say: Callable[[str], None],
    ) -> None:
        if removed := sweep(settings.files):
            say(f"removed {removed} unfinished uploads of a stopped service")
        sweep_stale(settings.files)
        limit_connections()
        pool = SessionPool(settings.target, say=say)
        self._hub = Hub(pool)
        service = ServiceContext(
            settings,
            pool,
            self._hub,
            RowReads(settings.target, say),
            ReadSlots("upload files", UPLOADS_EACH, UPLOADS),
            ReadSlots("preview files", PREVIEWS_EACH, PREVIEWS),
            exposition(metrics),
        )
        config = uvicorn.Config(
            application(service),
            http=Protocol,
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="on",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=SERVICE_GRACE_SECONDS,
        )
        self._server = QuietServer(config)
        self._died: BaseException | None = None
        self._workers = [
            threading.Thread(
                target=self._work, args=(work,), name=f"snapshots-queue-{n}", daemon=True
            )
            for n, work in enumerate(workers)
        ]

    def run(self, sock: socket.socket) -> None:
        """Serves in the main thread, and returns when it is over. Raises the error that a worker
        died of."""
        # A thread that loads must not keep an answer waiting for the interpreter.
        sys.setswitchinterval(SWITCH_SECONDS)
        for worker in self._workers:
            worker.start()
        self._server.run(sockets=[sock])
        for worker in self._workers:
            worker.join()
        if self._died is not None:
            raise self._died

    def stop(self) -> None:
        """Stops serving. A signal handler may call it."""
        self._server.should_exit = True
        self._hub.closed = True

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            # Better no service, which is noticed and started again, than one that loads nothing.
            self._died = error
            self.stop()
