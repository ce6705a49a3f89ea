"""Writes an inferred contract together with its evidence, for a person who goes on to edit it.

The evidence is under `x-evidence`, a key of our own: whoever reads the contract ignores it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from snapshots.contract.evidence import PREFERENCE, remark
from snapshots.contract.words import EVIDENCE
from snapshots.contract.writing import to_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.contract.infer import Inferred
    from snapshots.model import Contract

_WIDTH: Final = 120
"""The longest line that an object or list is written on."""


def with_evidence(
    contract: Contract, inferred: Inferred, name: str, *, exact: bool, all_text: bool
) -> dict[str, Any]:
    """Returns the Table Schema of an inferred contract with the evidence for each column.

    `name`: of the input. `exact` and `all_text` are what the types were inferred with.
    """
    schema = to_schema(contract)
    for column, field, seen in zip(
        contract.columns, schema["fields"], inferred.evidence, strict=True
    ):
        field[EVIDENCE] = _evidence(seen)
        note = None if all_text else remark(column.name, seen, lines=True, exact=exact)
        if note:
            field[EVIDENCE]["note"] = note
    schema[EVIDENCE] = {
        "input": name,
        "records": inferred.records,
        "broken": inferred.broken,
        "complete": inferred.complete,
    }
    return schema


def _evidence(seen: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"values": seen["values"], "empty": seen["nulls"] + seen["empties"]}
    if not seen["values"]:
        return found
    found |= {"minLength": seen["min_chars"], "maxLength": seen["max_chars"]}
    if seen["minimum"] is not None:
        found |= {"minimum": seen["minimum"], "maximum": seen["maximum"]}
    if ruled_out := _ruled_out(seen["types"]):
        found["ruledOut"] = ruled_out
    return found


def _ruled_out(types: Mapping[str, Mapping[str, Any] | None]) -> list[dict[str, Any]]:
    """Returns the values that ruled types out, in the order of their lines, with those types.

    What the first value rules out is of no interest, unless it is every type: then the value has
    no list of types.
    """
    by_line: dict[int, dict[str, Any]] = {}
    for kind in PREFERENCE:
        if (example := types[kind]) is not None:
            found = by_line.setdefault(example["line"], {**example, "types": []})
            found["types"].append(kind)
    first, *later = (by_line[line] for line in sorted(by_line))
    if len(first["types"]) == len(types):
        del first["types"]
        return [first]
    return later


def laid_out(value: object, indent: int = 0, before: int = 0) -> str:
    """Returns JSON that is easy to edit: what fits on a line is on one line.

    `before`: the number of characters that stand before it on its first line.

    >>> laid_out({"a": [1, 2]})
    '{"a": [1, 2]}'
    """
    line = _json(value)
    if not isinstance(value, dict | list) or not value or before + len(line) < _WIDTH:
        return line
    inner = indent + 2
    if isinstance(value, dict):
        opening, closing = "{", "}"
        keys = [f"{_json(key)}: " for key in value]
        parts = [
            key + laid_out(one, inner, inner + len(key))
            for key, one in zip(keys, value.values(), strict=True)
        ]
    else:
        opening, closing = "[", "]"
        parts = [laid_out(one, inner, inner) for one in value]
    margin = " " * inner
    body = f",\n{margin}".join(parts)
    return f"{opening}\n{margin}{body}\n{' ' * indent}{closing}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
