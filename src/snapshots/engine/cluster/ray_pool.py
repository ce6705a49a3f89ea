"""The pool of a Ray cluster, in the process that belongs to it. This module alone imports Ray."""

from __future__ import annotations

import itertools
import logging
import os
import platform
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapshots.engine.cluster.survey_task import name_host
from snapshots.errors import ClusterGone, SnapshotsError, TaskLost, UsageError
from snapshots.time_limits import CONNECT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_LOOK_SECONDS = 1.0
"""For which the hosts are taken for those that they were."""


class RayPool:
    """See `TaskPool`: tasks go to the hosts of a cluster, each to the one that the driver names."""

    def __init__(self, address: str) -> None:
        """Joins the cluster at `auto`, `HOST:PORT` or `ray://HOST:PORT`. Raises ClusterGone, and
        UsageError where it has another release of Ray or Python."""
        self._ray = ray = _ray()
        self._address = address
        # The driver submits a lost task again: it knows what to end before.
        self._remote = ray.remote(max_retries=0, num_cpus=1)(_on_host)
        self._hosts: dict[str, int] = {}
        self._hosts_until = 0.0
        self._refs: dict[int, Any] = {}
        """By handle."""
        self._numbers = itertools.count(1)
        try:
            _require_answer(address)
            self._join()
        except RuntimeError as error:
            # What it says of versions is clear: theirs and ours.
            if "ersion" in str(error):
                raise UsageError(
                    f"the cluster has another release than this program: {_all(error)}",
                    hint=f"here are Ray {ray.__version__} and Python"
                    f" {platform.python_version()}; install the same everywhere",
                ) from error
            raise self._gone(error) from error
        except Exception as error:
            raise self._gone(error) from error

    def _join(self) -> None:
        """Joins the cluster. For each client at `ray://`, the head starts a process; on a busy host
        that may take longer than Ray waits, so it is asked again."""
        for tries_left in (4, 3, 2, 1, 0):
            try:
                self._ray.init(
                    address=self._address,
                    namespace="snapshots",
                    logging_level=logging.ERROR,
                    log_to_driver=False,
                )
            except (RuntimeError, ConnectionError) as error:
                if not tries_left or "Initialization failure" not in str(error):
                    raise
            else:
                return

    def submit_near(self, near: str | None, work: Callable[..., Any], *args: object) -> int:
        """See `TaskPool.submit`."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        try:
            host = near or next(iter(self.hosts()))
            where = NodeAffinitySchedulingStrategy(host, soft=False)
            options = self._remote.options(scheduling_strategy=where, name=work.__name__)
            ref = options.remote(host, str(Path.cwd()), work, *args)
        except Exception as error:
            raise self._gone(error) from error
        handle = next(self._numbers)
        self._refs[handle] = ref
        return handle

    def ready(self, handles: Collection[int], timeout: float) -> list[int]:
        """See `TaskPool`."""
        refs = {self._refs[handle]: handle for handle in handles}
        try:
            found = self._ray.wait(list(refs), num_returns=1, timeout=timeout)[0]
        except Exception as error:
            raise self._gone(error) from error
        return [refs[ref] for ref in found]

    def result(self, handle: int) -> Any:
        """See `TaskPool`."""
        errors = self._ray.exceptions
        try:
            return self._ray.get(self._refs.pop(handle))
        except errors.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, SnapshotsError):
                raise cause from None
            raise _not_begun(error) from error
        except (
            errors.WorkerCrashedError,
            errors.NodeDiedError,
            errors.ObjectLostError,
            errors.TaskCancelledError,
            errors.TaskUnschedulableError,
            errors.OutOfMemoryError,
        ) as error:
            self._hosts_until = 0.0
            raise TaskLost(f"a task is gone: {type(error).__name__}") from error
        except Exception as error:
            raise self._gone(error) from error

    def cancel(self, handle: int) -> None:
        """See `TaskPool`: its process is killed."""
        with suppress(Exception):
            self._ray.cancel(self._refs.pop(handle), force=True)

    def hosts(self) -> dict[str, int]:
        """See `TaskPool`: by the ids of their nodes, because two hosts may have one name."""
        now = time.monotonic()
        if now > self._hosts_until:
            try:
                nodes = self._ray.nodes()
            except Exception as error:
                raise self._gone(error) from error
            slots = {
                node["NodeID"]: int(node["Resources"].get("CPU", 0))
                for node in nodes
                if node["Alive"]
            }
            self._hosts = {node: count for node, count in slots.items() if count}
            self._hosts_until = now + _LOOK_SECONDS
        return self._hosts

    def close(self) -> None:
        """See `TaskPool`."""
        with suppress(Exception):
            self._ray.shutdown()

    def _gone(self, error: Exception) -> ClusterGone:
        return ClusterGone(f"the Ray cluster at {self._address} cannot be reached: {_first(error)}")


def _require_answer(address: str) -> None:
    """Raises OSError where nobody listens: Ray itself would try for minutes."""
    if address != "auto":
        host, _, port = address.removeprefix("ray://").rpartition(":")
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()


def _on_host(host: str, folder: str, work: Callable[..., Any], *args: object) -> Any:
    """What a task runs, where it can in the driver's folder: paths may be relative."""
    name_host(host)
    with suppress(OSError):
        os.chdir(folder)
    return work(*args)


def _not_begun(error: Exception) -> SnapshotsError:
    """A task that failed in other code than ours: most likely the host lacks the package."""
    text = str(error)
    if "No module named 'snapshots" in text or "ModuleNotFoundError" in text:
        return UsageError(
            "a host of the cluster lacks a package that the import needs: "
            + _first(text.strip().splitlines()[-1]),
            hint="Install the same release of snapshots[ray] on every host.",
        )
    return SnapshotsError(f"a task failed: {_first(text.strip().splitlines()[-1])}")


def _all(error: object) -> str:
    return " ".join(str(error).split())[:500]


def _first(error: object) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def _ray() -> Any:
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    # No statistics of this program's users go to anybody.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    return ray
