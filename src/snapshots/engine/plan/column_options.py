"""What a user asks of the columns of an import or a delivery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from snapshots.contract.contract import contract_of
from snapshots.defaults import ColumnsPolicy
from snapshots.errors import ContractError, UsageError
from snapshots.formats.options import DialectOptions
from snapshots.formats.writers import null_texts
from snapshots.model import Column, Contract, InputSchema

if TYPE_CHECKING:
    from pathlib import Path

    from snapshots.ports import Source


class ColumnOptions(Struct, frozen=True):
    """What the user asks of the columns."""

    contract: Path | Mapping[str, Any] | None
    null_values: tuple[str, ...]
    primary_key: tuple[str, ...]
    policy: ColumnsPolicy
    place: str
    dialect: DialectOptions = field(default_factory=DialectOptions)
    exact: bool = False
    all_text: bool = False
    schema: InputSchema | None = None
    """What the input itself says of its columns."""
    history: bool = False
    """Whether a new table keeps history, and so has more columns and a longer key."""

    @property
    def missing_values(self) -> tuple[str, ...] | None:
        """The texts that mean NULL, the empty one included; None: nobody names any.

        To some writers the empty text is none of them.
        """
        if (own := null_texts(self.dialect)) is not None:
            return self.null_values or own
        return ("", *self.null_values) if self.null_values else None

    @property
    def contract_name(self) -> str:
        """What the user calls the contract. Empty: there is none, or it has no name."""
        return (
            ""
            if self.contract is None or isinstance(self.contract, Mapping)
            else str(self.contract)
        )

    def declared(self) -> Contract | None:
        """The user's contract, read and checked; None if there is none. Raises ContractError."""
        if self.contract is None:
            return None
        contract = contract_of(self.contract)
        return contract if self.schema is None else _typed(contract, self.schema)

    def of(self, source: Source) -> ColumnOptions:
        """The same for an input that may declare its columns itself.

        Raises UsageError for texts that mean NULL where the input has NULL.
        """
        if source.schema is None:
            return self
        if self.null_values:
            raise UsageError(
                "This input has NULL itself, so that no text means NULL.",
                hint="Leave out --null-values.",
            )
        return replace(self, schema=source.schema)

    def _with_those_of(self, contract: Contract) -> tuple[str, ...] | None:
        """The user's texts for NULL. Where a format has its own, those of the contract count, too,
        unless it leaves them at the standard's default."""
        declared = contract.missing_values
        if self.null_values or self.missing_values is None or declared in {None, ("",)}:
            return self.missing_values
        return tuple(dict.fromkeys((*self.missing_values, *(declared or ()))))

    def amend(self, contract: Contract) -> Contract:
        """The contract with the texts for NULL and the primary key that the user gave.

        Raises ContractError if the key names a column that does not exist.
        """
        if self.missing_values is not None:
            contract = replace(contract, missing_values=self._with_those_of(contract))
        if not self.primary_key:
            return contract
        known = [column.name for column in contract.columns]
        unknown = [name for name in self.primary_key if name not in known]
        if unknown:
            raise ContractError(
                f"--primary-key names {', '.join(unknown)}, which the table does not have.",
                place=self.place,
                hint=f"Its columns are: {', '.join(known)}.",
            )
        return replace(contract, primary_key=self.primary_key)


def _typed(contract: Contract, schema: InputSchema) -> Contract:
    """The contract without what it says of texts, for columns whose values are none."""
    typed = {one.source.casefold() for one in schema.columns if one.type.kind != "text"}

    def plain(column: Column) -> Column:
        if (column.source or column.name).casefold() not in typed:
            return replace(column, missing_values=None)
        return replace(
            column, format="default", true_values=None, false_values=None, decimal_char=".",
            group_char=None, bare_number=True, missing_values=None,
        )  # fmt: skip

    return replace(contract, columns=tuple(map(plain, contract.columns)), missing_values=None)
