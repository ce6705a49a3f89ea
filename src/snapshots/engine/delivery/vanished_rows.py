"""The keys that an input does not have any more, as an input of their own."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.ledger import destinations
from snapshots.model import Column, Contract, Layout, Type
from snapshots.sources.peekable import Peekable
from snapshots.sources.sql.records import DIALECT, LAST_FIELD, encode
from snapshots.sources.streams import ReadOnce

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.ledger.destinations import Destination
    from snapshots.ports import Target

_AT_ONCE = 1000
_DECODER = json.JSONDecoder()


class VanishedRows(ReadOnce):
    """See `ports.Source`. Each record is the key of one row, in the order of their hashes.

    The values of a key are the JSON that was sent. By now the input may have another type for
    them: a file without rows has texts only.

    Keys whose rows the API has deleted are not there the next time.
    """

    def __init__(self, home: Target, found: Destination, name: str) -> None:
        super().__init__(name)
        self._home = home
        self._found = found
        columns = tuple(Column(key, key, Type("json")) for key in found.key)
        self.contract = Contract(columns, missing_values=None)
        self._peeked = Peekable(self._records())

    @property
    def layout(self) -> Layout:
        """See `ports.Described`."""
        return Layout(DIALECT, (*self._found.key, LAST_FIELD), self.contract)

    @property
    def again(self) -> str:
        """See `ports.Described`."""
        return "Repeat the command: what was not deleted is tried again."

    def close(self) -> None:
        """See `ports.Source`."""

    def _records(self) -> Iterator[bytes]:
        after = ""
        with closing(LedgerSession(self._home, create=False)) as session:
            while rows := destinations.vanished(session.ledger, self._found, _AT_ONCE, after):
                piece = encode([_values(row.key_text) for row in rows])
                self._consumed += len(piece)
                after = rows[-1].key_hash
                yield piece


def _values(key: str) -> list[str]:
    """The values of a JSON object, as it has them."""
    values, at = [], 0
    while key[at] != "}":
        _, at = _DECODER.raw_decode(key, at + 1)
        start = at + 1
        _, at = _DECODER.raw_decode(key, start)
        values.append(key[start:at])
    return values
