"""The part of a target's interface by which versions are staged, published and kept for undo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from snapshots.model import TableName
from snapshots.session_port import Session
from snapshots.table_facts import AskedStage, RowRule


class PublishingTarget(Protocol):
    """What publishing and undo ask of a database; a `ports.Target` is one."""

    def index_stage(
        self, session: Session, stage: TableName, key: Sequence[str], *, lines: str | None = None
    ) -> None:
        """Outside a transaction: prepares a loaded stage for statements that look for its rows by
        a key, and by its column `lines` where that is named. It may be called again."""

    def changes_stage(
        self,
        session: Session,
        table: TableName,
        columns: Sequence[str],
        select: str,
        key: Sequence[str],
    ) -> TableName:
        """Within a transaction: makes a temporary table of what `select` gives: some columns of a
        table, lineage, and NEW_ROW; `columns` has all names but the last. Rows are found by their
        lines at once, and by the columns of `key`, which may be none, where a join needs that.
        Returns its name. That of an earlier call is dropped."""

    def row_rules(self, session: Session, table: TableName) -> tuple[RowRule, ...]:
        """Returns constraints whose violations a query finds; it need not know all of them."""

    def ask(
        self,
        session: Session,
        table: TableName,
        columns: Sequence[str],
        rows: str,
        line: str,
        leaving: str = "",
    ) -> AskedStage:
        """Within a transaction, and only where the dialect has no savepoints: asks which rows of a
        stage a table would refuse.

        `rows` stands behind FROM, and `line` is its column of lines, quoted. `leaving` is a
        condition for rows `o` of the table that the rows of the stage will change.
        """

    def fires_triggers(self, session: Session, table: TableName) -> bool:
        """Whether a change of any kind to rows of the table fires a trigger or a rule."""

    def create_stage(
        self,
        session: Session,
        stage: TableName,
        table: TableName,
        columns: Sequence[str],
        lineage: tuple[str, str],
    ) -> None:
        """Creates an empty table, if it is missing, that takes the same values for some columns of
        a table, and lineage under these names. It has none of the table's constraints."""

    def trial_stage(
        self, session: Session, table: TableName, columns: Sequence[str], lineage: tuple[str, str]
    ) -> TableName:
        """Creates such a table that ends with the session and that nobody else sees; returns its
        name. Call it once for a session."""

    def create_undo_table(
        self,
        session: Session,
        undo: TableName,
        table: TableName,
        columns: Sequence[str],
        key: Sequence[str] = (),
    ) -> None:
        """Creates an empty table, if it is missing, that holds the values of some columns of a
        table as they are, in any order and number. It has none of the table's constraints.

        Where a row must come after the row that it refers to, its column UNDO_ROW numbers rows.
        Joins by the columns of `key` are fast.
        """

    def rename_obstacles(self, session: Session, table: TableName) -> tuple[str, ...]:
        """Returns why a copy of a table cannot take its name and its place, as parts of sentences
        such as `view v depends on it`; empty if it can."""

    def create_clone(self, session: Session, clone: TableName, table: TableName) -> None:
        """Creates an empty copy of a table, outside a transaction: with its columns, keys, indexes,
        constraints and defaults, in the same schema."""

    def clone_difference(self, session: Session, table: TableName, clone: TableName) -> str:
        """Gives a copy with all its rows what its table has besides, such as grants, comments and
        statistics, outside a transaction. Returns in what it differs all the same, as a sentence;
        empty if in nothing."""

    def open_snapshots(self, session: Session) -> frozenset[str] | None:
        """Returns the transactions of others that may read the database as it was at an earlier
        moment, each by a name that no later one has. None: nobody may know."""

    def exchange(
        self, session: Session, table: TableName, clone: TableName, former: TableName
    ) -> None:
        """Renames a table to `former`, and its copy to the table's name, at once for all readers.

        Within a transaction if CREATE TABLE does not end one; otherwise outside. The copy goes on
        counting where the table has stopped. Raises TableInUse where others use the table for
        longer than a second, and a TargetError worth a retry where it was altered meanwhile.
        """

    def bytes_of(self, session: Session, table: TableName) -> int | None:
        """Returns about how many bytes of storage a table takes with its indexes; None where
        nobody can tell."""

    def history_obstacles(self, session: Session, table: TableName) -> tuple[str, ...]:
        """Returns why a table, if it is empty, cannot become one with history, as sentences such
        as `It has another unique key, t_name.`; empty if it can."""

    def add_intervals(self, session: Session, table: TableName, key: Sequence[str]) -> None:
        """Outside a transaction: gives an empty table the columns of a history table, and makes
        `key` and the beginning of the interval its primary key, all at once.

        Raises TargetError, and has changed nothing then, if the table has rows.
        """
