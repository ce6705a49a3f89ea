"""A contract that a person pastes into a form, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from snapshots.contract.contract import has_type, to_schema, users_contract
from snapshots.contract.forms import form_of
from snapshots.errors import ContractError, UsageError
from snapshots.model import Column, Contract, Type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snapshots.contract.forms import ColumnForm

PLACE = "the contract"
_NUMBERS = {"decimal", "float"}


def json_of(text: str) -> object:
    """Returns the JSON in a field of a form. Raises UsageError."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(
            f"the contract is not valid JSON: {error}", hint='for example {"fields": [...]}'
        ) from None
    except RecursionError:
        raise UsageError("the contract is nested too deep to be a Table Schema") from None


class GivenContract(Struct, frozen=True):
    """A contract, and its fields as they are written."""

    contract: Contract
    fields: tuple[Mapping[str, Any], ...]
    """Fields of a Table Schema in one spelling; those without a type have none here."""

    @classmethod
    def read(cls, text: str) -> GivenContract:
        """Reads what a person has pasted. Raises UsageError and ContractError."""
        schema: Any = json_of(text)
        contract = users_contract(schema, PLACE)
        fields = to_schema(contract)["fields"]
        for field, written in zip(fields, schema["fields"], strict=True):
            if not has_type(written):
                del field["type"]
        return cls(contract, tuple(fields))

    def require_fits(self, header: Sequence[str]) -> None:
        """Raises ContractError unless the file has all fields of the contract."""
        lacking = [one.source for one in self.contract.columns if one.source not in header]
        if lacking:
            raise ContractError(
                f"The file has no column {', '.join(lacking)}.",
                place=PLACE,
                hint=f"Its columns are: {', '.join(header)}.",
            )

    def column(self, source: str, name: str, form: ColumnForm, kind: Type | None) -> Column | None:
        """The contract's column for a field of the file, under the name that it gets; None if the
        person has chosen another type.

        `kind` is the type of the table's column, if the table exists: it stays.
        """
        for field, own in zip(self.fields, self.contract.columns, strict=True):
            if own.source != source:
                continue
            named = replace(own, name=name)
            if kind is not None:
                same = own.type.kind == kind.kind or {own.type.kind, kind.kind} <= _NUMBERS
                return replace(named, type=kind) if same or not has_type(field) else None
            if not has_type(field):
                chosen = form.column(name, source)
                return replace(
                    named, type=chosen.type, format=chosen.format,
                    decimal_char=chosen.decimal_char, group_char=chosen.group_char,
                )  # fmt: skip
            return named if form_of(field).key == form.key else None
        return None

    def with_columns(self, columns: tuple[Column, ...]) -> Contract:
        """The contract with other columns; what it says of all of them stays. Raises UsageError if
        a rule names a column that is gone."""
        own = self.contract
        names = {column.name for column in columns}
        ruled = {name for rule in own.rules for name in (*rule.any_of, rule.when) if name}
        if gone := ruled - names:
            raise UsageError(
                f"a rule of the contract names {', '.join(sorted(gone))}, where nothing goes",
                hint="let a column of the file go there, or take the rule out of the contract",
            )
        key = own.primary_key if names.issuperset(own.primary_key) else ()
        return replace(own, columns=columns, primary_key=key)
