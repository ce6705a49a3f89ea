"""Deferred foreign keys, checked when rows are loaded.

SQLite checks them at COMMIT, where nothing tells any more which row it was, and has no statement
that makes them immediate. So the rows that a load has added are looked up in the parent tables.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from snapshots.errors import RefusedRows
from snapshots.targets.sql.ddl import quoted
from snapshots.targets.sqlite.errors import NO_PARENT

if TYPE_CHECKING:
    from snapshots._native import SqliteConnection

_TABLE_SQL = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE"
_TABLES_SQL = "SELECT name, sql FROM sqlite_schema WHERE type = 'table'"
_DEFERRED = re.compile(r"\bINITIALLY\b.*\bDEFERRED\b", re.IGNORECASE | re.DOTALL)
_KEYS = 'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq'
_PRIMARY_KEY = "SELECT name FROM pragma_table_info(?) WHERE pk ORDER BY pk"
_WITHOUT_ROWID = "SELECT wr FROM pragma_table_list(?) WHERE schema = 'main'"
_VIOLATIONS = "SELECT COUNT(*) FROM pragma_foreign_key_check(?)"
_SMALLEST = -(2**63)


def has_deferred_keys(connection: SqliteConnection, table: str) -> bool:
    """Returns whether a table may have deferred keys: only the text that made the table tells."""
    return any(_DEFERRED.search(str(sql)) for (sql,) in connection.execute(_TABLE_SQL, (table,)))


class DeferredChanges:
    """The deferred keys of all tables, for statements that insert or update rows of whole tables:
    what leaves a row without its parent is refused at once. Use it for one transaction."""

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection
        found = connection.execute(_TABLES_SQL)
        self._tables = [str(name) for name, sql in found if _DEFERRED.search(str(sql))]
        self._before: int | None = None

    def begin(self, sql: str) -> bool:
        """Remembers how many rows have no parent; returns whether the statement is to be checked.

        Rows that are deleted may be about to return.
        """
        if not self._tables:
            return False
        if not sql.startswith(("INSERT", "UPDATE")):
            self._before = None
            return False
        if self._before is None:
            self._before = self._orphans()
        return True

    def check(self) -> None:
        """Raises RefusedRows if the statement has left more rows without a parent."""
        now = self._orphans()
        if now > (self._before or 0):
            refusal = RefusedRows(NO_PARENT)
            refusal.key = ""
            raise refusal
        self._before = now

    def _orphans(self) -> int:
        return sum(
            int(self._connection.execute(_VIOLATIONS, (table,))[0][0] or 0)
            for table in self._tables
        )


class DeferredKeys:
    """The deferred keys of one table. Call `begin` before rows are inserted, `check` afterwards."""

    def __init__(self, connection: SqliteConnection, table: str) -> None:
        self._connection = connection
        self._table = table
        self._quoted = quoted(table, '"')
        self._rowid = self._rowid_name()
        self._orphans = self._orphan_queries() if self._rowid else []
        self._before = self._violations()
        """How many rows had no parent before. Others have left them; they are not refused."""
        self._last = _SMALLEST

    def begin(self) -> None:
        """Remembers the last row of the table, behind which new rows come."""
        if self._rowid:
            ((last,),) = self._connection.execute(f"SELECT MAX({self._rowid}) FROM {self._quoted}")
            self._last = last if isinstance(last, int) else _SMALLEST

    def check(self, stored: int) -> None:
        """Raises RefusedRows if one of the `stored` rows inserted since `begin` has no parent."""
        if self._all_at_the_end(stored):
            last = (self._last,)
            broken = any(self._connection.execute(query, last) for query in self._orphans)
        else:
            broken = self._violations() > self._before
        if broken:
            refusal = RefusedRows(NO_PARENT)
            refusal.key = ""
            raise refusal

    def _all_at_the_end(self, stored: int) -> bool:
        """Returns whether the new rows are the last ones; if not, the whole table must be read."""
        if not self._rowid:
            return False
        added = f"SELECT COUNT(*) FROM {self._quoted} WHERE {self._rowid} > ?"
        return self._connection.execute(added, (self._last,)) == [(stored,)]

    def _violations(self) -> int:
        return int(self._connection.execute(_VIOLATIONS, (self._table,))[0][0] or 0)

    def _rowid_name(self) -> str | None:
        """Returns a name for the row's number that no column has taken."""
        if self._connection.execute(_WITHOUT_ROWID, (self._table,)) != [(0,)]:
            return None
        columns = self._connection.execute("SELECT name FROM pragma_table_xinfo(?)", (self._table,))
        taken = {str(name).lower() for (name,) in columns}
        return next((name for name in ("rowid", "_rowid_", "oid") if name not in taken), None)

    def _orphan_queries(self) -> list[str]:
        """Returns a query for each key: it finds a row past some row number that has no parent."""
        queries = []
        rows = self._connection.execute(_KEYS, (self._table,))
        for _, group in groupby(rows, key=lambda row: row[0]):
            parts = list(group)
            parent = str(parts[0][1])
            theirs = [part[3] for part in parts]
            if None in theirs:
                theirs = [name for (name,) in self._connection.execute(_PRIMARY_KEY, (parent,))]
            if len(theirs) != len(parts):
                continue  # no such parent or key: SQLite refuses any INSERT into this table
            known = quoted(parent, '"')
            names = [
                (quoted(str(part[2]), '"'), quoted(str(key), '"'))
                for part, key in zip(parts, theirs, strict=True)
            ]
            given = " AND ".join(f"c.{mine} IS NOT NULL" for mine, _ in names)
            # A key compares as its parent's column does: the + takes the child's affinity away.
            same = " AND ".join(f"p.{key} = +c.{mine}" for mine, key in names)
            queries.append(
                f"SELECT 1 FROM {self._quoted} AS c WHERE c.{self._rowid} > ? AND {given}"
                f" AND NOT EXISTS (SELECT 1 FROM {known} AS p WHERE {same}) LIMIT 1"
            )
        return queries
