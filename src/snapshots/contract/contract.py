"""Reads a Frictionless Table Schema as a contract, and checks it.

What the standard has and this does not is refused by name, never ignored: a rule that is not
applied must not look as if it were.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from snapshots.contract.fields import parse_field
from snapshots.contract.patterns import require_patterns
from snapshots.contract.places import require_places
from snapshots.contract.reading import SchemaPlace, refuse, words_of
from snapshots.contract.rules import parse_rules
from snapshots.contract.words import SCHEMA, nearest
from snapshots.contract.writing import to_schema
from snapshots.errors import ContractError
from snapshots.file_hints import advice
from snapshots.formats.names import RESERVED
from snapshots.model import Column, Contract

__all__ = ["parse_contract", "read_contract", "schema_of", "to_schema", "users_contract"]

_LARGEST = 16 * 1024 * 1024
MOST_FIELDS = 10_000
"""The most fields that a contract may declare: more than any table has."""


def read_contract(path: Path | str) -> Contract:
    """Returns the contract in a file. Raises ContractError, with file, field and key, if it is
    none."""
    return users_contract(_document(path), str(path))


def _document(path: Path | str) -> Any:
    """The JSON in a file. Raises ContractError."""
    place = str(path)
    try:
        text = Path(path).read_bytes()[: _LARGEST + 1].decode("utf-8-sig")
    except OSError as error:
        raise ContractError(
            f"The contract cannot be read: {error.strerror}.", place=place, hint=advice(error)
        ) from error
    except UnicodeDecodeError as error:
        raise ContractError("The contract is not UTF-8.", place=place) from error
    try:
        # Numbers as they are written: 0.1 as a binary float is another number.
        return json.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError) as error:
        reason = "a number is too large" if isinstance(error, ArithmeticError) else error
        raise ContractError(
            f"The contract is not valid JSON: {reason}.",
            place=place,
            hint="A Table Schema is JSON.",
        ) from error
    except RecursionError as error:
        raise ContractError(
            "The contract is nested too deeply to be a Table Schema.", place=place
        ) from error


def users_contract(schema: Mapping[str, Any], place: str) -> Contract:
    """Returns the contract that somebody has written, whoever that is; see `parse_contract`."""
    fields = schema.get("fields") if isinstance(schema, dict) else None
    if isinstance(fields, list) and len(fields) > MOST_FIELDS:
        at = SchemaPlace(place).key("fields")
        raise refuse(at, f"The contract has {len(fields):,} fields; the limit is {MOST_FIELDS:,}.")
    contract = parse_contract(schema, place)
    require_patterns(contract, place)
    return contract


def parse_contract(schema: Mapping[str, Any], place: str) -> Contract:
    """Returns the contract that a Table Schema describes. Raises ContractError, which names `place`
    as its origin.

    >>> contract = parse_contract({"fields": [{"name": "id", "type": "integer"}]}, "a.json")
    >>> contract.columns[0].type.kind
    'integer'
    """
    at = SchemaPlace(place)
    _check_text(schema, at)
    _check_schema(schema, at)
    columns = tuple(
        parse_field(field, at.field(number, field)) for number, field in enumerate(schema["fields"])
    )
    _check_names(columns, at)
    require_places(columns, at)
    missing = _missing_values(schema, at)
    key = _primary_key(schema, columns, at)
    subset = _fields_match(schema) == "subset"
    return Contract(columns, missing, key, parse_rules(schema, columns, at), subset)


def _check_text(schema: Mapping[str, Any], at: SchemaPlace) -> None:
    """Refuses halves of characters: JSON can write them by number, and no text can hold them."""
    try:
        json.dumps(schema, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        half = ascii(error.object[error.start])[1:-1]
        raise refuse(at, f"It has {half}, which is half of a character and not text.") from error
    except RecursionError as error:
        raise refuse(at, "The contract is nested too deep to be a Table Schema.") from error


def _check_schema(schema: Mapping[str, Any], at: SchemaPlace) -> None:
    if not isinstance(schema, dict):
        raise refuse(at, "A Table Schema must be an object with `fields`.")
    if "resources" in schema or "schema" in schema:
        raise refuse(
            at,
            "This is a data package or resource, not a Table Schema.",
            "Use the Table Schema inside it.",
        )
    fields = schema.get("fields")
    if not isinstance(fields, list) or not fields:
        hint = f"It has: {', '.join(map(str, schema))}." if schema else ""
        raise refuse(at.key("fields"), "A Table Schema needs a list of fields.", hint)
    if schema.get("foreignKeys"):
        raise refuse(
            at.key("foreignKeys"),
            "An import does not check foreign keys.",
            "Remove them from the contract, and declare them in the database.",
        )
    if schema.get("uniqueKeys"):
        raise refuse(
            at.key("uniqueKeys"),
            "Unique keys of several columns are not supported.",
            "Use primaryKey, or declare them in the database.",
        )
    if _fields_match(schema) not in {"exact", "equal", "subset"}:
        raise refuse(
            at.key("fieldsMatch"),
            f"fieldsMatch {schema['fieldsMatch']!r} is not supported: columns are matched by name.",
            "Use --columns-changed to allow new or missing columns.",
        )
    words_of(schema, SCHEMA, at)


def _fields_match(schema: Mapping[str, Any]) -> object:
    """Returns the word that says which fields an input may have. Version 2 of the standard writes
    it as a list of one."""
    value = schema.get("fieldsMatch", "exact")
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _check_names(columns: tuple[Column, ...], at: SchemaPlace) -> None:
    seen: set[str] = set()
    for column in columns:
        if column.name.lower() in RESERVED:
            raise refuse(
                at, f"{column.name!r} is the name of a lineage column.", "Choose another name."
            )
        if column.name.lower() in seen:
            raise refuse(at, f"Two fields have the name {column.name!r}.", "Rename one of them.")
        seen.add(column.name.lower())


def _missing_values(schema: Mapping[str, Any], at: SchemaPlace) -> tuple[str, ...] | None:
    """Returns the texts that mean NULL: version 2 of the standard may have objects with a `value`.
    By default empty fields do."""
    own = schema.get("x-snapshots", {})
    if isinstance(own, dict) and own.get("missingValues") == "unquoted":
        return None
    values = schema.get("missingValues", [""])
    if not isinstance(values, list):
        raise refuse(at.key("missingValues"), "missingValues must be a list of strings.")
    found = []
    for entry in values:
        value = entry.get("value") if isinstance(entry, dict) else entry
        if not isinstance(value, str):
            raise refuse(
                at.key("missingValues"), f"{value!r} is not a string.", "Put it in quotes."
            )
        found.append(value)
    return tuple(found)


def _primary_key(
    schema: Mapping[str, Any], columns: tuple[Column, ...], at: SchemaPlace
) -> tuple[str, ...]:
    key = schema.get("primaryKey", [])
    names = [key] if isinstance(key, str) else key
    if not isinstance(names, list):
        raise refuse(
            at.key("primaryKey"), "primaryKey must be the name of a field, or a list of names."
        )
    known = {column.name for column in columns}
    for name in names:
        if not isinstance(name, str) or name not in known:
            raise refuse(
                at.key("primaryKey"),
                f"The contract has no field {name!r}.",
                nearest(str(name), known),
            )
    return tuple(names)


def contract_of(contract: Path | Mapping[str, Any]) -> Contract:
    """Returns the contract in a file or in memory, and checks its patterns. Raises
    ContractError."""
    if isinstance(contract, Mapping):
        return users_contract(contract, "contract")
    return read_contract(contract)


def schema_of(contract: Path | Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns a contract as it is written, with what has no meaning here.

    Raises ContractError if it is none.
    """
    if isinstance(contract, Mapping):
        users_contract(contract, "contract")
        return contract
    schema: Mapping[str, Any] = _document(contract)
    users_contract(schema, str(contract))
    return schema


def has_type(field: Mapping[str, Any]) -> bool:
    """Whether a field of a Table Schema says what its type is."""
    return "type" in field or "x-type" in field
