"""Chooses the columns of an import: by a contract, by the table, or by the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from snapshots.contract.contract import contract_of
from snapshots.contract.infer import Inferred, infer
from snapshots.contract.match import Matched, match
from snapshots.contract.table import table_contract
from snapshots.defaults import ColumnsPolicy
from snapshots.engine.plan.doubts import require_sound
from snapshots.engine.plan.reading import shown_column as _shown
from snapshots.engine.plan.reading import shown_type as _word
from snapshots.errors import ContractError
from snapshots.formats.options import DialectOptions
from snapshots.model import Column, Contract, TableShape, Type
from snapshots.notes import DetailNote
from snapshots.targets.sql.ddl import LINEAGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from snapshots.formats.names import HeaderNames
    from snapshots.formats.sniff import Sniffed
    from snapshots.ports import Source, Target
    from snapshots.row_encoding import RowEncoding

_NUMBERS = {"integer", "decimal", "float"}
_GUESSED = {"boolean", "date", "time", "timestamp", "timestamptz"}
"""Kinds of which some databases take nearly any text, and make of it what they can."""
_LIKE_NUMBERS = {"date", "time", "timestamp", "timestamptz", "uuid"}
"""Kinds whose columns may make a number of a text that looks like one."""
_MORE = {"tiny", "span"}
"""Columns that hold more than values of one kind."""


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


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """The columns to load, and how the table must be changed before."""

    contract: Contract
    header: tuple[str, ...]
    """A name for each field of a record, in order."""
    create: Contract | None = None
    add: tuple[str, ...] = ()
    encoding: RowEncoding | None = None
    """The row encoding, if it must differ from the target's own for this table."""
    notes: tuple[str, ...] = ()
    """A sentence for each column that is left out, added or filled with NULL."""


def for_new_table(
    source: Source,
    target: Target,
    sniffed: Sniffed,
    names: HeaderNames,
    wanted: ColumnOptions,
    say: Callable[[str], None],
) -> ColumnChoice:
    """Chooses the columns of a table that does not exist yet. `say` gets a sentence for each find.

    Raises ContractError and DialectError.
    """
    declared = wanted.declared()
    if declared is None:
        inferred = _inferred(source, sniffed, names, wanted)
        for note in inferred.notes:
            say(note)
        contract = target.physical(wanted.amend(inferred.contract))
        say(DetailNote("types: " + ", ".join(map(_shown, contract.columns))))
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
    """Infers types from values. Raises DialectError if the records put the dialect in doubt."""
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
    """Chooses the members of the JSON objects that an API is sent.

    Without a contract they have the names of the header, even names that no database would take.
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
    say(DetailNote("types: " + ", ".join(map(_shown, contract.columns))))
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
    """Chooses the columns for a table that exists.

    `earlier` is the contract of the last import into it. `guesses` says that the database takes
    nearly any text for a date, and cannot be asked which. Raises ContractError.
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
    columns, instead = [], None
    for column in contract.columns:
        theirs = _named(declared, column)
        if guesses and theirs is not None and theirs.type.kind == "text":
            theirs = _as_the_table_has_it(column, theirs)
        merged, differs = _merge(column, theirs, encoding, wanted.place)
        if declared is None:
            if column.name in free:
                merged = replace(merged, type=Type("text"))
            merged = _remember(merged, _named(previous, column), encoding)
        columns.append(merged)
        instead = instead or differs
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
        encoding=instead,
        notes=_notes(matched, add),
    )


def require_unchanged(shape: TableShape | None, planned: Contract, encoding: RowEncoding) -> None:
    """Raises ContractError unless the table still takes the values that the plan makes.

    A column that gets text may have changed its type: the database itself reads the text, and
    refuses what it would alter.
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
        same = _plain(there.type) == _plain(column.type)
        # A contract calls it an integer.
        tiny = there.type.wire == "tiny" and column.type == _tiny_integer(there.type)
        both_text = {there.type.kind, column.type.kind} <= encoding.kinds_as_text
        if not same and not both_text and not tiny:
            raise ContractError(
                f"Column {column.name!r} is {_word(there.type)} in the table now, and was planned"
                f" as {_word(column.type)}.",
                hint="Change it back, or load the input anew with --again.",
            )


def fitting(shape: TableShape | None, wanted: ColumnOptions) -> Callable[[Sniffed], int] | None:
    """A function that says how many known columns a reading of the input has; 0: it cannot fit.

    The known columns are those of the table, else of the contract. None if there is neither.
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
    """The type without what the column does to a value, which does not change how it is written."""
    return kind if kind.wire == "jsonb" else replace(kind, wire="")


def _notes(matched: Matched, add: tuple[str, ...]) -> tuple[str, ...]:
    """Sentences about what `--columns-changed` allowed, so that nothing is dropped silently."""
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
    """The input's header, or the known columns in their order if the input has none.

    Those of the contract are taken, or all of the table's if their number fits. Raises
    ContractError if no number does.
    """
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
) -> tuple[Column, RowEncoding | None]:
    """A table's column with the rules of the contract; the encoding that it must be sent in.

    The table's limits hold in any case. Where it has another type than the contract, the value
    must pass as what the contract says and go in as text, for the database to read. None: the
    encoding that the target has for this table.
    """
    if declared is None:
        return table, None
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
        return replace(both, type=own), None
    mixed = encoding.when_types_differ
    if mixed is None and not {own.kind, theirs.kind} <= encoding.kinds_as_text:
        raise _differs(table, declared, place)
    if own.kind in _NUMBERS or theirs.kind in _NUMBERS:
        raise _differs(table, declared, place)
    if encoding.columns_make_numbers and (own.kind in _LIKE_NUMBERS or own.wire == "numeric"):
        both = replace(both, type=replace(theirs, wire="numeric"))
    return both, mixed


def _tiny_integer(boolean: Type) -> Type:
    """The integer type of a boolean column that takes any small number."""
    return Type("integer", bits=8, unsigned=boolean.unsigned)


def _as_the_table_has_it(table: Column, declared: Column) -> Column:
    """The column's own type in place of a text: the kernel then checks what MySQL would guess."""
    if table.type.kind not in _GUESSED:
        return declared
    return replace(
        declared,
        type=table.type,
        true_values=table.true_values,
        false_values=table.false_values,
    )


def _remember(table: Column, previous: Column | None, encoding: RowEncoding) -> Column:
    """The column with the type of the last import, if the database has no word for that type.

    It may keep a timestamp with zone as one in UTC, and a UUID as text: the next input with such
    values must be read as the first one was.
    """
    if previous is None or encoding.exact_types:
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
