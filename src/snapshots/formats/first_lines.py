"""Looks for what the first lines say outright: a named separator, a drawing, columns made with
spaces."""

from __future__ import annotations

import re

from snapshots.errors import DialectError

_SEP = re.compile(
    rb'(?:\xef\xbb\xbf)?"?sep=([^\r\n"]{1,4})"?[ ,;\t]*(?=\r|\n|\x1e|$)', re.IGNORECASE
)
_RULE = re.compile(r"\s*[+|├└┌╞╠╔]?[-=─═+|:┼┬┴╪╬ ]*[-=─═]{2,}[-=─═+|:┼┬┴╪╬┤┐┘╡╣ ]*\s*")
_JOINT = re.compile(r"[-=─═][+┼┬┴╪╬][-=─═]|^\s*[+|├┌└╔╠].*[-─═]{2,}.*[+|┤┐┘╗╣]\s*$")
_UPRIGHT = re.compile(r"\*{5,} *\d+\. row *\*{5,}")
"""Above each record, as `mysql -E` writes them: a line for each field."""
_TWO_ENDS = re.compile(rb"\x1e\r?\n")
_DASHES = re.compile(r" *-{2,}(?: +-{2,})+ *|(?=.*--) *-+(?: {1,3}-+){2,} *")
"""Under a header, as sqlcmd draws them: one group over each column."""
_LINES = 8
_FEWEST = 3


def separator(sample: bytes) -> str | None:
    """Returns the separator of a first line such as `sep=;`, which Excel writes and reads; else
    None."""
    found = _SEP.match(sample)
    return None if found is None else found[1].decode("utf-8", "replace")


def refuse_drawing(sample: bytes) -> None:
    """Raises DialectError for a table as a database's client draws it for a reader.

    Its first lines have a line of dashes with joints in it, or of stars around `1. row`.
    """
    lines = sample[:20_000].decode("utf-8", "replace").splitlines()[:_LINES]
    for number, line in enumerate(lines, 1):
        drawn = _RULE.fullmatch(line) and _JOINT.search(line)
        if drawn or _UPRIGHT.fullmatch(line.strip()):
            raise DialectError(
                f"The input is a table drawn with lines (line {number}), not CSV.",
                hint="Export it as CSV: psql --csv, mysql --batch, sqlite3 -csv. If it is not a"
                " drawn table, use --delimiter.",
            )


def looks_fixed(sample: bytes) -> bool:
    """Whether the fields are below each other, at the same places, with spaces between them."""
    lines = [
        line for line in sample[:20_000].decode("utf-8", "replace").splitlines() if line.strip()
    ]
    lines = [line.rstrip() for line in lines[:200]]
    if any(_DASHES.fullmatch(line) for line in lines[1:_LINES]):
        return True
    if len(lines) < _FEWEST or not all("  " in line.strip() for line in lines[:_FEWEST]):
        return False
    if sum("  " in line.strip() for line in lines) * 2 < len(lines):
        return False
    width = min(map(len, lines))
    begin = min(len(line) - len(line.lstrip()) for line in lines)
    gaps = [all(line[at] == " " for line in lines) for at in range(begin, width)]
    return any(gaps)


def refuse_two_ends(sample: bytes) -> None:
    """Raises DialectError if each record ends with U+001E and a line end, too: one of them would
    become part of a value."""
    ends = sample.count(b"\x1e")
    both = len(_TWO_ENDS.findall(sample)) if ends else 0
    if both >= _FEWEST - 1 and both >= ends - (not sample.endswith(b"\n")) and b"\x1f" in sample:
        raise DialectError(
            "Each record ends with both the record separator U+001E and a line end.",
            hint="Remove one of the two: sed 's/\\x1e$//' FILE. Or use --line-ending lf to keep"
            " U+001E in the last value of each record.",
        )


def complete_lines(sample: bytes) -> bytes:
    """Returns the sample without the record that its end cut, as far as lines tell."""
    last = max(sample.rfind(b"\n"), sample.rfind(b"\r", 0, -1), sample.rfind(b"\x1e"))
    if last < 0:
        raise DialectError(
            f"The first {len(sample)} bytes have no line end.",
            hint="Check that this is CSV, with one record per line.",
        )
    return sample[: last + 1]
