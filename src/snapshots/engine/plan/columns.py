"""Chooses the columns of an import: by a contract, by the table, or by the values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from snapshots.contract.infer import READ_FULLY_UP_TO, Inferred, infer
from snapshots.contract.match import Matched, match
from snapshots.contract.table import table_contract
from snapshots.engine.plan.added_columns import AddedColumns
from snapshots.engine.plan.column_options import ColumnOptions
from snapshots.engine.plan.column_words import added_sentences, types_sentence
from snapshots.engine.plan.doubts import require_sound
from snapshots.engine.plan.merged_columns import as_the_table_has_it, merge, named, remember
from snapshots.errors import ContractError
from snapshots.formats.names import distinct
from snapshots.model import Column, Contract, TableShape, Type
from snapshots.notes import DetailNote
from snapshots.targets.sql.ddl import LINEAGE
from snapshots.targets.sql.validity import historic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snapshots.formats.names import HeaderNames
    from snapshots.formats.sniff import Sniffed
    from snapshots.ports import Source, Target
    from snapshots.row_encoding import RowEncoding


_SHOWN = 8
"""Columns of a table that a sentence names."""


class ColumnChoice(Struct, frozen=True):
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


def infers_from_all(source: Source, wanted: ColumnOptions) -> bool:
    """Whether a new table's types are inferred from every value by the rules of the format alone.

    Then a format that must read all records may find the evidence on the way. Raises ContractError.
    """
    size = source.identity.size
    if size is None or size > READ_FULLY_UP_TO:
        return False
    return wanted.missing_values is None and wanted.declared() is None


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
        contract = _physical(target, wanted, wanted.amend(inferred.contract))
        say(DetailNote(types_sentence(contract)))
        if inferred.complete and not inferred.records and source.schema is None:
            say("no record can be loaded, so no table is created")
            return ColumnChoice(contract, sniffed.header)
        return ColumnChoice(contract, sniffed.header, create=contract)
    create = _physical(target, wanted, wanted.amend(declared))
    header = _header(sniffed, create, wanted.place)
    name = wanted.contract_name
    matched = match(header, create, wanted.policy, place=wanted.place, contract_name=name)
    if wanted.policy == "add" and matched.new:
        more = AddedColumns(source, target, sniffed, names, wanted, declared, say)
        added = more.at(matched.new_positions)
        wider = replace(create, columns=(*create.columns, *added))
        create = _physical(target, wanted, wider)
        matched = match(header, create, wanted.policy, place=wanted.place, contract_name=name)
    return ColumnChoice(matched.contract, header, create=create, notes=_notes(matched, ()))


def _physical(target: Target, wanted: ColumnOptions, contract: Contract) -> Contract:
    """The contract as the new table will have it; see `ports.Target`. Raises ContractError."""
    if not wanted.history:
        return target.physical(contract)
    made = target.physical(historic(contract))
    own = made.columns[: len(contract.columns)]
    return replace(made, columns=own, primary_key=contract.primary_key)


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
        seen=sniffed.evidence,
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
        header = _header(sniffed, contract, wanted.place)
        name = wanted.contract_name
        matched = match(
            header, contract, wanted.policy, place=wanted.place, contract_name=name, adds=False
        )
        return ColumnChoice(matched.contract, header, notes=_notes(matched, ()))
    inferred = _inferred(source, sniffed, names, wanted)
    for note in inferred.notes:
        say(note)
    contract = wanted.amend(inferred.contract)
    sources = [column.source for column in contract.columns]
    if all(sources) and len(set(sources)) == len(sources):
        columns = tuple(replace(column, name=column.source) for column in contract.columns)
        contract = replace(contract, columns=columns)
    say(DetailNote(types_sentence(contract)))
    return ColumnChoice(contract, sniffed.header)


def for_table(
    source: Source,
    target: Target,
    shape: TableShape,
    encoding: RowEncoding,
    sniffed: Sniffed,
    names: HeaderNames,
    wanted: ColumnOptions,
    previous: Contract | None,
    say: Callable[[str], None],
) -> ColumnChoice:
    """Chooses the columns for a table that exists. `say` gets a sentence for each find.

    `previous` is the contract of the last import into it. Raises ContractError.
    """
    table = table_contract(shape)
    declared = wanted.declared()
    some = declared if declared is not None and declared.subset else None
    header = distinct(sniffed.header) if some else _by_position(sniffed, table, wanted.place, shape)
    called = _called(declared, shape)
    matched = match(
        header,
        shape,
        wanted.policy,
        place=wanted.place,
        called=called,
        some=some,
        contract_name=wanted.contract_name,
    )
    contract = matched.contract
    added: tuple[Column, ...] = ()
    if wanted.policy == "add" and matched.new:
        more = AddedColumns(source, target, sniffed, names, wanted, declared, say)
        added = more.at(matched.new_positions)
    # The database takes nearly any text for a date, and cannot be asked which.
    guesses = target.dialect.takes_any_date
    free = {column.name for column in shape.columns if column.free}
    columns, instead = [], None
    for column in contract.columns:
        theirs = named(declared, column)
        if guesses and theirs is not None and theirs.type.kind == "text":
            theirs = as_the_table_has_it(column, theirs)
        merged, differs = merge(column, theirs, encoding, wanted.place)
        if declared is None:
            if column.name in free:
                merged = replace(merged, type=Type("text"))
            merged = remember(merged, named(previous, column), encoding)
        columns.append(merged)
        instead = instead or differs
    missing = contract.missing_values if declared is None else declared.missing_values
    rules = () if declared is None else declared.rules
    contract = replace(contract, columns=(*columns, *added), missing_values=missing, rules=rules)
    if not {column.name for column in contract.columns}.issuperset(contract.primary_key):
        # The database gives the key, such as a number that counts the rows.
        contract = replace(contract, primary_key=())
    if wanted.primary_key and set(wanted.primary_key) != set(shape.primary_key):
        raise ContractError(
            f"The table's primary key is ({', '.join(shape.primary_key)}),"
            f" not ({', '.join(wanted.primary_key)}).",
            place=wanted.place,
            hint="Leave out --primary-key: it applies to new tables only.",
        )
    return ColumnChoice(
        replace(wanted, primary_key=()).amend(contract),
        header,
        add=tuple(column.name for column in added),
        encoding=instead,
        notes=(*_in_order(sniffed, header), *_notes(matched, added)),
    )


def _called(declared: Contract | None, shape: TableShape) -> dict[str, str]:
    """The names that a contract gives the table's columns in the header, where they differ."""
    if declared is None:
        return {}
    there = {column.name for column in shape.columns}
    return {
        column.name: column.source
        for column in declared.columns
        if column.source != column.name and column.name in there
    }


def fitting(shape: TableShape | None, wanted: ColumnOptions) -> Callable[[Sniffed], int] | None:
    """A function that says how many known columns a reading of the input has; 0: it cannot fit.

    The known columns are those of the table, else of the contract. None if there is neither.
    """
    declared = wanted.declared()
    known: Contract | TableShape | None = declared if shape is None else shape
    if known is None:
        return None
    contract = table_contract(known) if isinstance(known, TableShape) else known

    def fits(sniffed: Sniffed) -> int:
        try:
            called = _called(declared, shape) if shape is not None else {}
            some = declared if declared is not None and declared.subset else None
            header = distinct(sniffed.header) if some else _header(sniffed, contract, wanted.place)
            found = match(header, known, wanted.policy, called=called, some=some)
            return len(found.contract.columns)
        except ContractError:
            return 0

    return fits


def _notes(matched: Matched, added: tuple[Column, ...]) -> tuple[str, ...]:
    """Sentences about what `--columns-changed` allowed, so that nothing is dropped silently."""
    left_out = (*matched.ignored, *(() if added else matched.new))
    dropped = [f"column {name!r} of the input is ignored" for name in left_out]
    missing = [f"column {name!r} is not in the input: it is NULL" for name in matched.missing]
    computed = [
        f"column {name!r} is computed by the database: the input's values are left out"
        for name in matched.computed
    ]
    return (*added_sentences(added), *dropped, *missing, *computed)


def _in_order(sniffed: Sniffed, header: Sequence[str]) -> tuple[str, ...]:
    """A sentence about an input without a header: nothing but the order of its fields counts."""
    if sniffed.dialect.header or sniffed.named or len(header) == 1:
        return ()
    more = f" and {len(header) - _SHOWN} more" if len(header) > _SHOWN else ""
    taken = ", ".join(header[:_SHOWN]) + more
    return (f"without a header, fields are taken in the table's order: {taken}",)


def _header(sniffed: Sniffed, contract: Contract, place: str) -> tuple[str, ...]:
    """A name for each field. Those of a contract that names some fields are the input's own."""
    return distinct(sniffed.header) if contract.subset else _by_position(sniffed, contract, place)


def _by_position(
    sniffed: Sniffed, contract: Contract, place: str, shape: TableShape | None = None
) -> tuple[str, ...]:
    """The input's header, or the known columns in their order if the input has none.

    Those of the contract are taken, or all of the table's if their number fits. Raises
    ContractError if no number does.
    """
    if sniffed.dialect.header or sniffed.named:
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
            " header, use --headers.",
        )
    return tuple(column.source for column in contract.columns)
