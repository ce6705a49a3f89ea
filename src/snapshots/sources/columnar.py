"""What the kernel says of columns that have types already, as the schema of an input."""

from __future__ import annotations

import json
from typing import Any

from snapshots.model import Column, InputSchema, Type


def schema_of(columns: str) -> InputSchema:
    """Reads the kernel's JSON of columns."""
    found: list[dict[str, Any]] = json.loads(columns)
    notes = tuple(
        f"column {one['name']!r} has binary values: they are written as \\x and hexadecimal digits"
        for one in found
        if one["binary"]
    )
    return InputSchema(tuple(map(_column, found)), notes)


def _column(one: dict[str, Any]) -> Column:
    kind = Type(
        one["kind"],
        bits=one["bits"],
        unsigned=one["unsigned"],
        precision=one["precision"],
        scale=one["scale"],
    )
    return Column(one["name"], one["name"], kind, required=one["required"])
