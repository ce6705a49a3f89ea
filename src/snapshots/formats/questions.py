"""Asks the user about lines that are no records yet: with fields at fixed places, or quoted
entirely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.errors import DialectError
from snapshots.formats import candidates, doubt
from snapshots.formats.choice import choose
from snapshots.formats.options import DialectOptions
from snapshots.model import Dialect

if TYPE_CHECKING:
    from snapshots.formats.candidates import Candidate

_FEWEST = 4
_LINES = 100


def of_places(sample: bytes, dialect: Dialect) -> DialectError:
    """Asks about columns that are made with spaces."""
    rows = candidates.shape(sample, replace(dialect, delimiter="")).rows
    return DialectError(
        "The fields have fixed positions, with spaces between them: this is not CSV. Its lines"
        f" begin with {doubt.records(rows)}.",
        hint="Export it with a delimiter (psql --csv, mysql --batch, sqlcmd -s ; -W), or use"
        " --delimiter none to load each line as one column. A contract with x-start and x-width"
        " says where fields stand.",
    )


def of_lines(sample: bytes, dialect: Dialect) -> DialectError | None:
    """Asks about one column that would hold lines that look like records all the same."""
    rows = candidates.shape(sample, dialect).rows
    cells = [row[0] for _, row in rows[:_LINES] if row]
    if dialect.quote and len(cells) >= _FEWEST and _all_in_quotes(sample, dialect.quote):
        inner = "".join(f"{cell}\n" for cell in cells if "\n" not in cell).encode()
        within = choose(inner, Dialect(encoding=dialect.encoding), DialectOptions()).found
        prose = within.dialect.delimiter == "," and inner.count(b", ") * 2 > inner.count(b",")
        if within.bad == 0 and within.fields > 1 and not prose:
            return DialectError(
                "Each line is quoted as a whole, with the delimiter"
                f" ({doubt.name(within.dialect.delimiter)}) inside the quotes:"
                f" {doubt.records(rows)}.",
                hint="Remove the outer quotes, or use --delimiter none to load each line as one"
                " column.",
            )
    return None


def _all_in_quotes(sample: bytes, quote: str) -> bool:
    lines = [line.strip() for line in sample[:20_000].splitlines()[:_LINES] if line.strip()]
    edge = quote.encode()
    return all(line.startswith(edge) for line in lines)


def of_ends(sample: bytes, one: Candidate) -> DialectError | None:
    """Asks about unit and record separators in lines that are no even records."""
    even = one.fields > 1 and (one.dialect.delimiter != "\x1f" or one.bad == 0)
    if one.dialect.terminator == "rs" or b"\x1f" not in sample or even:
        return None
    rows = candidates.shape(sample, one.dialect).rows
    return DialectError(
        "It is unclear whether U+001E or line ends end the records: the input has both, and"
        f" neither gives records of equal width. Its lines are {doubt.records(rows)}.",
        hint=f"Use {doubt.option(chr(0x1F))} if U+001F separates fields and U+001E records, or"
        " --delimiter none to load each line as one column.",
    )
