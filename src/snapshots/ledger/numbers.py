"""The numbers of new imports: each is given once, and later ones are larger.

They come from the database's own counter, which no transaction holds: a sequence, or that of the
table's column. So an import that was rolled back leaves a gap. Where there is no counter, one
process at a time begins imports, and takes the number after the largest.

Rows of tables are known by the number of their import. So a new ledger beside rows of an earlier
one begins at the Unix time: those imports were 1 and so on, and undoing a new import 1 must not
find their rows. A chunk whose import is gone counts, too: another import of its number would find
it claimed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from snapshots.errors import LedgerError, RefusedAndEnded, RefusedRows, Stopped
from snapshots.ledger.rows import Row, insert, insert_all, update

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ports import Session, Target, Value
    from snapshots.sql_dialect import NumberSequence

LINEAGE_COLUMN = "_import_id"
_LARGEST = (
    "(SELECT MAX(id) FROM snapshots_imports), (SELECT MAX(import_id) FROM snapshots_chunks),"
    " (SELECT MAX(import_id) FROM snapshots_rejects)"
)
_EMPTY = dict.fromkeys(
    ("kind", "input", "table_name", "state", "plan", "started_at", "heartbeat_at"), ""
)
"""What a row must have that has got its number and nothing else yet."""


class Numbers:
    """Gives numbers on one session, within transactions that write the imports."""

    def __init__(self, target: Target, session: Session) -> None:
        self._target = target
        self._session = session
        self._dialect = target.dialect
        self._last = 0
        """The largest that this session knows of; 0 until it has looked."""

    def take(
        self, given: int | None = None, asked: str = "", params: Sequence[Value] = ()
    ) -> tuple[int, Sequence[Value]]:
        """A number for a new import, and what the same statement answers to the expressions
        `asked`.

        `given` is a number that was taken for a transaction which was rolled back. Whoever takes a
        number calls `write` with it, or rolls the transaction back.
        """
        more = f", {asked}" if asked else ""
        if self._dialect.import_numbers is not None:
            number, answers = self._from_sequence(self._dialect.import_numbers, given, more, params)
        elif self._dialect.inserted_number is not None:
            number, answers = self._from_table(self._dialect.inserted_number, given, more, params)
        else:
            # Another process may have taken a number that was given before: it was rolled back.
            (found,) = self._session.execute(f"SELECT {_LARGEST}{more}", params)
            number, answers = self._after(*found[:3]), found[3:]
        self._last = max(self._last, number)
        return number, answers

    def write(self, number: int, row: Row, asked: Sequence[str] = ()) -> tuple[Value, ...] | None:
        """Writes the import that has taken the number.

        Returns the values of the columns, or expressions, `asked`; None if the database does not
        tell what it has written.
        """
        if self._dialect.inserted_number is not None:
            update(self._session, "snapshots_imports", row, "id = ?", (number,))
            return None
        tells = bool(asked) and self._dialect.returns_inserted
        end = f" RETURNING {', '.join(asked)}" if tells else ""
        found = insert(self._session, "snapshots_imports", {"id": number, **row}, on_conflict=end)
        return found[0] if tells and found else None

    def take_many(self, count: int) -> list[int]:
        """Numbers for several new imports, in order. Whoever takes them calls `write_many` with
        all of them, or rolls the transaction back.

        Raises Stopped where the counter must be set first, which `take` does.
        """
        sequence, inserted = self._dialect.import_numbers, self._dialect.inserted_number
        if sequence is None and inserted is None:
            (found,) = self._session.execute(f"SELECT {_LARGEST}")
            first = self._after(*found)
            return list(range(first, first + count))
        if not self._last:
            self._last = self._after(*self._held()) - 1
        if sequence is not None:
            each = " UNION ALL ".join([f"SELECT {sequence.following}"] * count)
            numbers = sorted(_int(number) for (number,) in self._session.execute(each))
        else:
            row = f"({', '.join('?' for _ in _EMPTY)})"
            self._session.execute(
                f"INSERT INTO snapshots_imports ({', '.join(_EMPTY)})"
                f" VALUES {', '.join([row] * count)}",
                [*_EMPTY.values()] * count,
            )
            ((first_, step),) = self._session.execute(
                f"SELECT {inserted}, {self._dialect.number_step}"
            )
            numbers = [_int(first_) + _int(step) * nth for nth in range(count)]
        if numbers[0] <= self._last:
            raise Stopped("the counter of imports is behind the ledger")
        self._last = numbers[-1]
        return numbers

    def write_many(self, rows: Sequence[Row]) -> None:
        """Writes the imports that have taken numbers together: all with the same columns, their
        numbers as `id`."""
        if self._dialect.inserted_number is not None:
            marks = ", ".join("?" for _ in rows)
            gone = self._session.change(
                f"DELETE FROM snapshots_imports WHERE id IN ({marks}) AND input = ''",
                [row["id"] for row in rows],
            )
            if gone != len(rows):
                raise Stopped("the database has not numbered the imports in order")
        insert_all(self._session, "snapshots_imports", rows)

    def _from_sequence(
        self, sequence: NumberSequence, given: int | None, more: str, params: Sequence[Value]
    ) -> tuple[int, Sequence[Value]]:
        if not self._last:
            self._last = self._after(*self._held()) - 1
        source = sequence.following if given is None else f"{given:d}"
        ((number, *answers),) = self._session.execute(f"SELECT {source}{more}", params)
        if given is None and _int(number) <= self._last:
            # It is new beside older rows, or behind a ledger that was brought back by its rows.
            self._session.execute(sequence.go_on_behind, (self._last,))
            ((number,),) = self._session.execute(f"SELECT {sequence.following}")
        return _int(number), answers

    def _from_table(
        self, inserted: str, given: int | None, more: str, params: Sequence[Value]
    ) -> tuple[int, Sequence[Value]]:
        wanted = given
        if not self._last:
            imports, *others = self._held()
            self._last = self._after(imports, *others) - 1
            if given is None and self._last > _int(imports or 0):
                wanted = self._last + 1
        wanted = self._reserve(wanted)
        ((number, *answers),) = self._session.execute(f"SELECT {inserted}{more}", params)
        if wanted is None and _int(number) <= self._last:
            # Somebody has emptied the table, and its counter began anew.
            self._session.execute("DELETE FROM snapshots_imports WHERE id = ?", (number,))
            wanted = self._reserve(self._last + 1)
            ((number,),) = self._session.execute(f"SELECT {inserted}")
        return wanted or _int(number), answers

    def _reserve(self, wanted: int | None) -> int | None:
        """Adds an empty row, with this number if it is free, or with the counter's."""
        try:
            insert(self._session, "snapshots_imports", {"id": wanted, **_EMPTY})
        except RefusedAndEnded:
            raise
        except RefusedRows:
            if wanted is None:
                raise
            return self._reserve(None)
        return wanted

    def _held(self) -> Sequence[Value]:
        return self._session.execute(f"SELECT {_LARGEST}")[0]

    def _after(self, *held: Value) -> int:
        """The number after the largest of those that the ledger holds."""
        largest = max((_int(number) for number in held if number is not None), default=0)
        if largest == 0 and self._target.has_column(self._session, LINEAGE_COLUMN):
            # Another process may have begun the first import since, and made its table.
            return int(time.time()) if not any(self._held()) else self._after(*self._held())
        return largest + 1


def _int(value: Value) -> int:
    if not isinstance(value, int):
        raise LedgerError(f"the ledger has {value!r} in place of a whole number")
    return value
