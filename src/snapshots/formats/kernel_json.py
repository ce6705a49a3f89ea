"""Writes the JSON that the kernel takes: a dialect, and what to convert records into."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from dataclasses import asdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from snapshots.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import Column, Contract, Dialect
    from snapshots.row_encoding import EncodingName


@lru_cache(maxsize=64)
def dialect_json(dialect: Dialect) -> str:
    """Returns the JSON of a dialect for Splitter, Records and Scanner."""
    return json.dumps(asdict(dialect))


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
    names = [column.name for column in contract.columns]
    columns = [
        _column(column, field, contract)
        for column, field in zip(contract.columns, positions(contract, header), strict=True)
    ]
    rules = [asdict(rule) for rule in contract.rules if rule.when in {None, *names}]
    if chosen is not None:
        columns, rules = [columns[names.index(name)] for name in chosen], []
    spec = {
        "dialect": asdict(dialect),
        "encoding": encoding,
        "fields": len(header),
        "columns": columns,
        "lineage": None if import_id is None else {"import_id": import_id},
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


def _column(column: Column, field: int, contract: Contract) -> dict[str, Any]:
    own = column.missing_values
    missing = contract.missing_values if own is None else own
    return {"field": field, **_spec(column), "missing_values": missing}


@lru_cache(maxsize=2048)
def _spec(column: Column) -> dict[str, Any]:
    """Yields the specification of each column; they are the same for file after file."""
    spec = asdict(column)
    for absent in ("source", "unique"):
        del spec[absent]
    return spec
