"""What a user asks of the columns of an import or a delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from snapshots.contract.contract import contract_of
from snapshots.defaults import ColumnsPolicy
from snapshots.errors import ContractError
from snapshots.formats.options import DialectOptions
from snapshots.model import Contract

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ColumnOptions:
    """What the user asks of the columns."""

    contract: Path | Mapping[str, Any] | None
    null_values: tuple[str, ...]
    primary_key: tuple[str, ...]
    policy: ColumnsPolicy
    place: str
    dialect: DialectOptions = field(default_factory=DialectOptions)
    exact: bool = False
    all_text: bool = False
    history: bool = False
    """Whether a new table keeps history, and so has more columns and a longer key."""

    @property
    def missing_values(self) -> tuple[str, ...] | None:
        """The texts that mean NULL, the empty one included; None: the user names none."""
        return ("", *self.null_values) if self.null_values else None

    def declared(self) -> Contract | None:
        """The user's contract, read and checked; None if there is none. Raises ContractError."""
        return None if self.contract is None else contract_of(self.contract)

    def amend(self, contract: Contract) -> Contract:
        """The contract with the texts for NULL and the primary key that the user gave.

        Raises ContractError if the key names a column that does not exist.
        """
        if self.null_values:
            contract = replace(contract, missing_values=self.missing_values)
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
