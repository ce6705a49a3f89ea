"""What a history table is: every version of a row, with the interval in which it held.

An interval is [from, to), in UTC; a row without an end holds now. The table's key is the key of the
input and the beginning of the interval. The view `TABLE_current` has the rows that hold now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from snapshots.errors import ContractError, TargetError, UsageError
from snapshots.model import Column, TableName, Type
from snapshots.targets.sql.ddl import VALIDITY

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.model import Contract, TableShape
    from snapshots.ports import Session, Target, Value
    from snapshots.sql_dialect import SqlDialect

VALID_FROM, VALID_TO = VALIDITY
INSTANT: Final = Type("timestamptz", fraction=3)
"""The type of the beginning and of the end of an interval."""
_VIEW: Final = "_current"


def is_history(shape: TableShape) -> bool:
    """Whether a table has the columns and the key of a history table."""
    names = {column.name for column in shape.columns}
    return names.issuperset(VALIDITY) and VALID_FROM in shape.primary_key


def require_history(shape: TableShape) -> tuple[str, ...]:
    """The key of a history table, without the beginning of the interval. Raises UsageError."""
    if not is_history(shape):
        raise UsageError(
            f"table {shape.table} has no history",
            hint="load it with --mode history, which keeps every version of a row",
        )
    return tuple(name for name in shape.primary_key if name != VALID_FROM)


def historic(contract: Contract) -> Contract:
    """The contract of the history table for a contract with a primary key.

    Raises ContractError if it has one of the columns already.
    """
    taken = {column.name.lower() for column in contract.columns}
    for name in VALIDITY:
        if name in taken:
            raise ContractError(
                f"The input has a column {name}, which a history table has for itself.",
                hint="Rename the column in the input, or with a contract.",
            )
    return replace(
        contract,
        columns=(
            *contract.columns,
            Column(VALID_FROM, VALID_FROM, INSTANT, required=True),
            Column(VALID_TO, VALID_TO, INSTANT),
        ),
        primary_key=(*contract.primary_key, VALID_FROM),
    )


def held_at(dialect: SqlDialect, moment: str, table: str = "") -> tuple[str, tuple[Value, ...]]:
    """The condition for rows that held at a time, which is written as the ledger does.

    `table` is the name of the table in the statement, quoted.
    """
    prefix = f"{table}." if table else ""
    begin, end = (prefix + dialect.quote(name) for name in VALIDITY)
    mark = dialect.moment()
    return f"{begin} <= {mark} AND ({end} IS NULL OR {end} > {mark})", (moment, moment)


def view_of(table: TableName) -> TableName:
    """The name of the view with the rows that hold now."""
    return TableName(f"{table.name}{_VIEW}", table.schema)


def view_columns(shape: TableShape, quote: Callable[[str], str]) -> str:
    """The columns of that view: all but the end of the interval, which is always open."""
    return ", ".join(quote(one.name) for one in shape.columns if one.name != VALID_TO)


def current_index(table: TableName) -> str:
    """The name of the index on the keys of the rows that hold now, where the database has one."""
    return f"{table.name}_current_key"


def complete(target: Target, session: Session, table: TableName, *, new_columns: bool) -> None:
    """Creates the index and the view of the current rows if they are missing.

    `new_columns`: the table has got columns since, which the view gets, too. Raises TargetError.
    """
    shape = target.inspect(session, table)
    if shape is None:
        raise TargetError(f"The table {table} does not exist.")
    dialect = target.dialect
    end = dialect.quote(VALID_TO)
    if dialect.partial_indexes:
        key = ", ".join(map(dialect.quote, require_history(shape)))
        session.execute(
            f"CREATE UNIQUE INDEX IF NOT EXISTS {dialect.quote(current_index(table))}"
            f" ON {table.sql(dialect.quote)} ({key}) WHERE {end} IS NULL"
        )
    view = view_of(table)
    if new_columns or target.known_as(session, view) is None:
        rows = (
            f"SELECT {view_columns(shape, dialect.quote)} FROM {table.sql(dialect.quote)}"
            f" WHERE {end} IS NULL"
        )
        for statement in dialect.replace_view(view.sql(dialect.quote), rows):
            session.execute(statement)
