"""Finds imports among very many, and holds only some of them at a time."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from snapshots.ledger.entry import Entry
    from snapshots.ledger.history import History, ImportFilter

T = TypeVar("T")

_AT_ONCE = 500
_NAMES = 20
"""Of more names than these, a database compares each import with each name longer than we do."""


def in_order(history: History, search: ImportFilter) -> Iterator[Entry]:
    """The imports and deliveries that a filter takes, by their numbers."""
    conditions = search.conditions(dismissals=history.knows(8))
    where = "".join(f" AND {sql}" for sql, _ in conditions)
    params = tuple(value for _, values in conditions for value in values)
    ids = [0]
    while ids:
        rows = history.session.execute(
            f"SELECT i.id FROM snapshots_imports i WHERE i.id > ?{where} ORDER BY i.id"
            f"{history.target.dialect.limit(_AT_ONCE)}",
            (ids[-1], *params),
        )
        ids = [cast("int", number) for (number,) in rows]
        if ids:
            yield from reversed(history.entries_of(ids))


def of_files(history: History, files: Mapping[str, set[str | None]]) -> Iterator[Entry]:
    """The imports and deliveries of files, oldest first.

    `files` has the hashes of those that have one name, without folders. None: the hash of one is
    not known. Imports of a name are found only where those of its contents are not.
    """
    numbers, known = set[int](), set[str | None]()
    for few in _few(sorted({one for hashes in files.values() for one in hashes if one})):
        rows = history.session.execute(
            "SELECT id, content_hash FROM snapshots_imports"
            f" WHERE content_hash IN ({', '.join('?' for _ in few)})",
            few,
        )
        numbers.update(cast("int", number) for number, _ in rows)
        known.update(str(content) for _, content in rows)
    # A name that is no text is in no ledger, and no database can be asked for it.
    names = {name for name, hashes in files.items() if not hashes <= known and _is_text(name)}
    if names:
        numbers.update(_named(history, names))
    for some in _few(sorted(numbers)):
        yield from reversed(history.entries_of(some))


def _named(history: History, names: set[str]) -> Iterator[int]:
    few = sorted(names) if len(names) <= _NAMES else []
    like = " OR ".join("input LIKE ? ESCAPE '!'" for _ in few)
    patterns = ["%" + re.sub("([!%_])", r"!\1", name) + "%" for name in few]
    where = f" WHERE {like}" if few else ""
    sql = f"SELECT id, input FROM snapshots_imports{where}"
    with closing(history.session.stream(sql, patterns)) as pages:
        for page in pages:
            for number, name in page:
                if PurePath(str(name)).name in names:
                    yield cast("int", number)


def _is_text(name: str) -> bool:
    return name == name.encode(errors="replace").decode()


def _few(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE))
