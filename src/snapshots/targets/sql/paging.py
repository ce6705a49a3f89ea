"""Makes the SELECTs that read a table page by page, of its own columns and of bound values.

A page is found by the keys of the row before it and not by its number, so that the last page costs
what the first one does, and rows that come meanwhile shift nothing. Its order is one that an index
may serve: a column that may be NULL is read in two statements, that the NULLs come last.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct

from snapshots.errors import UsageError
from snapshots.targets.sql.ddl import LINEAGE
from snapshots.targets.sql.typed_texts import LONG, READERS
from snapshots.targets.sql.validity import held_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.model import TableColumn, TableShape, TypeKind
    from snapshots.ports import Target, Value
    from snapshots.sql_dialect import SqlDialect
    from snapshots.table_facts import RowPlace

Operator: TypeAlias = Literal["eq", "ne", "lt", "le", "gt", "ge", "null", "notnull"]
_SIGNS: Final[dict[str, str]] = {
    "eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
}  # fmt: skip
_SHORT: Final = frozenset(
    ("boolean", "integer", "float", "date", "time", "timestamp", "timestamptz", "uuid")
)
"""Kinds whose values have a few bytes, if the types of columns are binding."""
_FIRST_BLOCKS: Final = 128
_LAST_BLOCK: Final = 0xFFFF_FFFE


class RowFilter(Struct, frozen=True):
    """Keeps the rows whose value of a column compares so with another value."""

    column: str
    operator: Operator
    value: str = ""


class AsOf(Struct, frozen=True):
    """Keeps the rows of a history table that held at a time."""

    moment: str
    """In UTC, as the ledger writes times."""


RowCondition: TypeAlias = RowFilter | AsOf


class RowOrder(Struct, frozen=True):
    """Sorts rows by a column."""

    column: str
    descending: bool = False


PLACE: Final = ""
"""The name of a column that each row has besides: its place. No real column has this name."""


class PageQuery(Struct, frozen=True):
    """A statement for a page of rows."""

    sql: str
    params: tuple[Value, ...]
    keys: tuple[int, ...]
    unsorted: str
    """The same rows, as the number 1 each, without order and limit."""
    dialect: SqlDialect

    def counted(self, most: int) -> str:
        """Returns a statement that counts the rows of all pages, up to `most`."""
        return f"SELECT COUNT(*) FROM ({self.unsorted}{self.dialect.limit(most)}) AS those"


def long_columns(target: Target, shape: TableShape) -> tuple[int, ...]:
    """Returns the indexes of the columns that may hold values of any length."""
    return tuple(
        place
        for place, column in enumerate(shape.columns)
        if not target.dialect.types_are_binding
        or column.type is None
        or not (column.type.kind in _SHORT or column.type.precision)
    )


def complete(
    target: Target, shape: TableShape, order: Sequence[RowOrder], place: RowPlace | None
) -> tuple[RowOrder, ...]:
    """Extends an order until no two rows are alike: by the primary key, or else by lineage or by
    where the rows are. Raises UsageError if that is impossible."""
    columns = {column.name: _Column(target.dialect, column) for column in shape.columns}
    unique = shape.primary_key
    if not all(columns[name].plain and not columns[name].nullable for name in unique):
        unique = ()
    lineage = LINEAGE if columns.keys() >= set(LINEAGE) else ()
    placed = () if place is None else (PLACE,)
    # Among rows that are alike those of an import are in the order of its input.
    unique = unique or (placed or lineage if not order else lineage or placed)
    if not unique:
        raise UsageError(
            f"the rows of {shape.table} have neither a primary key nor _import_id and _line",
            hint="without either, there is no order to split pages by",
        )
    named = {sort.column for sort in order}
    if PLACE in named:
        raise UsageError(
            "the name of the column is missing in sort", hint="for example sort=name, or sort=-name"
        )
    down = bool(order) and all(sort.descending for sort in order)
    return (*order, *(RowOrder(name, down) for name in unique if name not in named))


def parts(
    shape: TableShape, order: Sequence[RowOrder], after: Sequence[Value] | None
) -> tuple[bool | None, ...]:
    """Returns which statements find a page, one after the other: for rows whose first column has a
    value (True), for those where it is NULL (False), or for all rows (None)."""
    first = next((one for one in shape.columns if one.name == order[0].column), None)
    if first is None or not first.nullable:
        return (None,)
    return (True, False) if not after or after[0] is not None else (False,)


def stretches(
    place: RowPlace | None, order: Sequence[RowOrder], after: Sequence[Value] | None
) -> Iterator[tuple[Value, ...] | None]:
    """Yields ranges of places in which to look for rows, from that of the last row on. None: the
    whole table."""
    if place is None or place.blocks is None or [one.column for one in order] != [PLACE]:
        yield None
        return
    if after and not place.form.fullmatch(str(after[0])):
        raise UsageError("this is not a valid position", hint="use the value of `next`")
    block = int(str(after[0]).strip("(").partition(",")[0]) if after else 0
    width = _FIRST_BLOCKS
    while block < place.blocks:
        yield f"({block},0)", f"({min(block + width, _LAST_BLOCK)},0)"
        block, width = block + width, width * 8


def select(
    target: Target,
    shape: TableShape,
    filters: Sequence[RowCondition],
    order: Sequence[RowOrder],
    after: Sequence[Value] | None,
    most: int,
    *,
    place: RowPlace | None = None,
    part: bool | None = None,
    stretch: tuple[Value, ...] | None = None,
    longest: int | None = None,
) -> PageQuery:
    """Makes the statement for a page in a complete order. `after` has the keys of the last row of
    the page before; for `part` and `stretch` see `parts` and `stretches`. With `place` each row
    ends with its place.

    With `longest` a value of more bytes is NULL, and behind the place is the number of bytes of
    all `long_columns` of a row.

    Raises UsageError for a column that is not there, and for a value that is none of its type.
    """
    columns = {column.name: _Column(target.dialect, column) for column in shape.columns}
    names = [column.name for column in shape.columns]
    shown = _shown(target, shape, longest)
    if place is not None:
        columns[PLACE] = _Place(target.dialect, place)
        names, shown = [*names, PLACE], [*shown, place.shown]
    if longest is not None:
        shown.append(_size(target, shape))
    keys = [(_named(columns, sort.column), sort.descending) for sort in order]
    conditions = _conditions(target, columns, filters)
    if after is not None and len(after) != len(keys):
        raise UsageError("this is not a valid position", hint="use the value of `next`")
    if part is not None:
        first = keys[0][0]
        conditions.append((f"{first.quoted} IS {'NOT ' if part else ''}NULL", ()))
        first.nullable = False
    if part is False:
        # The first key of all of them is the same; before the first of them there was a value.
        keys = keys[1:] or keys
        after = after[1:] if after and after[0] is None else None
    if after:
        conditions.append(_past(keys, after))
    if stretch is not None and place is not None:
        between = f"{place.expression} >= {place.mark} AND {place.expression} < {place.mark}"
        conditions.append((between, stretch))
    where = " AND ".join(f"({sql})" for sql, _ in conditions)
    rows = f" FROM {shape.table.sql(target.dialect.quote)}{' WHERE ' + where if where else ''}"
    by = ", ".join(_ordered(column, down) for column, down in keys)
    return PageQuery(
        f"SELECT {', '.join(shown)}{rows} ORDER BY {by}{target.dialect.limit(most)}",
        tuple(value for _, values in conditions for value in values),
        tuple(names.index(sort.column) for sort in order),
        f"SELECT 1{rows}",
        target.dialect,
    )


def unpaged(
    target: Target,
    shape: TableShape,
    columns: Sequence[TableColumn],
    filters: Sequence[RowCondition],
    order: Sequence[RowOrder],
    most: int | None,
    place: RowPlace | None = None,
) -> tuple[str, tuple[Value, ...]]:
    """Makes the statement for all rows at once, with values from which nothing is lost.

    `order` may be empty. `most` is how many rows at most. Raises UsageError as `select` does.
    """
    dialect = target.dialect
    known = {column.name: _Column(dialect, column) for column in shape.columns}
    if place is not None:
        known[PLACE] = _Place(dialect, place)
    conditions = _conditions(target, known, filters)
    where = " AND ".join(f"({sql})" for sql, _ in conditions)
    by = ", ".join(_ordered(_named(known, one.column), one.descending) for one in order)
    return (
        f"SELECT {', '.join(map(dialect.exact, columns))}"
        f" FROM {shape.table.sql(dialect.quote)}"
        + (f" WHERE {where}" if where else "")
        + (f" ORDER BY {by}" if by else "")
        + ("" if most is None else dialect.limit(most)),
        tuple(value for _, values in conditions for value in values),
    )


def where(
    target: Target, shape: TableShape, filters: Sequence[RowCondition]
) -> tuple[str, tuple[Value, ...]]:
    """The end of a statement that keeps the rows which meet all conditions. Raises UsageError."""
    columns = {column.name: _Column(target.dialect, column) for column in shape.columns}
    conditions = _conditions(target, columns, filters)
    sql = " AND ".join(f"({one})" for one, _ in conditions)
    return (
        f" WHERE {sql}" if sql else "",
        tuple(value for _, values in conditions for value in values),
    )


def by_number(
    target: Target,
    shape: TableShape,
    filters: Sequence[RowCondition],
    skip: int,
    most: int,
    longest: int | None,
) -> PageQuery:
    """Makes the statement for the rows after the first `skip` ones in stored order: for a table
    without a key, where the dialect has such an order. For `longest` see `select`."""
    columns = {column.name: _Column(target.dialect, column) for column in shape.columns}
    conditions = _conditions(target, columns, filters)
    where = " AND ".join(f"({sql})" for sql, _ in conditions)
    # Without a condition no index can be of use.
    rows = f" FROM {shape.table.sql(target.dialect.quote)}" + (
        f" WHERE {where}" if where else target.dialect.stored_order or ""
    )
    shown = _shown(target, shape, longest)
    if longest is not None:
        shown.append(_size(target, shape))
    return PageQuery(
        f"SELECT {', '.join(shown)}{rows}{target.dialect.limit(most, skip)}",
        tuple(value for _, values in conditions for value in values),
        (),
        f"SELECT 1{rows}",
        target.dialect,
    )


def _shown(target: Target, shape: TableShape, longest: int | None) -> list[str]:
    names = [target.dialect.quote(column.name) for column in shape.columns]
    if longest is not None:
        for place in long_columns(target, shape):
            name = names[place]
            # By another name: rows are sorted by the column, and not by this.
            length = target.dialect.byte_length(name)
            names[place] = f"CASE WHEN {length} <= {longest:d} THEN {name} END AS snapshots_short"
    return names


def _size(target: Target, shape: TableShape) -> str:
    """The number of bytes of a row, summed in halves: databases take no deep expressions."""
    dialect = target.dialect
    names = (dialect.quote(shape.columns[place].name) for place in long_columns(target, shape))
    terms = [f"COALESCE({dialect.byte_length(name)}, 0)" for name in names]
    while len(terms) > 1:
        terms = [f"({' + '.join(terms[at : at + 2])})" for at in range(0, len(terms), 2)]
    return f"{terms[0] if terms else '0'} AS snapshots_size"


class _Column:
    """One column: how it is compared, and with what."""

    def __init__(self, dialect: SqlDialect, column: TableColumn) -> None:
        self.name = column.name
        self.quoted = dialect.quote(column.name)
        self.nullable = column.nullable
        self.kind: TypeKind | None = column.type.kind if column.type else None
        self.expression, self.mark = dialect.comparable(self.kind, self.quoted)
        self._dialect = dialect

    @property
    def plain(self) -> bool:
        """Whether the column is compared as it is, so that an index on it can be used."""
        return self.expression == self.quoted

    def value(self, text: str) -> Value:
        """Returns what is bound for a user's text. Raises UsageError if it is none of the type."""
        try:
            read = READERS[self.kind](text) if self.kind in READERS else text
        except (ValueError, OverflowError):  # the latter at the ends of the calendar
            raise UsageError(
                f"{text!r} does not fit column {self.name}, whose type is {self.kind}"
            ) from None
        return self._dialect.bound(read, text)


class _Place(_Column):
    """The place of a row, as a column."""

    def __init__(self, dialect: SqlDialect, place: RowPlace) -> None:
        self.name, self.quoted, self.nullable, self.kind = PLACE, place.expression, False, None
        self.expression, self.mark = place.expression, place.mark
        self._dialect, self._form = dialect, place.form

    def value(self, text: str) -> Value:
        """See `_Column`."""
        number = int(text) if re.fullmatch(r"-?\d{1,19}", text, re.ASCII) else None
        if not self._form.fullmatch(text) or not -LONG <= (number or 0) < LONG:
            raise UsageError("this is not a valid position", hint="use the value of `next`")
        return text if number is None else number


def _named(columns: dict[str, _Column], name: str) -> _Column:
    if name not in columns:
        raise no_column(name, [column for column in columns if column != PLACE])
    return columns[name]


def no_column(name: str, columns: Sequence[str]) -> UsageError:
    """Returns the error for a column that a table lacks."""
    from difflib import get_close_matches

    similar = get_close_matches(name, columns, n=1)
    meant = f"Did you mean {similar[0]}? " if similar else ""
    return UsageError(
        f"the table has no column {name!r}", hint=f"{meant}It has {', '.join(sorted(columns))}."
    )


def _conditions(
    target: Target, columns: dict[str, _Column], wanted: Sequence[RowCondition]
) -> list[tuple[str, tuple[Value, ...]]]:
    return [
        held_at(target.dialect, one.moment)
        if isinstance(one, AsOf)
        else _condition(_named(columns, one.column), one)
        for one in wanted
    ]


def _condition(column: _Column, wanted: RowFilter) -> tuple[str, tuple[Value, ...]]:
    if wanted.operator == "null":
        return f"{column.quoted} IS NULL", ()
    if wanted.operator == "notnull":
        return f"{column.quoted} IS NOT NULL", ()
    sign = _SIGNS[wanted.operator]
    return f"{column.expression} {sign} {column.mark}", (column.value(wanted.value),)


def _ordered(column: _Column, down: bool) -> str:
    """One key of ORDER BY. NULLs come last on every database."""
    direction = " DESC" if down else ""
    last = f"CASE WHEN {column.quoted} IS NULL THEN 1 ELSE 0 END, " if column.nullable else ""
    return f"{last}{column.expression}{direction}"


def _past(
    keys: Sequence[tuple[_Column, bool]], after: Sequence[Value]
) -> tuple[str, tuple[Value, ...]]:
    """The condition for rows behind the one with these keys."""
    if len({down for _, down in keys}) == 1 and not any(column.nullable for column, _ in keys):
        # One comparison of all, for which an index can be used.
        sign = "<" if keys[0][1] else ">"
        left = ", ".join(column.expression for column, _ in keys)
        right = ", ".join(column.mark for column, _ in keys)
        values = tuple(_bound(key[0], value) for key, value in zip(keys, after, strict=True))
        past = f"({left}) {sign} ({right})"
        if len(keys) == 1:
            return past, values
        # By the first one alone every database finds where to begin.
        first = f"{keys[0][0].expression} {sign}= {keys[0][0].mark}"
        return f"{first} AND {past}", (values[0], *values)
    ways: list[str] = []
    params: list[Value] = []
    for number, (column, down) in enumerate(keys):
        if after[number] is None:
            continue
        parts = []
        for (before, _), value in zip(keys[:number], after, strict=False):
            if value is None:
                parts.append(f"{before.quoted} IS NULL")
            else:
                parts.append(f"{before.expression} = {before.mark}")
                params.append(_bound(before, value))
        further = f"{column.expression} {'<' if down else '>'} {column.mark}"
        params.append(_bound(column, after[number]))
        parts.append(f"({further} OR {column.quoted} IS NULL)" if column.nullable else further)
        ways.append(f"({' AND '.join(parts)})")
    return " OR ".join(ways) or "1 = 0", tuple(params)


def _bound(column: _Column, value: Value) -> Value:
    if value is None or isinstance(value, bytes):
        raise UsageError("this is not a valid position", hint="use the value of `next`")
    return column.value(str(value).lower() if isinstance(value, bool) else str(value))
