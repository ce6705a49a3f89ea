"""What sessions with a database in one file share: their writers take turns in this process."""

# ruff: noqa: D102 - ports.Session says what each method does

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from snapshots.targets.sql.transactions import Transactions
from snapshots.targets.sql.writer_queue import turns_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from snapshots._native import Block
    from snapshots.table_facts import Comparison, Difference


class FileSession(Transactions):
    """The part of a `ports.Session` that a file needs no server for."""

    _connection: Any

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._place = str(path)
        self._turns = turns_of(path)
        self._cancelled = False

    def differences(self, compared: Comparison, blocks: Iterable[Block]) -> list[Difference]:  # noqa: ARG002
        return []

    def name(self, text: str, task: str = "") -> None:
        """A file has no sessions that others could see."""

    def end_named(self, text: str, task: str = "") -> int:  # noqa: ARG002
        return 0

    def limit_time(self, seconds: float) -> None:
        """Nobody else is there who could."""

    def cancel(self) -> None:
        self._cancelled = True
        self._turns.look()
        with suppress(Exception):
            self._connection.interrupt()

    def close(self) -> None:
        with suppress(Exception):
            self._connection.close()
