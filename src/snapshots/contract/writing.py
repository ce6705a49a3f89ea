"""Writes a contract as a Table Schema; reading that back gives the same contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snapshots.contract.rules import rules_schema
from snapshots.model import Type

if TYPE_CHECKING:
    from snapshots.model import Column, Contract

_TYPES: dict[str, dict[str, Any]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
    "float": {"type": "number", "floatNumber": True},
    "date": {"type": "date"},
    "time": {"type": "time"},
    "timestamp": {"type": "datetime"},
    "timestamptz": {"type": "datetime", "x-type": "timestamptz"},
    "text": {"type": "string"},
    "uuid": {"type": "string", "format": "uuid"},
    "json": {"type": "any", "x-type": "json"},
}
_CONSTRAINTS = {
    "required": "required", "unique": "unique", "minimum": "minimum", "maximum": "maximum",
    "exclusive_minimum": "exclusiveMinimum", "exclusive_maximum": "exclusiveMaximum",
    "min_length": "minLength", "max_length": "maxLength", "pattern": "pattern", "enum": "enum",
}  # fmt: skip
_LIMITS = {
    "bits": "bits", "unsigned": "unsigned", "precision": "precision", "scale": "scale",
    "fraction": "fraction", "max_chars": "maxChars", "max_bytes": "maxBytes", "wire": "wire",
}  # fmt: skip


def to_schema(contract: Contract) -> dict[str, Any]:
    """Returns a Table Schema for a contract. It leaves defaults out."""
    schema: dict[str, Any] = {"fields": [_field(column) for column in contract.columns]}
    own: dict[str, Any] = {}
    if contract.missing_values is None:
        own["missingValues"] = "unquoted"
    else:
        schema["missingValues"] = list(contract.missing_values)
    if contract.rules:
        own["rules"] = rules_schema(contract.rules)
    if own:
        schema["x-snapshots"] = own
    if contract.subset:
        schema["fieldsMatch"] = ["subset"]
    if contract.primary_key:
        schema["primaryKey"] = list(contract.primary_key)
    return schema


def _place(column: Column) -> dict[str, int]:
    if column.place is None:
        return {}
    start, width = column.place
    return {"x-start": start} if width is None else {"x-start": start, "x-width": width}


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, **_TYPES[column.type.kind]}
    if column.format != "default":
        field["format"] = column.format
    if column.source != column.name:
        field["x-source"] = column.source
    field.update(_place(column))
    for attribute, key in (
        ("true_values", "trueValues"),
        ("false_values", "falseValues"),
        ("missing_values", "missingValues"),
    ):
        values = getattr(column, attribute)
        if values is not None:
            field[key] = list(values)
    if column.decimal_char != ".":
        field["decimalChar"] = column.decimal_char
    if column.group_char is not None:
        field["groupChar"] = column.group_char
    if not column.bare_number:
        field["bareNumber"] = False
    constraints = {
        key: list(value) if isinstance(value, tuple) else value
        for attribute, key in _CONSTRAINTS.items()
        if (value := getattr(column, attribute)) is not None and value is not False
    }
    if constraints:
        field["constraints"] = constraints
    plain = Type(column.type.kind)
    limits = {
        key: value
        for attribute, key in _LIMITS.items()
        if (value := getattr(column.type, attribute)) != getattr(plain, attribute)
    }
    if limits:
        field["x-snapshots"] = limits
    return field
