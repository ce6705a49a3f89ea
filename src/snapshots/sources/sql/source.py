"""A query's rows as an input that can be read once."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from snapshots.errors import InputError
from snapshots.model import Contract, Layout
from snapshots.sources.peekable import Peekable
from snapshots.sources.sql.records import DIALECT, LAST_FIELD, encode
from snapshots.sources.sql.statement import single_select
from snapshots.sources.streams import ReadOnce

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.model import Column
    from snapshots.sources.sql.server import Query, QueryServer


def open_query(server: QueryServer, sql: str, name: str, limit: int | None = None) -> QuerySource:
    """Runs a query. Its first rows may not be there yet.

    With a limit, the server is asked for one more row: it sorts no more than it must, and it is
    known whether there are more rows.

    Raises CannotConnect, and InputError if the query is not one SELECT or the server refuses it.
    """
    statement = single_select(sql, server.kind, name)
    adapter = import_module(f"snapshots.sources.sql.{server.kind}")
    return QuerySource(
        name, adapter.run(server, statement, name, None if limit is None else limit + 1)
    )


class QuerySource(ReadOnce):
    """See `ports.Source`. Each row is a record; the number of the row is its line."""

    format = "query"

    def __init__(self, name: str, query: Query) -> None:
        """Takes the query over. Raises InputError unless each column has a name of its own."""
        super().__init__(name)
        self._query = query
        try:
            _check_names(query.columns, name)
        except InputError:
            self.close()
            raise
        self._peeked = Peekable(self._records())
        self.contract = Contract(query.columns, missing_values=None)
        """The columns as the server names them, with their types. A project replaces it by a
        stricter contract."""

    @property
    def layout(self) -> Layout:
        """See `ports.Described`."""
        header = (*(column.name for column in self._query.columns), LAST_FIELD)
        return Layout(DIALECT, header, self.contract)

    @property
    def again(self) -> str:
        """See `ports.Described`."""
        return (
            "Repeat the command: a query is read again each time. --limit sets how many rows are"
            " sent."
        )

    def close(self) -> None:
        """See `ports.Source`."""
        with suppress(Exception):
            self._query.close()

    def _records(self) -> Iterator[bytes]:
        for rows in self._query.batches():
            piece = encode(rows)
            self._consumed += len(piece)
            yield piece


def _check_names(columns: tuple[Column, ...], name: str) -> None:
    counts = Counter(column.name for column in columns)
    if twice := next((column for column, count in counts.items() if count > 1), None):
        what = f"Two columns are called {twice!r}." if twice else "Two columns have no name."
    elif "" in counts or "?column?" in counts:
        what = "A column has no name."
    else:
        return
    raise InputError(what, place=name, hint="Name each column with AS.")
