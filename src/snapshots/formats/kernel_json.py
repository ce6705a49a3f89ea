"""Writes the JSON that the kernel takes: a dialect, and what to convert records into."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from snapshots.errors import ContractError
from snapshots.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import Column, Contract, Dialect
    from snapshots.row_encoding import EncodingName


@lru_cache(maxsize=64)
def dialect_json(dialect: Dialect) -> str:
    """Returns the JSON of a dialect for Splitter, Records and Scanner."""
    return json.dumps(plain(dialect))


def converter_spec(
    dialect: Dialect,
    contract: Contract,
    header: Sequence[str],
    encoding: EncodingName,
    import_id: int | None,
    *,
    omit_nulls: bool = False,
    chosen: Sequence[str] | None = None,
) -> str:
    """Returns the JSON for Converter: rows of the contract's columns, in its order, from records as
    wide as the header.

    With `import_id` the rows end with it and with their line. JSON objects do not, because the
    block has their lines. With `omit_nulls` objects have no key for a NULL. Of columns with the
    same source, the first takes the first field of that name, and so on. `chosen`: names of the
    columns that the rows have instead of all, in their order.
    """
    lineage = "null" if import_id is None else f'{{"import_id": {import_id:d}}}'
    columns = None if chosen is None else tuple(chosen)
    spec = _spec_without_lineage(
        dialect, contract, tuple(header), encoding, omit_nulls=omit_nulls, chosen=columns
    )
    return f'{spec[:-1]}, "lineage": {lineage}}}'


@lru_cache(maxsize=64)
def _spec_without_lineage(
    dialect: Dialect,
    contract: Contract,
    header: tuple[str, ...],
    encoding: EncodingName,
    *,
    omit_nulls: bool,
    chosen: tuple[str, ...] | None,
) -> str:
    """What files of one shape have in common."""
    names = [column.name for column in contract.columns]
    columns = [
        _column(column, field, contract, dialect.decimal_char)
        for column, field in zip(contract.columns, positions(contract, header), strict=True)
    ]
    rules = [plain(rule) for rule in contract.rules if rule.when in {None, *names}]
    if chosen is not None:
        columns, rules = [columns[names.index(name)] for name in chosen], []
    spec = {
        "dialect": plain(dialect),
        "encoding": encoding,
        "fields": len(header),
        "columns": columns,
        "omit_nulls": omit_nulls,
        "rules": rules,
    }
    return json.dumps(spec)


def positions(contract: Contract, header: Sequence[str]) -> list[int]:
    """Returns the index in a record of each column's field. Raises ContractError for one that is
    not there."""
    places: defaultdict[str, deque[int]] = defaultdict(deque)
    for index, name in enumerate(header):
        places[name].append(index)
    found = []
    for column in contract.columns:
        if not places[column.source]:
            raise ContractError(
                f"The input has no column {column.source!r}, which {column.name!r} needs.",
                hint=f"Its columns are: {', '.join(header)}.",
            )
        found.append(places[column.source].popleft())
    return found


def _column(column: Column, field: int, contract: Contract, decimal_char: str) -> dict[str, Any]:
    own = column.missing_values
    missing = contract.missing_values if own is None else own
    spec = {"field": field, **_spec(column), "missing_values": missing}
    if column.decimal_char == ".":
        spec["decimal_char"] = decimal_char
    return spec


@lru_cache(maxsize=2048)
def _spec(column: Column) -> dict[str, Any]:
    """Yields the specification of each column; they are the same for file after file."""
    spec = plain(column)
    for absent in ("source", "unique", "place"):
        del spec[absent]
    return spec
