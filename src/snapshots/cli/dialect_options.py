"""The options that say how an input is written, and the dialect that they describe."""

from __future__ import annotations

from typing import Any

import click

from snapshots.cli.option import declared, grouped, option
from snapshots.cli.option_groups import FILE_FORMAT
from snapshots.cli.option_types import MOST_IN_MEMORY, Size, SkipRows, size_text
from snapshots.defaults import MAX_RECORD_SIZE
from snapshots.errors import UsageError
from snapshots.formats.options import DialectOptions, by_name

dialect = grouped(
    FILE_FORMAT,
    declared(DialectOptions, "input_format", "--input-format"),
    declared(DialectOptions, "delimiter", "--delimiter", "-d", metavar="TEXT"),
    declared(DialectOptions, "quote", "--quotechar", "-q", metavar="CHAR"),
    declared(DialectOptions, "escape", "--escapechar", metavar="CHAR"),
    declared(DialectOptions, "encoding", "--encoding", "-e", metavar="NAME"),
    option("--headers", is_flag=True, help="The first record is the header."),
    option("--no-headers", is_flag=True, help="The first record is data."),
    option(
        "--skip-rows",
        type=SkipRows(),
        metavar="N[,M]",
        help="Skip N lines before the header, and M records after it.",
    ),
    declared(DialectOptions, "comment", "--comment", metavar="CHAR"),
    declared(
        DialectOptions,
        "skip_initial_space",
        "--skip-initial-space/--no-skip-initial-space",
        default=None,
    ),
    declared(DialectOptions, "ragged", "--ragged"),
    declared(DialectOptions, "nested_objects", "--nested-objects"),
    declared(
        DialectOptions, "terminator", "--line-ending", type=click.Choice(["lf", "crlf", "cr"])
    ),
    declared(
        DialectOptions,
        "max_record_size",
        "--max-record-size",
        type=Size(MOST_IN_MEMORY),
        default=size_text(MAX_RECORD_SIZE),
        show_default=True,
        metavar="SIZE",
    ),
)

reading = grouped(
    FILE_FORMAT,
    declared(DialectOptions, "delimiter", "--delimiter", "-d", metavar="TEXT"),
    declared(DialectOptions, "quote", "--quotechar", "-q", metavar="CHAR"),
    declared(DialectOptions, "escape", "--escapechar", metavar="CHAR"),
    declared(DialectOptions, "encoding", "--encoding", "-e", metavar="NAME"),
    declared(
        DialectOptions,
        "skip_initial_space",
        "--skip-initial-space/--no-skip-initial-space",
        default=None,
    ),
    declared(DialectOptions, "ragged", "--ragged"),
)
"""By which single records can be read in another way."""


def to_dialect(given: dict[str, Any]) -> DialectOptions:
    """The dialect that the options of a command describe. Raises UsageError."""
    if given.get("headers") and given.get("no_headers"):
        raise UsageError("--headers and --no-headers exclude each other")
    skip = given.get("skip_rows")
    ending = given.get("terminator")
    header = True if given.get("headers") else False if given.get("no_headers") else None
    return DialectOptions(
        input_format=given.get("input_format"),
        delimiter=_delimiter(given.get("delimiter")),
        quote=_character("--quotechar", given.get("quote")),
        escape=_character("--escapechar", given.get("escape")),
        encoding=given.get("encoding"),
        header=header,
        preamble=skip[0] if skip else None,
        rows_after_header=skip[1] if skip else None,
        comment=_character("--comment", given.get("comment")),
        skip_initial_space=given.get("skip_initial_space"),
        terminator=None if ending is None else "cr" if ending == "cr" else "lf",
        max_record_size=given.get("max_record_size"),
        ragged=given.get("ragged"),
        nested_objects=given.get("nested_objects"),
    )


def _delimiter(value: str | None) -> str | None:
    """The delimiter that a user writes. Raises UsageError if it can be none."""
    if value is None:
        return None
    if not value:
        raise UsageError(
            "--delimiter is empty", hint="--delimiter none makes a record of each line one field"
        )
    named = by_name(value)
    several = len(named) > 1
    if any(char in "\n\r\0\x1e" or not char.isascii() for char in named) or (
        several and (len(named) > 8 or any(map(str.isalnum, named)))
    ):
        raise UsageError(
            f"--delimiter {value!r} is neither an ASCII character nor a few signs such as ||",
            hint="for instance --delimiter ';', or --delimiter tab",
        )
    return named


def _character(name: str, value: str | None) -> str | None:
    if value is None:
        return None
    value = by_name(value)
    if len(value.encode()) > 1 or value in {"\n", "\r", "\0"}:
        raise UsageError(
            f"{name} {value!r} is not one ASCII character",
            hint=f"for instance {name} ';', or {name} tab",
        )
    return value
