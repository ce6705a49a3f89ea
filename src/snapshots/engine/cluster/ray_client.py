"""The pool of a Ray cluster, as the driver sees it: a process of its own belongs to the cluster."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from snapshots.engine.cluster.child import Child
from snapshots.errors import ClusterGone, UsageError
from snapshots.time_limits import CLUSTER_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_ADDRESS: Final = re.compile(r"auto|ray://[^/\s:]+:\d{1,5}|[^/\s:]+:\d{1,5}")
_JOIN_SECONDS: Final = 120.0
_LEAVE_SECONDS: Final = 5.0
_HINT: Final = (
    "write local, auto, HOST:PORT of the cluster's head, or ray://HOST:PORT of its Ray client"
)


def require_address(address: str) -> None:
    """Raises UsageError if this is no address of a cluster, or Ray is not installed."""
    if not _ADDRESS.fullmatch(address):
        raise UsageError(f"--cluster {address!r} is no address of a cluster", hint=_HINT)
    if find_spec("ray") is None:
        raise UsageError(
            "the package for Ray clusters is not installed",
            hint="install it: pip install 'snapshots[ray]'",
        )


class RayClient:
    """See `TaskPool`. Whatever becomes of the cluster, each method returns or raises ClusterGone
    within CLUSTER_SECONDS."""

    def __init__(self, address: str) -> None:
        """Joins the cluster at `auto`, `HOST:PORT` or `ray://HOST:PORT`. Raises ClusterGone, and
        UsageError where it has another release of Ray or Python."""
        self._address = address
        self._child: Child | None = Child("snapshots.engine.cluster.ray_process", quiet=True)
        try:
            self._ask(_JOIN_SECONDS, "join", address)
        except BaseException:
            self._leave()
            raise

    def submit(self, work: Callable[..., Any], *args: object, near: str | None = None) -> int:
        """See `TaskPool`."""
        handle: int = self._ask(CLUSTER_SECONDS, "submit_near", near, work, *args)
        return handle

    def ready(self, handles: Collection[int], timeout: float) -> list[int]:
        """See `TaskPool`."""
        found: list[int] = self._ask(timeout + CLUSTER_SECONDS, "ready", list(handles), timeout)
        return found

    def result(self, handle: int) -> Any:
        """See `TaskPool`."""
        return self._ask(CLUSTER_SECONDS, "result", handle)

    def cancel(self, handle: int) -> None:
        """See `TaskPool`: its process is killed."""
        with suppress(ClusterGone):
            self._ask(CLUSTER_SECONDS, "cancel", handle)

    def hosts(self) -> dict[str, int]:
        """See `TaskPool`: by the ids of their nodes, because two hosts may have one name."""
        found: dict[str, int] = self._ask(CLUSTER_SECONDS, "hosts")
        return found

    def warnings(self) -> list[str]:
        """See `TaskPool`: what lacks so that no stranger can run programs on the cluster."""
        token = os.environ.get("RAY_AUTH_MODE", "").lower() in ("token", "k8s")
        tls = os.environ.get("RAY_USE_TLS", "0") == "1"
        lacks = [what for what, has in (("token authentication", token), ("TLS", tls)) if not has]
        if not lacks:
            return []
        return [
            f"the Ray cluster has no {' and no '.join(lacks)}: anyone who reaches its ports can"
            " run programs on it"
        ]

    def close(self) -> None:
        """See `TaskPool`."""
        with suppress(ClusterGone):
            self._ask(_LEAVE_SECONDS, "close")
        self._leave()

    def _ask(self, seconds: float, word: str, *args: object) -> Any:
        """What the process answers. Raises what it raises, and ClusterGone."""
        if self._child is None:
            raise self._gone("it was left before")
        connection = self._child.connection
        try:
            connection.send((word, args))
            if not connection.poll(seconds):
                self._leave()
                raise self._gone(f"it has not answered for {seconds:.0f} s")
            good, value = connection.recv()
        except (EOFError, OSError) as error:
            self._leave()
            raise self._gone("its head, or Ray on this host, has ended") from error
        if not good:
            raise value
        return value

    def _gone(self, why: str) -> ClusterGone:
        return ClusterGone(f"the Ray cluster at {self._address} is lost: {why}")

    def _leave(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None
