"""How rejects are read again after the contract, the options or the table were mended.

Columns and their types stay those of the import. What may change is what a value has to be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from snapshots.contract.contract import contract_of
from snapshots.contract.table import table_contract
from snapshots.engine.plan.merged_columns import named
from snapshots.errors import ContractError, UsageError
from snapshots.formats import encodings
from snapshots.formats.options import DialectOptions
from snapshots.model import TableName

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.history import History
    from snapshots.model import Column, Contract, Dialect

_RECORDS = ("delimiter", "quote", "escape", "encoding", "skip_initial_space", "max_record_size",
            "ragged")  # fmt: skip
"""What of a dialect a single record can be read by."""
_OBJECTS = ("encoding", "max_record_size")
"""The same, of a JSON object."""


_PLACES = ("encoding", "skip_initial_space", "max_record_size", "ragged")
"""The same, of a line with fields of fixed widths."""


def _meaningful(dialect: Dialect) -> tuple[str, ...]:
    if dialect.places:
        return _PLACES
    return _RECORDS if dialect.syntax == "delimited" else _OBJECTS


class MendedReading(Struct, frozen=True):
    """What is said of the records anew. Nothing: they are read as the import did."""

    contract: Path | Mapping[str, Any] | None = None
    null_values: tuple[str, ...] = ()
    dialect: DialectOptions = field(default_factory=DialectOptions)


def mended_plan(history: History, plan: Plan, reading: MendedReading) -> Plan:
    """The plan by which rejects are replayed: the import's, with what was mended since.

    Raises ContractError for a contract that does not fit its columns, UsageError for an option
    that says nothing of a single record.
    """
    contract, shape = plan.contract, None
    if isinstance(plan.into, TableName):
        shape = history.target.inspect(history.session, plan.into)
    if shape is not None:
        contract = _as_the_table_is(contract, table_contract(shape), plan)
    if reading.contract is not None:
        contract = _as_declared(contract, contract_of(reading.contract))
    if reading.null_values:
        contract = replace(contract, missing_values=("", *reading.null_values))
    changes = {
        name: value
        for name in DialectOptions.__dataclass_fields__
        if (value := getattr(reading.dialect, name)) is not None
    }
    for name in changes:
        if name not in _meaningful(plan.dialect):
            option = name.replace("_", "-")
            raise UsageError(
                f"--{option} cannot change how single records are read",
                hint="import the corrected file instead",
            )
    for name in ("quote", "escape"):
        if name in changes:
            changes[name] = changes[name] or None
    if "encoding" in changes:
        changes["encoding"] = encodings.canonical(changes["encoding"])
    return replace(plan, contract=contract, dialect=replace(plan.dialect, **changes), stage="")


def _as_the_table_is(contract: Contract, table: Contract, plan: Plan) -> Contract:
    """The contract with the limits that the table's columns have now."""
    now = {column.name: column for column in table.columns}
    return replace(
        contract,
        columns=tuple(_limited(column, now.get(column.name), plan) for column in contract.columns),
    )


def _limited(column: Column, now: Column | None, plan: Plan) -> Column:
    if now is None:
        return column
    if now.type.kind == column.type.kind and now.type.wire == column.type.wire:
        column = replace(column, type=now.type)
    by_contract = plan.create is not None or bool(plan.given and plan.given.get("contract"))
    # What a contract has declared holds whatever the table takes.
    required = now.required or (by_contract and column.required)
    enum = column.enum if by_contract else now.enum
    return replace(column, required=required, enum=enum)


def _as_declared(contract: Contract, declared: Contract) -> Contract:
    known = {column.name for column in contract.columns}
    known |= {column.source for column in contract.columns}
    for theirs in declared.columns:
        if theirs.name not in known and theirs.source not in known:
            raise ContractError(
                f"The contract has a column {theirs.name!r}, which the import did not load.",
                hint="Columns and types stay those of the import.",
            )
    return replace(
        contract,
        columns=tuple(_declared(column, named(declared, column)) for column in contract.columns),
        missing_values=declared.missing_values,
        rules=declared.rules,
    )


def _declared(column: Column, theirs: Column | None) -> Column:
    if theirs is None:
        return column
    if theirs.type.kind != column.type.kind:
        raise ContractError(
            f"Column {column.name!r} is {column.type.kind} in the import, and {theirs.type.kind} in"
            " the contract.",
            hint="Columns and types stay those of the import.",
        )
    return replace(
        theirs,
        name=column.name,
        source=column.source,
        type=column.type,
        required=theirs.required,
    )
