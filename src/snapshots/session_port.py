"""The interface of a connection with a target: see `ports.py`, which has the others."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

from snapshots._native import Block
from snapshots.model import TableName
from snapshots.table_facts import Comparison, Difference

Value: TypeAlias = int | float | str | bytes | None
"""What a ledger statement takes and gives."""

ResultRows: TypeAlias = list[tuple[Value, ...]]
RowStream: TypeAlias = Generator[ResultRows, None, None]
"""Rows of a query, a few at a time."""


class Session(Protocol):
    """One connection with a target, for one thread at a time.

    Outside a transaction each statement commits by itself:

        with session.transaction():
            session.load(table, ["id", "name"], blocks)
            session.execute("UPDATE snapshots_imports SET loaded = ? WHERE id = ?", (1000, 7))
    """

    def transaction(self) -> AbstractContextManager[None]:
        """Commits at the end of the block, and rolls back if the block raises.

        After a normal exit the transaction is durable. A SQLite file with a write-ahead log may
        lose the last transactions in a power cut, each of them whole, rows and account together.
        If the answer to COMMIT is lost the error is ConnectionLost: nobody knows, and the claim
        in the ledger decides later. A rollback that fails never hides the error that caused it.

        A trigger or the database itself may end the transaction early. The session notices that
        before its next statement: this one and all further ones of the block raise TargetError,
        and write nothing. The same holds for a savepoint and for the end of the block.
        """

    def savepoint(self) -> AbstractContextManager[None]:
        """Within a transaction: undoes exactly what the block did if the block raises.

        A database without savepoints ends the transaction instead, if the block has changed
        something.
        """

    def execute(self, sql: str, params: Sequence[Value] = ()) -> ResultRows:
        """Runs one statement with a `?` for each parameter; returns its rows, or an empty list.

        Raises RefusedRows if it violates a constraint: by that a claim finds that it comes second.
        """

    def stream(self, sql: str, params: Sequence[Value] = ()) -> RowStream:
        """Runs one query, and yields its rows a few at a time, however many there are.

        All of them are of one moment. The session takes no other statement until the iterator has
        ended; if that is closed early, close the session, too.
        """

    def executemany(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        """Runs the same statement for each row, as fast as the driver can."""

    def change(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Runs one statement that inserts, updates or deletes rows of a user's table; returns how
        many rows it has changed, without those that a trigger has left out.

        Raises RefusedRows, or RefusedAndEnded, where a row is the reason why it cannot be done.
        """

    def insert(
        self, table: TableName, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> None:
        """Inserts rows of Python values as fast as the database can: rejects may be many."""

    def load(self, table: TableName, columns: Sequence[str], blocks: Iterable[Block]) -> int:
        """Writes the rows of the blocks, which are in the target's encoding; returns how many.

        All or nothing within the surrounding savepoint. Every value is stored as it was given:
        if the target would skip a row, cut, change or default a value, or refuses a row,
        RefusedRows is raised, or RefusedAndEnded if a row has ended the transaction. A trigger may
        leave a row out, as its owner wants: that row counts. Takes the blocks one by one and keeps
        none of them.
        """

    def differences(self, compared: Comparison, blocks: Iterable[Block]) -> list[Difference]:
        """Within a transaction: returns the values that columns would alter, at most one a line.

        The rows of the blocks have each of the comparison's columns twice, and then lineage.
        Triggers and constraints of the table play no part. Raises RefusedRows if a column cannot
        take a value at all; then the surrounding savepoint must be rolled back.
        """

    def name(self, text: str, task: str = "") -> None:
        """Lets others find this session by a name, and by that of its task, while it lasts. Never
        raises: a session that cannot be named is not found. Neither has a space at its end."""

    def end_named(self, text: str, task: str = "") -> int:
        """Ends all sessions of that name, or those of one of its tasks, that the database lets
        this user end, whoever opened them, and rolls back their transactions; returns how many.
        Never raises."""

    def limit_time(self, seconds: float) -> None:
        """Makes the server end each later statement that takes longer with an error, if the server
        can do that; otherwise `cancel` is the way."""

    def cancel(self) -> None:
        """Makes the running statement end with an error soon. Any thread may call it. Never
        raises."""

    def close(self) -> None:
        """Closes the connection and rolls back an open transaction. Never raises."""
