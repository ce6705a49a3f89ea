"""Lines whose fields stand at fixed places, which a contract names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from snapshots._native import Records
from snapshots.defaults import MAX_RECORD_SIZE
from snapshots.errors import DialectError, UsageError
from snapshots.formats import doubt
from snapshots.formats.candidates import terminators
from snapshots.formats.encoding_guess import detect as encoding_of
from snapshots.formats.encodings import transcode
from snapshots.formats.first_lines import complete_lines
from snapshots.formats.kernel_json import dialect_json
from snapshots.formats.sniff import HEAD, Sniffed
from snapshots.model import Dialect, FieldPlace
from snapshots.notes import DetailNote

if TYPE_CHECKING:
    from snapshots.formats.options import DialectOptions
    from snapshots.model import Contract
    from snapshots.ports import Source

_RECORDS: Final = 1000
_REST: Final = "the rest of the line"
_NO_MEANING: Final = ("delimiter", "quote", "escape", "input_format", "nested_objects")


class FixedWidth(Struct, frozen=True):
    """Text whose fields stand where a contract says. See `formats.Format`."""

    contract: Contract

    def detect(self, source: Source, given: DialectOptions) -> Sniffed:
        """Detects the encoding, the line ends, and a header if it has the contract's names.

        Raises UsageError for an option that has no meaning, DialectError if there is no record.
        """
        for option in _NO_MEANING:
            if getattr(given, option):
                raise UsageError(
                    f"the contract says where fields stand (x-start), so the option {option} has no"
                    " meaning",
                    hint="leave it out, or use a contract without x-start",
                )
        head = source.head(HEAD)
        encoding = encoding_of(head, given.encoding, delimited=True)
        sample = b"".join(transcode([head], encoding.encoding))
        if len(head) == HEAD:
            sample = complete_lines(sample)
        names, places = _layout(self.contract)
        dialect = Dialect(
            delimiter="",
            quote=None,
            terminator=terminators(sample, given)[0],
            encoding=encoding.encoding,
            header=False,
            preamble=given.preamble or 0,
            comment=given.comment or None,
            skip_initial_space=given.skip_initial_space is not False,
            max_record_size=given.max_record_size or MAX_RECORD_SIZE,
            ragged=given.ragged or "reject",
            places=places,
        )
        rows = _rows(sample, dialect)
        if not rows:
            raise DialectError("The input has no records.", hint="Check its source.")
        header = _is_header(rows[0], names) if given.header is None else given.header
        after = given.rows_after_header or 0
        dialect = replace(dialect, header=header, rows_after_header=after)
        below = rows[int(header) + (after if header else 0) :]
        return Sniffed(
            dialect=dialect,
            header=names,
            notes=(
                encoding.note,
                DetailNote("fields: at the places that the contract names"),
                *_lengths(below, dialect, len(places)),
            ),
            doubts=frozenset(),
            first=doubt.records(list(enumerate(below, 1))),
            sample=sample,
            given=given,
            named=True,
        )


def _layout(contract: Contract) -> tuple[tuple[str, ...], tuple[FieldPlace, ...]]:
    """Names and places in the order of the places."""
    found = sorted(
        (column.place, column.source) for column in contract.columns if column.place is not None
    )
    places = [place for place, _ in found]
    names = [name for _, name in found]
    last = places[-1]
    if contract.subset and last.width is not None:
        # What no column names is a field of its own, and is not loaded.
        places.append(FieldPlace(last.start + last.width, None))
        names.append(_REST)
    return tuple(names), tuple(places)


def _rows(sample: bytes, dialect: Dialect) -> list[list[str]]:
    records = Records.parse(sample, dialect_json(dialect), _RECORDS)
    return [[field.decode("utf-8", "replace") for field in row or ()] for _, _, row in records]


def _is_header(row: list[str], names: tuple[str, ...]) -> bool:
    """Whether a line has the names, as far as their fields have room for them."""
    pairs = list(zip(row, names, strict=False))
    same = [name.casefold().startswith(cell.casefold()) and cell != "" for cell, name in pairs]
    return bool(same) and all(same) and any(len(cell) > 1 for cell, _ in pairs)


def _lengths(rows: list[list[str]], dialect: Dialect, fields: int) -> list[str]:
    """What to say of lines that are shorter or longer than the layout."""
    short = sum(1 for row in rows if len(row) < fields)
    longer = sum(1 for row in rows if len(row) > fields)
    notes = []
    if short and dialect.ragged == "reject":
        notes.append(
            f"{short} of the first {len(rows)} lines end before their last field does: they are"
            " rejected, unless --ragged pad takes what is there"
        )
    if longer:
        notes.append(f"{longer} of the first {len(rows)} lines have text behind the last field")
    return notes
