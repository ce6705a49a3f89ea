"""Values that a column's type would store as others, found before they are stored.

The fields of a chunk are copied into a temporary table, each twice: as text, and as what the
column's type makes of it. One query then finds the rows in which the two are not the same value.
What is made of parts is taken apart: an array, a composite or a range is altered if one of its
values is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.model import TableName
from snapshots.table_facts import Comparison
from snapshots.targets.postgres.plain_types import altered, by_modifier_alone, is_open, is_padded
from snapshots.targets.postgres.quoting import qualified, quote
from snapshots.targets.postgres.type_parts import TwinTypes, columns_of
from snapshots.targets.postgres.types import kernel_type
from snapshots.targets.sql.ddl import LINEAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snapshots.model import Column, Type
    from snapshots.ports import Session
    from snapshots.targets.postgres.type_parts import TypeParts

STAGE = TableName("snapshots_stage", "pg_temp")
_MAY = "SELECT has_database_privilege(current_database(), 'TEMPORARY')"
_BLANKS = r"E' \t\n\r\v\f'"
_PIECE = r'[\[(](?:"(?:[^"\\]|""|\\.)*"|\\.|[^"\\\])])*[\])]'
"""A range within a multirange."""
_SHOWN = 300


def comparison(session: Session, table: TableName, columns: Sequence[Column]) -> Comparison:
    """See `ports.Target.comparison`, for a table that takes text."""
    there = columns_of(session.execute, table)
    compared: list[tuple[str, TypeParts, str]] = []
    open_ones, twins = [], TwinTypes()
    for column in columns:
        made = there.get(column.name)
        if made is None or _is_written_alike(made, column.type):
            continue
        if _any(made, is_open):
            open_ones.append(_open_question(column.name, made))
        number = len(compared)
        condition = _differs(made, f"t{number}", f"v{number}", twins)
        if condition is not None:
            compared.append((column.name, made, condition))
    if not compared:
        return Comparison(notes=tuple(open_ones))
    names = tuple(name for name, _, _ in compared)
    if session.execute(_MAY) != [(True,)]:
        return Comparison(notes=(*open_ones, _cannot_compare(names)))
    fields = ", ".join(f"t{n} text, v{n} {made.sql}" for n, (_, made, _) in enumerate(compared))
    lineage = ", ".join(f"{name} bigint" for name in LINEAGE)
    stage = qualified(STAGE)
    create = f"CREATE TEMP TABLE {stage} ({fields}, {lineage}) ON COMMIT DROP"
    return Comparison(
        columns=names,
        notes=tuple(open_ones),
        begin="; ".join((*twins.create, create)),
        find=_find([condition for _, _, condition in compared]),
        end=f"DROP TABLE {', '.join((stage, *twins.names))}",
    )


def stage_columns(compared: Comparison) -> list[str]:
    """The columns of the temporary table, in the order of the blocks."""
    return [f"{kind}{n}" for n in range(len(compared.columns)) for kind in "tv"] + list(LINEAGE)


def _find(conditions: list[str]) -> str:
    when, texts, values = [], [], []
    for n, condition in enumerate(conditions):
        when.append(f"WHEN {condition} THEN {n}")
        texts.append(f"WHEN {n} THEN t{n}")
        values.append(f"WHEN {n} THEN CAST(v{n} AS text)")
    return (
        f"SELECT {LINEAGE[1]}, n, left(CASE n {' '.join(texts)} END, {_SHOWN}),"
        f" left(CASE n {' '.join(values)} END, {_SHOWN})"
        f" FROM (SELECT *, CASE {' '.join(when)} END AS n FROM {qualified(STAGE)}) AS s"
        f" WHERE n IS NOT NULL ORDER BY {LINEAGE[1]}"
    )


def _differs(made: TypeParts, text: str, value: str, twins: TwinTypes) -> str | None:
    """That a column's value is another than its text."""
    if (
        made.shape == "array"
        and made.plain_sql == f"{made.part.plain_sql}[]"
        and (by_modifier_alone(made.part))
    ):
        return f"{value} <> CAST({text} AS {made.plain_sql})"
    condition = _condition(made, f"CAST({text} AS {twins.of(made)})", value, twins)
    if condition is None or _any(made, is_padded):
        return condition
    # A value that reads as the text does is the same.
    return f"{text} <> CAST({value} AS text) AND ({condition})"


def _condition(
    made: TypeParts, text: str, value: str, twins: TwinTypes, depth: int = 0
) -> str | None:
    """That a value is another than its text; `text` is of the type's twin."""
    row = f"r{depth}"

    def of(part: TypeParts, text: str, value: str) -> str | None:
        return _condition(part, text, value, twins, depth + 1)

    if made.shape == "plain":
        return altered(made, text, value)
    if made.shape == "composite":
        names = [(quote(name), part) for name, part in made.parts]
        fields = [of(part, f"({text}).{name}", f"({value}).{name}") for name, part in names]
        return " OR ".join(f"({one})" for one in fields if one) or None
    if made.shape == "array":
        inner = of(made.part, f"{row}.t", f"{row}.v")
        source = f"(SELECT unnest({text}) AS t, unnest({value}) AS v) AS {row}"
    elif made.shape == "multirange":
        inner = of(made.part, f"{row}.t[1]", value)
        source = f"regexp_matches({text}, '{_PIECE}', 'g') AS {row}(t)"
    else:
        part = made.part
        inner = of(part, f"CAST({row}.t AS {twins.of(part)})", f"CAST({row}.t AS {part.sql})")
        bounds = f"b{row}.b"
        source = (
            f"(SELECT {_bounds(text, twins)} AS b OFFSET 0) AS b{row},"
            f" LATERAL (VALUES (({bounds}).low), (({bounds}).high)) AS {row}(t)"
        )
    return inner and f"EXISTS (SELECT FROM {source} WHERE {inner})"


def _bounds(text: str, twins: TwinTypes) -> str:
    """The bounds of a range, whose text is like that of a row but for the brackets."""
    range_ = f"btrim({text}, {_BLANKS})"
    return (
        f"CAST(CASE WHEN left({range_}, 1) IN ('[', '(') THEN '(' || substr({range_}, 2,"
        f" length({range_}) - 2) || ')' END AS {twins.bounds()})"
    )


def _is_written_alike(made: TypeParts, kind: Type) -> bool:
    """The kernel has read the value as one of this type."""
    if made.shape != "plain" or made.name == "money":
        return False
    known = kernel_type(made.sql)
    return known is not None and known.kind == kind.kind


def _any(made: TypeParts, test: Callable[[TypeParts], bool]) -> bool:
    """Of the plain types that a type is made of."""
    if made.shape == "plain":
        return test(made)
    return any(_any(part, test) for _, part in made.parts)


def _open_question(name: str, made: TypeParts) -> str:
    return (
        f"column {name!r} is of type {made.sql}: PostgreSQL reads its values, and changes to them"
        " go unnoticed"
    )


def _cannot_compare(names: Sequence[str]) -> str:
    return (
        f"changes that PostgreSQL makes to the values of {', '.join(names)} go unnoticed: this"
        " user may not create temporary tables (GRANT TEMPORARY ON DATABASE allows it)"
    )
