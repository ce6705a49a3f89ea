"""Values as DuckDB's driver gives them, as the ledger and users know them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from snapshots.targets.sql.typed_texts import short_fraction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ports import ResultRows, Value

_AS_THEY_ARE = {
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
    "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "VARCHAR", "BLOB", "JSON", '"NULL"',
}  # fmt: skip


def plain(rows: list[tuple[Any, ...]], types: Sequence[str]) -> ResultRows:
    """The rows with texts in place of the driver's own objects. `types` are DuckDB's names."""
    odd = [at for at, kind in enumerate(types) if kind not in _AS_THEY_ARE]
    if not odd:
        return rows
    found = []
    for row in rows:
        values = list(row)
        for at in odd:
            values[at] = _plain(values[at])
        found.append(tuple(values))
    return found


def _plain(value: Any) -> Value:
    if value is None or isinstance(value, int | float | str | bytes):
        return value
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            instant = value.astimezone(UTC).replace(tzinfo=None)
            return short_fraction(instant.isoformat(" ")) + "+00"
        return short_fraction(value.isoformat(" "))
    if isinstance(value, time):
        return short_fraction(value.isoformat())
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)
