"""The statements that undo an import by key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from snapshots.engine.plan.plan import LINEAGE

if TYPE_CHECKING:
    from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows


@dataclass(frozen=True, slots=True)
class UndoSql:
    """Conditions for rows `t` of the table, and for rows `b` of the undo table."""

    rows: KeyedRows
    undo: str
    """Quoted."""
    had: tuple[str, ...]
    """The columns of the undo table."""
    number: int

    @property
    def _own(self) -> str:
        return f"t.{self.rows.dialect.quote(LINEAGE[0])} = {self.number:d}"

    @property
    def _published(self) -> str:
        """A row is still as the import published it."""
        rows = self.rows
        return (
            f"{self._own} AND EXISTS (SELECT 1 FROM {rows.stage} AS p WHERE"
            f" {rows.same_key('t', 'p')} AND t.{rows.line} = p.{rows.line}"
            f" AND NOT ({rows.differs('t', 'p')}))"
        )

    @property
    def _valid(self) -> str:
        """A row of the undo table was written by no import that is undone by now."""
        number = self.rows.dialect.quote(LINEAGE[0])
        return (
            f"NOT EXISTS (SELECT 1 FROM snapshots_imports AS i WHERE i.id = b.{number}"
            " AND i.state = 'undone')"
        )

    @property
    def _image(self) -> str:
        return f"SELECT 1 FROM {self.undo} AS b WHERE {self.rows.same_key('t', 'b')}"

    @property
    def _unlisted(self) -> str:
        """Columns that the input lacks are as they were."""
        others = [
            column.name
            for column in self.rows.shape.columns
            if column.name in self.had
            and column.name not in {*self.rows.columns, *self.rows.lineage}
        ]
        return f"NOT ({self.rows.differs('t', 'b', others)})"

    @property
    def inserted(self) -> str:
        """Rows that are removed."""
        return f"{self._published} AND NOT EXISTS ({self._image} AND {self._valid})"

    @property
    def updated(self) -> str:
        """Rows that get their former values."""
        return (
            f"{self._published} AND EXISTS ({self._image} AND {self._valid} AND {self._unlisted})"
        )

    @property
    def deleted(self) -> str:
        """Rows of the undo table that return."""
        rows = self.rows
        return (
            f"{self._valid} AND NOT EXISTS (SELECT 1 FROM {rows.stage} AS p"
            f" WHERE {rows.same_key('p', 'b')}) AND NOT EXISTS (SELECT 1 FROM {rows.table} AS t"
            f" WHERE {rows.same_key('t', 'b')})"
        )

    def kept(self) -> list[tuple[str, str]]:
        """Rows that stay, by a condition and why."""
        own = self._own
        other = f"(t.{self.rows.dialect.quote(LINEAGE[0])} IS NULL OR NOT ({own}))"
        return [
            (
                f"{own} AND NOT ({self.inserted}) AND NOT ({self.updated})",
                "It was changed after the import.",
            ),
            (f"{other} AND EXISTS ({self._image})", "A later import or change has written it."),
        ]

    @property
    def update(self) -> str:
        """Gives changed rows their former values."""
        rows = replace(self.rows, stage=self.undo)
        return f"{rows.update} AND {self.updated}"

    @property
    def insert(self) -> str:
        """The beginning of an INSERT of rows `b`."""
        quote = self.rows.dialect.quote
        there = [column for column in self.rows.shape.columns if not column.generated]
        names = [quote(column.name) for column in there if column.name in self.had]
        given = ", ".join(f"b.{name}" for name in names)
        return (
            f"INSERT INTO {self.rows.table} ({', '.join(names)})"
            f"{self.rows.dialect.keeps_given_identity} SELECT {given} FROM {self.undo} AS b"
        )

    @property
    def take_out_updated(self) -> tuple[str, ...]:
        """Deletes the rows that are to get their former values, so that these can be inserted as
        the deleted rows are. A number that no import has marks them meanwhile."""
        rows, number = self.rows, self.rows.dialect.quote(LINEAGE[0])
        marked = f"{number} = {-self.number:d}"
        return (
            f"UPDATE {rows.table} AS t SET {marked} WHERE {self.updated}",
            f"{rows.dialect.delete_aliased(rows.stage)} WHERE EXISTS (SELECT 1 FROM {rows.table}"
            f" AS o WHERE {rows.same_key('o', 't')} AND o.{marked})",
            f"{rows.dialect.delete_aliased(rows.table)} WHERE t.{marked}",
        )
