"""Describes an input: the contract that inference chooses for it, and why. It writes nothing.

Where a contract says where fields stand, its fields are described: those that have no type get one.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from snapshots.contract.contract import has_type, schema_of, users_contract
from snapshots.contract.described import with_evidence
from snapshots.contract.infer import infer
from snapshots.contract.words import FIELD
from snapshots.engine.plan.doubts import require_sound, settle
from snapshots.errors import UsageError
from snapshots.formats.formats import detected
from snapshots.formats.names import clean
from snapshots.sources import open_source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.contract.infer import Inferred
    from snapshots.engine.plan.options import Options
    from snapshots.model import Contract


class Description(Struct, frozen=True):
    """An input's contract, as a Table Schema with the evidence in it."""

    input: str
    schema: dict[str, Any]
    records: int
    """Records that the evidence comes from."""
    broken: int
    """Records that were left out, because they cannot be loaded whatever the types are."""
    complete: bool
    """Whether the whole input was read."""
    notes: tuple[str, ...]
    """Sentences about the dialect, the names and the types."""


def describe(name: str, options: Options) -> Description:
    """Reads an input and describes it. Of `options`, those count that say how it is written, how
    its types are chosen, and how much is read.

    All of it is read, up to the limit, in constant memory. Raises InputError, DialectError,
    ContractError, and UsageError for a contract that does not say where fields stand.
    """
    written = None if options.contract is None else schema_of(options.contract)
    layout = None if written is None else _layout(written)
    with closing(open_source(name, options.remote_access)) as source:
        place = source.identity.name
        wanted = options.wanted(place).of(source)
        sniffed = settle(detected(source, options.dialect, layout), None, place)
        names = clean(sniffed.header)
        inferred = infer(
            source,
            sniffed.dialect,
            names,
            missing_values=wanted.missing_values
            or (None if layout is None else layout.missing_values),
            exact=wanted.exact,
            all_text=wanted.all_text,
            thoroughly=True,
            limit=options.limit,
        )
        if layout is None:
            require_sound(sniffed, wanted.dialect, inferred, place, remote=source.remote)
    contract = inferred.contract
    if written is not None and layout is not None:
        contract = _typed(layout, written, inferred)
        # Text behind the last field has no column.
        inferred = replace(inferred, evidence=inferred.evidence[: len(contract.columns)])
    contract = wanted.amend(contract)
    schema = with_evidence(contract, inferred, place, exact=wanted.exact, all_text=wanted.all_text)
    if written is not None:
        _keep_remarks(schema, written)
    return Description(
        place,
        schema,
        inferred.records,
        inferred.broken,
        inferred.complete,
        (*sniffed.notes, *names.notes, *inferred.notes),
    )


def _layout(schema: Mapping[str, Any]) -> Contract:
    """The contract that says where fields stand. Raises UsageError if it does not."""
    layout = users_contract(schema, "contract")
    if not layout.is_fixed:
        raise UsageError(
            "this contract does not say where fields stand (x-start), and nothing else of it is"
            " used here",
            hint="to see whether a file fits it: snapshots import FILE --contract FILE --dry-run",
        )
    return layout


def _keep_remarks(schema: dict[str, Any], written: Mapping[str, Any]) -> None:
    """Keeps what fields say to people, such as their titles."""
    remarks = {field["name"]: field for field in written["fields"]}
    for field in schema["fields"]:
        for key, value in remarks[field["name"]].items():
            if key not in FIELD and isinstance(value, str):
                field[key] = value


def _typed(layout: Contract, schema: Mapping[str, Any], inferred: Inferred) -> Contract:
    """The contract with its fields as they stand in a line, each with a type."""
    own = {field["name"] for field in schema["fields"] if has_type(field)}
    columns = sorted(layout.columns, key=lambda column: column.place or ())
    typed = tuple(
        column if column.name in own else replace(column, type=found.type)
        for column, found in zip(columns, inferred.contract.columns, strict=False)
    )
    return replace(layout, columns=typed)
