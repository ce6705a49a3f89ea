"""The statements that undo an import by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from snapshots.engine.plan.plan import LINEAGE

if TYPE_CHECKING:
    from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows


class UndoSql(Struct, frozen=True):
    """Conditions for rows `t` of the table, and for rows `b` of the undo table."""

    rows: KeyedRows
    undo: str
    """Quoted."""
    had: tuple[str, ...]
    """The columns of the undo table."""
    number: int
    copies: bool = False
    """Whether the undo table also has the rows as they were right after the publish."""
    restored: tuple[str, ...] = ()
    """Columns that changed rows get back, besides those of the input."""

    @property
    def images(self) -> str:
        """The rows of before, behind FROM."""
        if not self.copies:
            return self.undo
        number = self.rows.dialect.quote(LINEAGE[0])
        return f"(SELECT * FROM {self.undo} WHERE {number} IS NULL OR {number} <> {self.number:d})"

    @property
    def _after(self) -> KeyedRows:
        """The rows that were published, as far as they are known."""
        if not self.copies:
            return self.rows
        number = self.rows.dialect.quote(LINEAGE[0])
        return replace(
            self.rows,
            stage=f"(SELECT * FROM {self.undo} WHERE {number} = {self.number:d})",
            columns=tuple(
                column.name
                for column in self.rows.shape.columns
                if column.name in self.had and column.name not in LINEAGE
            ),
        )

    @property
    def altered(self) -> str:
        """Selects a number for each of `rows.others`: how often the publish has changed it."""
        rows = self.rows
        sums = ", ".join(
            f"COALESCE(SUM(CASE WHEN {rows.differs('p', 'b', [name])} THEN 1 END), 0)"
            for name in self.kept_others
        )
        return (
            f"SELECT {sums} FROM {self.images} AS b JOIN {self._after.stage} AS p"
            f" ON {rows.same_key('p', 'b')}"
        )

    @property
    def kept_others(self) -> tuple[str, ...]:
        """The columns that the input lacks, as far as the undo table has them."""
        return tuple(name for name in self.rows.others if name in self.had)

    @property
    def _own(self) -> str:
        # A planner whose statistics are older than the import would expect no row of a number that
        # it does not know, and compare each of them with all rows of another table.
        return f"t.{self.rows.dialect.quote(LINEAGE[0])} + 0 = {self.number:d}"

    @property
    def _published(self) -> str:
        """A row is still as the import published it."""
        rows = self._after
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
        return f"SELECT 1 FROM {self.images} AS b WHERE {self.rows.same_key('t', 'b')}"

    @property
    def _unlisted(self) -> str:
        """Columns that the input lacks are as they were."""
        if self.copies:
            return "1 = 1"
        return f"NOT ({self.rows.differs('t', 'b', self.kept_others)})"

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
        """Rows of the undo table that return, behind FROM. `AND ...` may follow."""
        rows, key = self.rows, self.rows.key_names[0]
        stage, table = f"{self._after.stage} AS p", f"{rows.table} AS t"
        # As joins: the table may have no index on the key.
        joined = f"{self.images} AS b LEFT JOIN {stage} ON {rows.same_key('p', 'b')}"
        joined += f" LEFT JOIN {table} ON {rows.same_key('t', 'b')}"
        return f"{joined} WHERE {self._valid} AND p.{key} IS NULL AND t.{key} IS NULL"

    def kept(self) -> list[tuple[str, str]]:
        """Rows that stay: what stands behind FROM, and why."""
        own, rows = self._own, self.rows
        # Below a NOT, a planner would look for each row by itself.
        undone = " UNION ALL ".join(
            f"SELECT {rows.keys_of('t')} FROM {rows.table} AS t WHERE {one}"
            for one in (self.inserted, self.updated)
        )
        other = f"(t.{self.rows.dialect.quote(LINEAGE[0])} IS NULL OR NOT ({own}))"
        return [
            (
                f"{rows.table} AS t LEFT JOIN ({undone}) AS u ON {rows.same_key('t', 'u')}"
                f" WHERE {own} AND u.{rows.key_names[0]} IS NULL",
                "It was changed after the import.",
            ),
            (
                f"{rows.table} AS t WHERE {other} AND EXISTS ({self._image})",
                "A later import or change has written it.",
            ),
        ]

    @property
    def update(self) -> str:
        """Gives changed rows their former values."""
        columns = (*self.rows.columns, *self.restored)
        return replace(self.rows, stage=self.images, columns=columns).update_where(self.updated)

    @property
    def insert(self) -> str:
        """Inserts the rows that return. `AND ...` may follow."""
        quote = self.rows.dialect.quote
        there = [column for column in self.rows.shape.columns if not column.generated]
        names = [quote(column.name) for column in there if column.name in self.had]
        given = ", ".join(f"b.{name}" for name in names)
        return (
            f"INSERT INTO {self.rows.table} ({', '.join(names)})"
            f"{self.rows.dialect.keeps_given_identity} SELECT {given} FROM {self.deleted}"
        )

    @property
    def take_out_updated(self) -> tuple[str, ...]:
        """Deletes the rows that are to get their former values, so that these can be inserted as
        the deleted rows are. A number that no import has marks them meanwhile."""
        rows, number = self.rows, self.rows.dialect.quote(LINEAGE[0])
        marked = f"{number} = {-self.number:d}"
        published = f"{rows.dialect.delete_aliased(rows.stage)} WHERE "
        if self.copies:
            published = f"{rows.dialect.delete_aliased(self.undo)} WHERE t.{number} = "
            published += f"{self.number:d} AND "
        return (
            f"UPDATE {rows.table} AS t SET {marked} WHERE {self.updated}",
            f"{published}EXISTS (SELECT 1 FROM {rows.table} AS o"
            f" WHERE {rows.same_key('o', 't')} AND o.{marked})",
            f"{rows.dialect.delete_aliased(rows.table)} WHERE t.{marked}",
        )
