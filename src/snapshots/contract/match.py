"""Matches the fields of an input to columns."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from snapshots.contract.table import table_contract
from snapshots.defaults import ColumnsPolicy
from snapshots.errors import ColumnsChanged, ContractError
from snapshots.formats.names import clean
from snapshots.model import Column, Contract, TableShape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


class Matched(Struct, frozen=True):
    """A contract cut to what an input has, and what the two do not share."""

    contract: Contract
    """The columns in the order of the input's fields, each with its `source` there."""
    positions: tuple[int, ...]
    """The index of each column's field."""
    new: tuple[str, ...]
    """Names in the header that the contract or table does not know."""
    missing: tuple[str, ...]
    """Columns that the input lacks."""
    new_positions: tuple[int, ...] = ()
    """The index of each field in `new`."""
    computed: tuple[str, ...] = ()
    """Names in the header of columns that the database computes: their fields are not loaded."""
    ignored: tuple[str, ...] = ()
    """Names in the header that a contract of some fields leaves out."""


class _Compared(Struct, frozen=True):
    """What an input is compared with, as messages say it."""

    with_: Contract | TableShape
    contract_name: str
    adds: bool

    @property
    def name(self) -> str:
        contract = " ".join(filter(None, ("contract", self.contract_name)))
        if not isinstance(self.with_, TableShape):
            return f"the {contract}"
        return f"table {self.with_.table}" + (f" ({contract})" if self.contract_name else "")

    @property
    def other(self) -> str:
        """What to do where the two have nothing in common."""
        which = "table" if isinstance(self.with_, TableShape) else "contract"
        return f"They have no column in common: name another --{which}."

    def remedy(self, *, new: bool) -> str:
        """What to do where they have some columns in common; `new`: and the input has more."""
        ignore = "Use --columns-changed ignore to load the columns that both have"
        add = ", or --columns-changed add to add the new ones to the table"
        return f"{ignore}{add if new and self.adds else ''}."


def match(
    header: Sequence[str],
    wanted: Contract | TableShape,
    policy: ColumnsPolicy = "fail",
    *,
    place: str = "",
    called: Mapping[str, str] = MappingProxyType({}),
    some: Contract | None = None,
    contract_name: str = "",
    adds: bool = True,
) -> Matched:
    """Matches by the exact name, then whatever its case, then by the cleaned name.

    Raises ColumnsChanged for new and missing columns unless the policy allows them. Raises
    ContractError for a missing one that must have a value. Columns of a table that the database
    fills in may be missing, and those that it computes may be there. Columns for lineage never
    count. `called`: the names in the header of columns that it calls otherwise; where it does not,
    their own names count. `some`: a contract that names all fields to load into a table.

    An error names the table, and the contract by `contract_name`. Not `adds`: new columns can be
    added to nothing.
    """
    compared = _Compared(wanted, contract_name, adds=adds)
    try:
        return _match(tuple(header), compared, policy, tuple(called.items()), some)
    except ContractError as error:
        error.place = place
        raise


@lru_cache(maxsize=64)
def _match(
    header: tuple[str, ...],
    compared: _Compared,
    policy: ColumnsPolicy,
    calling: tuple[tuple[str, str], ...],
    some: Contract | None,
) -> Matched:
    """Does what `match` says: once for many files with one header."""
    wanted, called = compared.with_, dict(calling)
    if some is not None or (isinstance(wanted, Contract) and wanted.subset):
        return _match_some(header, compared, some, policy)
    contract = table_contract(wanted) if isinstance(wanted, TableShape) else wanted
    may_lack = _filled_in(wanted) if isinstance(wanted, TableShape) else set()
    generated = _computed(wanted) if isinstance(wanted, TableShape) else []
    own = [*(column.source for column in contract.columns), *generated]
    places = _places(header, [called.get(name, name) for name in own], own)
    left = sorted(at for at in places[len(contract.columns) :] if at is not None)
    places = places[: len(contract.columns)]
    there = sorted(
        (position, index) for index, position in enumerate(places) if position is not None
    )
    columns = tuple(
        replace(contract.columns[index], source=header[position]) for position, index in there
    )
    taken = {position for position, _ in there} | set(left)
    new_positions = tuple(at for at in range(len(header)) if at not in taken)
    new = tuple(header[at] for at in new_positions)
    lacking = [
        column
        for column, position in zip(contract.columns, places, strict=True)
        if position is None and column.name not in may_lack
    ]
    _check(new, lacking, header, contract, policy, compared, some=bool(there))
    return Matched(
        replace(contract, columns=columns),
        tuple(position for position, _ in there),
        new,
        tuple(column.name for column in lacking),
        new_positions,
        tuple(header[position] for position in left),
    )


def _match_some(
    header: Sequence[str],
    compared: _Compared,
    some: Contract | None,
    policy: ColumnsPolicy,
) -> Matched:
    """Matches only the fields that a contract names. `some` is None if it is compared with one."""
    wanted = compared.with_
    contract = table_contract(wanted) if isinstance(wanted, TableShape) else wanted
    named = some or contract
    sources = [column.source for column in named.columns]
    found = dict(
        zip(
            (column.name for column in named.columns),
            _places(header, sources, sources),
            strict=True,
        )
    )
    known = {column.name for column in contract.columns}
    there = sorted(
        (position, index)
        for index, column in enumerate(contract.columns)
        if (position := found.get(column.name)) is not None
    )
    columns = tuple(
        replace(contract.columns[index], source=header[position]) for position, index in there
    )
    new_positions = sorted(at for name, at in found.items() if at is not None and name not in known)
    new = tuple(header[at] for at in new_positions)
    may_lack = _filled_in(wanted) if isinstance(wanted, TableShape) else set()
    lacking = [
        column
        for column in contract.columns
        if found.get(column.name) is None and column.name not in may_lack
    ]
    _check(
        new,
        [column for column in lacking if column.name in found],
        header,
        contract,
        policy,
        compared,
        some=bool(there),
        needed=lacking,
    )
    named_positions = {at for at in found.values() if at is not None}
    return Matched(
        replace(contract, columns=columns),
        tuple(position for position, _ in there),
        new,
        tuple(column.name for column in lacking),
        tuple(new_positions),
        ignored=tuple(name for at, name in enumerate(header) if at not in named_positions),
    )


def _places(header: Sequence[str], called: Sequence[str], names: Sequence[str]) -> list[int | None]:
    """The index of the field for each column, by what the header calls it, then by its name."""
    places: list[int | None] = [None] * len(names)
    cleaned = [name.name for name in clean(header).columns]
    ways: tuple[tuple[Iterable[str], Callable[[str], str]], ...] = (
        (header, str),
        (header, str.casefold),
        (cleaned, str.casefold),
    )
    free = dict.fromkeys(range(len(header)))
    for wanted, (sources, alike) in product((called, names), ways):
        found = list(sources)
        for index, name in enumerate(wanted):
            if places[index] is not None:
                continue
            position = next((at for at in free if alike(found[at]) == alike(name)), None)
            if position is not None:
                places[index] = position
                del free[position]
    return places


def _filled_in(shape: TableShape) -> set[str]:
    return {column.name for column in shape.columns if column.has_default}


def _computed(shape: TableShape) -> list[str]:
    return [column.name for column in shape.columns if column.generated]


def _check(
    new: tuple[str, ...],
    lacking: list[Column],
    header: Sequence[str],
    contract: Contract,
    policy: ColumnsPolicy,
    compared: _Compared,
    *,
    some: bool,
    needed: list[Column] | None = None,
) -> None:
    """`needed`: columns that the input lacks, if more than those in `lacking`."""
    if (new or lacking) and policy == "fail":
        changes = _changes(new, [column.name for column in lacking])
        raise ColumnsChanged(
            f"The columns differ from those of {compared.name}. {' '.join(changes)}",
            hint=compared.remedy(new=bool(new)) if some else compared.other,
        )
    required = [column.name for column in needed or lacking if column.required]
    if required:
        raise ContractError(
            f"The input lacks {_names(required)}, which the table requires.",
            hint=f"The input has: {_names(header)}.",
        )
    if not some:
        raise ContractError(
            f"The input has no column of {compared.name}.",
            hint=f"The input has {_names(header)}; expected are"
            f" {_names([column.name for column in contract.columns])}.",
        )


def _changes(new: Sequence[str], lacking: Sequence[str]) -> list[str]:
    changes = []
    if new:
        changes.append(f"New in the input: {_names(new)}.")
    if lacking:
        changes.append(f"Missing in the input: {_names(lacking)}.")
    return changes


def _names(names: Sequence[str], most: int = 20) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
