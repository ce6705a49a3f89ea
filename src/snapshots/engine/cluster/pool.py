"""The seam to whatever runs tasks: processes of this machine, or a cluster of many hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


class TaskPool(Protocol):
    """Runs functions elsewhere. For one thread; a handle is opaque, and can be a dictionary's key.

    A task may be run more than once, if the pool thinks that its host is gone.
    """

    def submit(self, work: Callable[..., Any], *args: object, near: str | None = None) -> Any:
        """Gives a task to the pool, which may begin it later, and returns its handle. `work` is a
        function of a module, and it and the arguments can be pickled. `near` is the name of the
        host that is to run it, one of `hosts`; others do not. Raises ClusterGone."""

    def ready(self, handles: Collection[Any], timeout: float) -> list[Any]:
        """Waits up to `timeout` seconds for one that has ended; returns those that have. Raises
        ClusterGone."""

    def result(self, handle: Any) -> Any:
        """What an ended task has returned. Raises what it has raised, TaskLost, ClusterGone."""

    def cancel(self, handle: Any) -> None:
        """Ends a task soon, if it can be reached. Never raises."""

    def hosts(self) -> dict[str, int]:
        """The hosts that live, as far as is known now, by names that no two share; and how many
        tasks each runs at once. Tasks know the name of theirs: `survey_task.this_host`."""

    def warnings(self) -> list[str]:
        """What the user should know of it, as sentences."""

    def close(self) -> None:
        """Leaves the pool. Never raises."""
