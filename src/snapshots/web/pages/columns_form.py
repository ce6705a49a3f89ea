"""The columns of a file and where they go, as a person sees and changes them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from snapshots.contract.contract import has_type, to_schema
from snapshots.contract.evidence import type_of
from snapshots.contract.forms import FORMS, contradiction, form_of, local_form
from snapshots.contract.likeness import propose
from snapshots.contract.table import table_contract
from snapshots.engine.plan.reading import shown_type
from snapshots.errors import UsageError
from snapshots.formats.writers import null_texts
from snapshots.model import Column, Contract

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from snapshots.contract.forms import ColumnForm
    from snapshots.engine.queue.preview import Preview
    from snapshots.ledger.contracts import KeptContract
    from snapshots.model import TableShape
    from snapshots.web.pages.draft import ImportDraft
    from snapshots.web.pages.given_contract import GivenContract

SHOWN: Final = 3
"""Values of a column that are shown."""
_NUMBERS: Final = {"decimal", "float"}


class FormChoice(Struct, frozen=True):
    """A type that a column may get, and the first value that would not fit it."""

    key: str
    label: str
    against: str
    """A sentence; empty if nothing speaks against it."""


class ColumnLine(Struct, frozen=True):
    """One column of the file: where it goes, and as what."""

    at: int
    source: str
    values: tuple[str, ...]
    to: str
    how: str
    """Why that column is proposed; empty where a person has chosen."""
    form: str
    choices: tuple[FormChoice, ...]
    type: str
    """The type of the table's column; empty for a new table."""
    key: bool
    """Whether its column belongs to the key by which rows are found."""

    @property
    def against(self) -> str:
        """What speaks against the type that is chosen."""
        return next((one.against for one in self.choices if one.key == self.form), "")


class ColumnsForm(Struct, frozen=True):
    """All columns of a file, and the columns of the table if it exists."""

    lines: tuple[ColumnLine, ...]
    targets: tuple[str, ...]
    """The table's columns; empty for a new table."""
    lacking: tuple[str, ...]
    """Columns of the table that nothing goes to, though they need a value."""
    evidence: str
    """What the types come from, as a sentence."""
    mark: str


def columns_mark(preview: Preview, table: str, shape: TableShape | None) -> str:
    """A mark of a file's columns and of the table: choices hold as long as it is the same."""
    names = [column.name for column in shape.columns] if shape else None
    text = json.dumps([preview.header, names, table if shape else ""])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def columns_form(
    draft: ImportDraft, preview: Preview, shape: TableShape | None, kept: KeptContract | None
) -> ColumnsForm:
    """The form for a draft: its own choices, else those of a kept contract, else proposals.

    `preview` has inferred types.
    """
    mark = columns_mark(preview, draft.table, shape)
    table = () if shape is None else table_contract(shape).columns
    by_name = {column.name: column for column in table}
    own = draft.columns == mark and kept is None
    chosen, how = _targets(draft, preview, tuple(by_name), kept, own=own, new=shape is None)
    primary = () if shape is None else shape.primary_key
    lines = []
    for at, source in enumerate(preview.header):
        column = by_name.get(chosen[at])
        values = _values(preview, at)
        choices = tuple(_choices(preview, at, values, column, new=shape is None))
        form = _form(draft, preview, at, source, values, kept, own=own, choices=choices)
        lines.append(
            ColumnLine(
                at,
                source,
                tuple(text for _, text in values[:SHOWN]),
                chosen[at],
                how[at],
                form,
                choices,
                "" if column is None else shown_type(column.type),
                at in draft.keys if own else chosen[at] in primary,
            )
        )
    taken = set(chosen)
    filled = {one.name for one in shape.columns if one.has_default} if shape else set()
    lacking = tuple(one.name for one in table if one.required and one.name not in taken | filled)
    return ColumnsForm(tuple(lines), tuple(by_name), lacking, _evidence(preview), mark)


def _targets(
    draft: ImportDraft,
    preview: Preview,
    columns: tuple[str, ...],
    kept: KeptContract | None,
    *,
    own: bool,
    new: bool,
) -> tuple[list[str], list[str]]:
    """For each field the column that it goes to, and why."""
    header = preview.header
    nothing = [""] * len(header)
    if own:
        chosen = [draft.to.get(at, "") for at in range(len(header))]
        return [one if new or one in columns else "" for one in chosen], nothing
    if kept is not None:
        by_source = {
            field.get("x-source", field["name"]): field["name"] for field in kept.contract["fields"]
        }
        found = [by_source.get(source, "") for source in header]
        return [one if new or one in columns else "" for one in found], nothing
    if new:
        return [column.name for column in preview.names.columns], nothing
    proposed = propose(header, columns)
    return (
        [one[0] if one else "" for one in proposed],
        ["" if one is None or one[1] == "same" else one[1] for one in proposed],
    )


def _form(
    draft: ImportDraft,
    preview: Preview,
    at: int,
    source: str,
    values: Sequence[tuple[int, str]],
    kept: KeptContract | None,
    *,
    own: bool,
    choices: Sequence[FormChoice],
) -> str:
    known = {one.key for one in choices}
    wanted = ""
    if own:
        wanted = draft.forms.get(at, "")
    elif kept is not None:
        wanted = next(
            (
                form_of(field).key
                for field in kept.contract["fields"]
                if field.get("x-source", field["name"]) == source and has_type(field)
            ),
            "",
        )
    if wanted in known and (wanted or own):
        return wanted
    if preview.inferred is not None and "text" in known:
        inferred = type_of(preview.inferred.evidence[at]).kind
        found = local_form(text for _, text in values) if inferred == "text" else None
        return found.key if found else inferred
    found = local_form(text for _, text in values)
    return found.key if found and found.key in known else ""


def _choices(
    preview: Preview,
    at: int,
    values: Sequence[tuple[int, str]],
    column: Column | None,
    *,
    new: bool,
) -> Iterator[FormChoice]:
    """The types that a column of a new table may get, or the forms that one of the table reads."""
    if new:
        for form in FORMS.values():
            yield FormChoice(form.key, form.label, _against(preview, at, values, form))
        return
    if column is None:
        return
    kind = column.type.kind
    plain = FORMS.get(kind)
    yield FormChoice("", "as the table has it", _against(preview, at, values, plain))
    for form in FORMS.values():
        if form.local and (form.kind == kind or {form.kind, kind} <= _NUMBERS):
            yield FormChoice(form.key, form.label, _against(preview, at, values, form))


def _against(
    preview: Preview, at: int, values: Sequence[tuple[int, str]], form: ColumnForm | None
) -> str:
    """A sentence about the first value that does not fit a type."""
    if form is None or form.key == "text":
        return ""
    if form.local:
        found = contradiction(form, values)
        return "" if found is None else f"Line {found[0]:,}: “{_cut(found[1])}” does not fit."
    if preview.inferred is None:
        return ""
    seen = preview.inferred.evidence[at]
    spoils = seen["types"].get(form.kind)
    if spoils is not None:
        # The lines of a sample are not those of the file.
        where = f"Line {spoils['line']:,}: " if preview.inferred.complete else ""
        return f"{where}“{_cut(str(spoils['value']))}” does not fit."
    if seen["empties"]:
        return f"{seen['empties']:,} values are empty text in quotes."
    return ""


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def _values(preview: Preview, at: int) -> list[tuple[int, str]]:
    """Line and text of the values of a column in the head, without those that are NULL."""
    nulls = null_texts(preview.sniffed.given) or ()
    return [
        (record.line, record.fields[at])
        for record in preview.records
        if record.fields is not None
        and at < len(record.fields)
        and record.fields[at]
        and record.fields[at] not in nulls
    ]


def _evidence(preview: Preview) -> str:
    found = preview.inferred
    if found is None:
        return ""
    if found.complete:
        return f"Types are those that fit all {found.records:,} records of the file."
    return (
        f"Types are those that fit a sample of {found.records:,} records: the check reads all of"
        " them."
    )


def contract_schema(
    draft: ImportDraft, preview: Preview, shape: TableShape | None
) -> dict[str, Any]:
    """The choices as a Table Schema. Raises UsageError where they make no table."""
    table: Mapping[str, Column] = (
        {} if shape is None else {one.name: one for one in table_contract(shape).columns}
    )
    given = draft.given()
    places = preview.sniffed.dialect.places
    columns: list[Column] = []
    sources: dict[str, str] = {}
    for at, source in enumerate(preview.header):
        name = draft.to.get(at, "")
        if not name:
            continue
        if name.casefold() in sources:
            raise UsageError(
                f"two columns of the file go to {name}: {sources[name.casefold()]} and {source}",
                hint="leave one of them out, or choose another column for it",
            )
        sources[name.casefold()] = source
        form = FORMS.get(draft.forms.get(at, ""))
        if shape is not None and name not in table:
            raise UsageError(f"the table has no column {name}", hint="choose one that it has")
        column = _column(given, source, name, form, table.get(name))
        columns.append(replace(column, place=places[at]) if places else column)
    if not columns:
        raise UsageError("no column of the file goes to the table", hint="choose at least one")
    some = shape is not None or len(columns) < len(preview.header)
    contract = Contract(tuple(columns)) if given is None else given.with_columns(tuple(columns))
    return to_schema(replace(contract, subset=some or contract.subset))


def _column(
    given: GivenContract | None, source: str, name: str, form: ColumnForm | None, own: Column | None
) -> Column:
    """A field's column by the contract that a person has given, as far as no choice is against it.

    `own` is the table's column, if the table exists.
    """
    kind = None if own is None else own.type
    if given is not None and (own is None or form is None):
        found = given.column(source, name, form or FORMS["text"], kind)
        if found is not None:
            return found
    if own is None:
        return (form or FORMS["text"]).column(name, source)
    return _as_written(replace(own, source=source), form)


def _as_written(column: Column, form: ColumnForm | None) -> Column:
    """A column of the table whose values the file writes in a local form."""
    if form is None or not form.local:
        return column
    written = form.column(column.name, column.source)
    return replace(
        column,
        format=written.format,
        decimal_char=written.decimal_char,
        group_char=written.group_char,
    )
