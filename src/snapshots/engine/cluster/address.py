"""What users write after `--cluster`, and which pool serves it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots import system
from snapshots.engine.cluster.executor import ClusterExecutor
from snapshots.engine.cluster.local_pool import LocalPool
from snapshots.errors import UsageError

if TYPE_CHECKING:
    from snapshots.engine.cluster.pool import TaskPool
    from snapshots.engine.job import JobContext
    from snapshots.engine.plan.options import Options
    from snapshots.ports import Target

_WITHOUT = "load without --cluster"


def require_usable(target: Target, address: str | None) -> None:
    """Raises UsageError if that is no address of a cluster, or the target is not for one."""
    if address is None:
        return
    if not system.SHARES_SOCKETS:
        raise UsageError("--cluster does not work on Windows", hint=_WITHOUT)
    if target.writers is not None:
        raise UsageError(
            f"{target.display()} takes rows from one process at a time",
            hint=f"name the database of a server, or {_WITHOUT}",
        )
    if address != "local":
        from snapshots.engine.cluster import ray_client

        ray_client.require_address(address)


class Cluster(Struct, frozen=True):
    """Makes the executors of imports that a cluster carries out. Holds no connection."""

    target: Target
    options: Options
    address: str

    def require_usable(self) -> None:
        """Raises UsageError, before anything is written, where the cluster cannot do what is
        asked."""
        options = self.options
        require_usable(self.target, self.address)
        for given, name in (
            (options.limit is not None, "--limit"),
            (options.stop_on_error, "--stop-on-error"),
        ):
            if given:
                raise UsageError(
                    f"{name} needs one worker, which takes the records in order", hint=_WITHOUT
                )

    def executor(self, task: JobContext) -> ClusterExecutor:
        """The executor of one import. Raises ClusterGone."""
        return ClusterExecutor(self.target, task, self.pool(), self.options.sessions)

    def pool(self) -> TaskPool:
        """What runs tasks. Raises ClusterGone."""
        if self.address == "local":
            return LocalPool(self.target, self.options.workers or os.cpu_count() or 1)
        from snapshots.engine.cluster.ray_client import RayClient

        return RayClient(self.address)
