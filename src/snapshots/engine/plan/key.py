"""Chooses the key by which the rows of an input find those of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from snapshots.engine.plan.references import referring
from snapshots.errors import ContractError, TargetError
from snapshots.targets.sql.ddl import LINEAGE

if TYPE_CHECKING:
    from snapshots.engine.plan.column_options import ColumnOptions
    from snapshots.engine.plan.options import Options
    from snapshots.model import Contract, TableShape
    from snapshots.ports import Session, Target


class KeyFinder(Struct, frozen=True):
    """Finds the columns by which the records of one import find their rows."""

    wanted: ColumnOptions
    options: Options
    target: Target
    session: Session | None

    def key(self, shape: TableShape | None, contract: Contract) -> tuple[str, ...]:
        """The columns of the key; none where rows are not looked for.

        `contract` is what will be loaded; `shape` is None for a table that is to be created.

        Raises ContractError where there is no key, the input or the table lacks a column of it, or
        the table has a key twice; TargetError where a table cannot be replaced without a key.
        """
        session, mode = self.session, self.options.mode
        if session is None or shape is None:
            return self._named(shape, contract) if self.options.by_key else ()
        if self.options.by_key:
            key = self._named(shape, contract)
            if mode == "history":
                _require_own_key(shape, key)
        elif mode == "replace" and (others := referring(self.target, session, shape.table)):
            try:
                key = self._named(shape, contract)
            except ContractError as error:
                raise TargetError(
                    f"Table {shape.table} cannot be replaced: rows of {', '.join(others)} refer to"
                    f" its rows. {error.message}",
                    hint="With a key, changed rows would be updated; else load with --mode append.",
                ) from error
        else:
            return ()
        require_unique(self.target, session, shape, key)
        return key

    def _named(self, shape: TableShape | None, contract: Contract) -> tuple[str, ...]:
        """The key of `--primary-key`, else of the contract, else of the table."""
        wanted, declared = self.wanted, self.wanted.declared()
        key = wanted.primary_key or (() if declared is None else declared.primary_key)
        if not key and shape is not None and not set(shape.primary_key) & set(LINEAGE):
            key = shape.primary_key
        if not key:
            raise ContractError(
                f"Mode {self.options.mode} needs a key, and the table has none.",
                place=wanted.place,
                hint="Name the columns that identify a row with --primary-key.",
            )
        if shape is not None:
            require_columns(key, [column.name for column in shape.columns], "table", wanted.place)
        require_columns(key, [column.name for column in contract.columns], "input", wanted.place)
        return key


def require_columns(
    key: tuple[str, ...], there: list[str], what: str, place: str, whose: str = "key"
) -> None:
    """Requires that all columns of a key are there. Raises ContractError."""
    if lacking := [name for name in key if name not in there]:
        raise ContractError(
            f"The {whose} has {', '.join(map(repr, lacking))}, which the {what} does not have.",
            place=place,
            hint=f"The columns of the {what} are: {', '.join(there)}.",
        )


def _require_own_key(shape: TableShape, key: tuple[str, ...]) -> None:
    """Requires that a history table has the versions of one key. Raises ContractError."""
    own = shape.primary_key
    if own and not set(own) & set(LINEAGE) and set(own) != set(key):
        raise ContractError(
            f"The primary key of table {shape.table} is {', '.join(own)}, and the history would"
            f" have the key {', '.join(key)}.",
            hint="Leave out --primary-key, or name a new table with --table.",
        )


def require_unique(
    target: Target, session: Session, shape: TableShape, key: tuple[str, ...]
) -> None:
    """Requires that the table holds no key twice. Raises ContractError, with an example."""
    if shape.primary_key and set(shape.primary_key) <= set(key):
        return
    quote, table = target.dialect.quote, shape.table
    names = [quote(name) for name in key]
    shown = ", ".join(target.dialect.as_text(f"MIN({name})") for name in names)
    given = " AND ".join(f"{name} IS NOT NULL" for name in names)
    try:
        found = session.execute(
            f"SELECT {shown}, COUNT(*) FROM {table.sql(quote)} WHERE {given}"  # noqa: S608
            f" GROUP BY {', '.join(names)} HAVING COUNT(*) > 1{target.dialect.limit(1)}"
        )
    except TargetError as error:
        if error.retryable:
            raise
        columns = {column.name: column for column in shape.columns}
        types = ", ".join(f"{name} is {columns[name].sql_type}" for name in key)
        raise ContractError(
            f"Values of the key cannot be compared: {types}.",
            hint="Choose other columns with --primary-key.",
        ) from error
    if found:
        *values, rows = map(str, found[0])
        example = ", ".join(f"{name} = {value}" for name, value in zip(key, values, strict=True))
        raise ContractError(
            f"Table {table} has {rows} rows with {example}, so this is not a key.",
            hint="Name more columns with --primary-key, or remove the other rows.",
        )


def with_key(contract: Contract, key: tuple[str, ...]) -> Contract:
    """The contract, in which a record without a value of the key is a reject."""
    columns = tuple(
        replace(column, required=True) if column.name in key else column
        for column in contract.columns
    )
    return replace(contract, columns=columns)
