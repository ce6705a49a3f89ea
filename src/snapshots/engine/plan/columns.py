"""The columns of an import: from a contract, from the table, or inferred from the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from snapshots.contract.contract import contract_of
from snapshots.contract.infer import Inferred, infer
from snapshots.contract.match import Matched, Policy, match
from snapshots.contract.table import table_contract
from snapshots.engine.plan.doubts import require_sound
from snapshots.errors import ContractError
from snapshots.formats.options import DialectOptions
from snapshots.model import Column, Contract, RowEncoding, TableShape, Type
from snapshots.targets.sql.ddl import LINEAGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from snapshots.formats.names import HeaderNames
    from snapshots.formats.sniff import Sniffed
    from snapshots.ports import Source, Target

_NUMBERS = {"integer", "decimal", "float"}
_GUESSED = {"boolean", "date", "time", "timestamp", "timestamptz"}
"""Kinds for which MySQL takes nearly any text, and makes of it what it can."""
_LIKE_NUMBERS = {"date", "time", "timestamp", "timestamptz", "uuid"}
"""SQLite's columns of these kinds make numbers of texts that look like some."""
_MORE = {"tiny", "span"}
"""Columns that hold more than values of one kind."""
_SENT_AS_TEXT = {"decimal", "date", "time", "timestamp", "timestamptz", "uuid", "json", "text"}


@dataclass(frozen=True, slots=True)
class ColumnOptions:
    """What the user says of the columns."""

    contract: Path | Mapping[str, Any] | None
    null_values: tuple[str, ...]
    primary_key: tuple[str, ...]
    policy: Policy
    place: str
    dialect: DialectOptions = field(default_factory=DialectOptions)
    exact: bool = False
    all_text: bool = False

    @property
    def missing_values(self) -> tuple[str, ...] | None:
        """Texts that mean NULL, if the user names any: an empty field means it in any case."""
        return ("", *self.null_values) if self.null_values else None

    def declared(self) -> Contract | None:
        """The user's contract. Raises ContractError."""
        return None if self.contract is None else contract_of(self.contract)

    def amend(self, contract: Contract) -> Contract:
        """The contract with what was said besides it."""
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


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """The columns that are loaded, and what must happen to the table before."""

    contract: Contract
    header: tuple[str, ...]
    """A name for each field of a record."""
    create: Contract | None = None
    add: tuple[str, ...] = ()
    encoding: RowEncoding | None = None
    """Where it must be another than the target's own for this table."""
    notes: tuple[str, ...] = ()
    """A sentence for each column that goes nowhere, or comes from nowhere."""


def for_new_table(
    source: Source,
    target: Target,
    sniffed: Sniffed,
    names: HeaderNames,
    wanted: ColumnOptions,
    say: Callable[[str], None],
) -> ColumnChoice:
    """The columns of a table that does not exist yet."""
    declared = wanted.declared()
    if declared is None:
        inferred = _inferred(source, sniffed, names, wanted)
        for note in inferred.notes:
            say(note)
        contract = target.physical(wanted.amend(inferred.contract))
        say("types: " + ", ".join(map(_shown, contract.columns)))
        if inferred.complete and not inferred.records:
            say("no records can be loaded, so no table is made")
            return ColumnChoice(contract, sniffed.header)
        return ColumnChoice(contract, sniffed.header, create=contract)
    create = target.physical(wanted.amend(declared))
    header = _by_position(sniffed, create, wanted.place)
    matched = match(header, create, wanted.policy, place=wanted.place)
    if wanted.policy == "add" and matched.new:
        more = tuple(
            Column(name.name, name.source, Type("text"))
            for name in names.columns
            if name.source in matched.new
        )
        create = target.physical(replace(create, columns=(*create.columns, *more)))
        matched = match(header, create, wanted.policy, place=wanted.place)
    return ColumnChoice(matched.contract, header, create=create, notes=_notes(matched, ()))


def _inferred(
    source: Source, sniffed: Sniffed, names: HeaderNames, wanted: ColumnOptions
) -> Inferred:
    """Types by the values. DialectError if the records show that the dialect is in doubt."""
    inferred = infer(
        source,
        sniffed.dialect,
        names,
        missing_values=wanted.missing_values,
        exact=wanted.exact,
        all_text=wanted.all_text,
    )
    require_sound(sniffed, wanted.dialect, inferred, wanted.place, remote=source.remote)
    return inferred


def for_requests(
    source: Source,
    sniffed: Sniffed,
    names: HeaderNames,
    wanted: ColumnOptions,
    say: Callable[[str], None],
) -> ColumnChoice:
    """The members of the JSON objects that an API is sent.

    Without a contract they are called as in the header, whatever a database would say of it.
    """
    declared = wanted.declared()
    if declared is not None:
        contract = wanted.amend(declared)
        header = _by_position(sniffed, contract, wanted.place)
        matched = match(header, contract, wanted.policy, place=wanted.place)
        return ColumnChoice(matched.contract, header, notes=_notes(matched, ()))
    inferred = _inferred(source, sniffed, names, wanted)
    for note in inferred.notes:
        say(note)
    contract = wanted.amend(inferred.contract)
    sources = [column.source for column in contract.columns]
    if all(sources) and len(set(sources)) == len(sources):
        columns = tuple(replace(column, name=column.source) for column in contract.columns)
        contract = replace(contract, columns=columns)
    say("types: " + ", ".join(map(_shown, contract.columns)))
    return ColumnChoice(contract, sniffed.header)


def for_table(
    shape: TableShape,
    encoding: RowEncoding,
    sniffed: Sniffed,
    names: HeaderNames,
    wanted: ColumnOptions,
    previous: Contract | None,
    *,
    guesses: bool = False,
) -> ColumnChoice:
    """The columns of a table that exists; `previous`: the contract of the last import into it.

    `guesses`: the database takes nearly any text for a date, and there is no asking it which.
    """
    table = table_contract(shape)
    header = _by_position(sniffed, table, wanted.place, shape)
    matched = match(header, shape, wanted.policy, place=wanted.place)
    contract = matched.contract
    add: tuple[str, ...] = ()
    if wanted.policy == "add" and matched.new:
        added = tuple(
            Column(name.name, name.source, Type("text"))
            for name in names.columns
            if name.source in matched.new
        )
        add = tuple(column.name for column in added)
        contract = replace(contract, columns=(*contract.columns, *added))
    declared = wanted.declared()
    free = {column.name for column in shape.columns if column.free}
    columns, as_text = [], False
    for column in contract.columns:
        theirs = _named(declared, column)
        if guesses and theirs is not None and theirs.type.kind == "text":
            theirs = _as_the_table_has_it(column, theirs)
        merged, needs_text = _merge(column, theirs, encoding, wanted.place)
        if declared is None:
            if column.name in free:
                merged = replace(merged, type=Type("text"))
            merged = _remember(merged, _named(previous, column), encoding)
        columns.append(merged)
        as_text = as_text or needs_text
    missing = contract.missing_values if declared is None else declared.missing_values
    rules = () if declared is None else declared.rules
    contract = replace(contract, columns=tuple(columns), missing_values=missing, rules=rules)
    if wanted.primary_key and set(wanted.primary_key) != set(shape.primary_key):
        raise ContractError(
            f"The table's primary key is ({', '.join(shape.primary_key)}),"
            f" not ({', '.join(wanted.primary_key)}).",
            place=wanted.place,
            hint="Leave --primary-key out: it is for a new table.",
        )
    return ColumnChoice(
        replace(wanted, primary_key=()).amend(contract),
        header,
        add=add,
        encoding="text" if as_text else None,
        notes=_notes(matched, add),
    )


def require_unchanged(shape: TableShape | None, planned: Contract, encoding: RowEncoding) -> None:
    """The table still takes what the plan makes: its types decide how a value is written.

    Raises ContractError. Text is read by the database itself, which refuses what it would alter.
    """
    if shape is None:
        raise ContractError(
            "The table of this import is gone.",
            hint="Load the input anew with --again, or bring the table back.",
        )
    now = {column.name: column for column in table_contract(shape).columns}
    for column in planned.columns:
        there = now.get(column.name)
        if there is None:
            raise ContractError(
                f"The table has no column {column.name!r} any more.",
                hint="Bring it back, or load the input anew with --again.",
            )
        same = _plain(there.type) == _plain(column.type) or encoding == "text"
        # A contract calls it an integer.
        tiny = there.type.wire == "tiny" and column.type == _tiny_integer(there.type)
        both_text = (
            encoding in ("sqlite", "mariadb")
            and {there.type.kind, column.type.kind} <= _SENT_AS_TEXT
        )
        if not same and not both_text and not tiny:
            raise ContractError(
                f"Column {column.name!r} is {_word(there.type)} in the table now, and was planned"
                f" as {_word(column.type)}.",
                hint="Change it back, or load the input anew with --again.",
            )


def fitting(shape: TableShape | None, wanted: ColumnOptions) -> Callable[[Sniffed], int] | None:
    """How many columns of the table, or else of the contract, a reading has; 0: it cannot be.

    None where there is neither.
    """
    if shape is None:
        known: Contract | TableShape | None = wanted.declared()
    else:
        known = shape
    if known is None:
        return None
    contract = table_contract(known) if isinstance(known, TableShape) else known

    def fits(sniffed: Sniffed) -> int:
        try:
            header = _by_position(sniffed, contract, wanted.place)
            return len(match(header, known, wanted.policy).contract.columns)
        except ContractError:
            return 0

    return fits


def _plain(kind: Type) -> Type:
    """As it is written: what a column does to a value is its own affair."""
    return kind if kind.wire == "jsonb" else replace(kind, wire="")


def _notes(matched: Matched, add: tuple[str, ...]) -> tuple[str, ...]:
    """What `--columns-changed` allowed, said: nothing is dropped in silence."""
    added = [f"column {name!r} is added to the table, as text" for name in add]
    dropped = [f"column {name!r} of the input is ignored" for name in matched.new if not add]
    missing = [f"column {name!r} is not in the input: it is NULL" for name in matched.missing]
    computed = [
        f"column {name!r} is computed by the database: the input's values are left out"
        for name in matched.computed
    ]
    return (*added, *dropped, *missing, *computed)


def _by_position(
    sniffed: Sniffed, contract: Contract, place: str, shape: TableShape | None = None
) -> tuple[str, ...]:
    """The header; of an input without one, the contract's columns in their order, or all of the
    table's where that is how many fields there are."""
    if sniffed.dialect.header:
        return sniffed.header
    if shape is not None and len(sniffed.header) != len(contract.columns):
        names = tuple(one.name for one in shape.columns if one.name not in LINEAGE)
        if len(sniffed.header) == len(names):
            return names
    if len(sniffed.header) != len(contract.columns):
        raise ContractError(
            f"The input has no header and {len(sniffed.header)} fields in a record; the contract"
            f" or table has {len(contract.columns)} columns.",
            place=place,
            hint="Without a header, columns are matched by position. If the first record is the"
            " header, say --headers.",
        )
    return tuple(column.source for column in contract.columns)


def _named(contract: Contract | None, column: Column) -> Column | None:
    if contract is None:
        return None
    for other in contract.columns:
        if other.name == column.name or other.source == column.source:
            return other
    return None


def _merge(
    table: Column, declared: Column | None, encoding: RowEncoding, place: str
) -> tuple[Column, bool]:
    """A table's column with the rules of the contract; whether it must be sent as text.

    The table's limits hold in any case. Where it has another type than the contract, the value
    must pass as what the contract says and go in as text, for the database to read.
    """
    if declared is None:
        return table, False
    own, theirs = table.type, declared.type
    both = replace(
        declared, name=table.name, source=table.source, required=table.required or declared.required
    )
    if own.wire in _MORE and own.wire != theirs.wire:
        # The contract says which of the things it is that the column can hold.
        own = replace(own, wire="")
        if own.kind == "boolean" and theirs.kind in _NUMBERS:
            own = _tiny_integer(own)
    if both.enum is None:
        both = replace(both, enum=table.enum)
    if own.kind == theirs.kind or (own.kind in _NUMBERS and theirs.kind in _NUMBERS):
        if theirs.kind == "integer" and own.kind != "integer":
            raise _differs(table, declared, place)
        return replace(both, type=own), False
    if encoding == "sqlite" and not {own.kind, theirs.kind} <= _SENT_AS_TEXT:
        raise _differs(table, declared, place)
    if own.kind in _NUMBERS or theirs.kind in _NUMBERS:
        raise _differs(table, declared, place)
    if encoding == "sqlite" and (own.kind in _LIKE_NUMBERS or own.wire == "numeric"):
        both = replace(both, type=replace(theirs, wire="numeric"))
    return both, encoding in ("postgres", "mariadb")


def _tiny_integer(boolean: Type) -> Type:
    """What a boolean is that takes any small number."""
    return Type("integer", bits=8, unsigned=boolean.unsigned)


def _as_the_table_has_it(table: Column, declared: Column) -> Column:
    """A text of the contract, where the kernel must read it as what the table's column is."""
    if table.type.kind not in _GUESSED:
        return declared
    return replace(
        declared,
        type=table.type,
        true_values=table.true_values,
        false_values=table.false_values,
    )


def _remember(table: Column, previous: Column | None, encoding: RowEncoding) -> Column:
    """A type that the database has no word for, and that the last import knew.

    MySQL keeps a timestamp with zone as a datetime in UTC, and a UUID as text: the next input
    with such values must be read as the first one was.
    """
    if previous is None or encoding == "postgres":
        return table
    if (table.type.wire, previous.type) == ("tiny", Type("boolean")):
        # An import has made it, for truths.
        return replace(table, type=previous.type)
    pairs = {("timestamp", "timestamptz"), ("text", "uuid"), ("text", "json")}
    if (table.type.kind, previous.type.kind) in pairs:
        return replace(table, type=previous.type)
    return table


def _differs(table: Column, declared: Column, place: str) -> ContractError:
    return ContractError(
        f"Column {table.name!r} is {table.type.kind} in the table and {declared.type.kind} in"
        " the contract.",
        place=place,
        hint="Change the contract, or load into a new table with --table.",
    )


def _shown(column: Column) -> str:
    return f"{column.name} {_word(column.type)}"


def _word(kind: Type) -> str:
    """A type in a word; its size only where it is not the usual one."""
    size = ""
    if kind.kind == "decimal" and kind.precision is not None:
        size = f"({kind.precision},{kind.scale})"
    elif kind.kind in ("integer", "float") and kind.bits != 64:
        size = str(kind.bits)
    elif kind.max_chars is not None:
        size = f"({kind.max_chars})"
    return f"{kind.kind}{size}"
