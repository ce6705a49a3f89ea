"""The command `snapshots describe`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from snapshots.cli import database_options as db
from snapshots.cli import dialect_options, limit_options, output_options, table_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option import option, together
from snapshots.cli.options import to_options
from snapshots.errors import InputError, UsageError
from snapshots.file_hints import unwritable

if TYPE_CHECKING:
    from pathlib import Path

    from snapshots.engine.run.describe import Description

_output = option(
    "--output",
    "-o",
    metavar="FILE",
    help="Write the contract into a new file instead of stdout.",
)
_reading = together(
    dialect_options.dialect,
    table_options.layout,
    table_options.null_value,
    table_options.types,
    limit_options.reading,
)


@a_command(
    "describe",
    help="Write the contract that fits a file, with the evidence for each type.",
    examples=[
        ("Print the contract of a file", "snapshots describe data/a.csv"),
        ("Write it, edit it, and use it", "snapshots describe data/a.csv --output a.schema.json"),
        ("Find types for fields of fixed width", "snapshots describe a.txt --contract places.json"),
    ],
)
@click.argument("inputs", nargs=-1, metavar="FILE", required=True)
@_output
@_reading
@output_options.as_json
@db.env_file
@click.pass_context
def command(
    ctx: click.Context,
    /,
    inputs: tuple[str, ...],
    output: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Describes one input. The contract is on stdout, what a person should know on stderr."""
    from pathlib import Path

    from snapshots.cli.say import say_document, say_json
    from snapshots.contract.described import laid_out
    from snapshots.engine.run.describe import describe

    if output is not None and as_json:
        raise UsageError("--output and --json exclude each other")
    path = None if output is None else Path(output)
    if path is not None:
        _require_new(path)
    found = describe(_only(inputs), to_options(given))
    if as_json:
        say_json({
            "input": found.input, "records": found.records, "broken": found.broken,
            "complete": found.complete, "contract": found.schema,
        })  # fmt: skip
        return
    document = laid_out(found.schema)
    if path is None:
        say_document(document)
    else:
        _write(path, document + "\n")
    _summary(found, None if path is None else str(path), _given(ctx))


def _only(inputs: tuple[str, ...]) -> str:
    """The one input. Raises UsageError if there are several: each has a contract of its own."""
    from snapshots.sources import expand

    names = expand(list(inputs))
    if len(names) > 1:
        raise UsageError(
            f"describe takes one file, and these are {len(names)}",
            hint=f"run it for each: snapshots describe {shlex.quote(names[0])}",
        )
    return names[0]


def _require_new(path: Path) -> None:
    """Raises UsageError, before anything is read, if the contract can have no new file there."""
    if not path.parent.is_dir():
        raise UsageError(
            f"--output {path}: there is no folder {path.parent}",
            hint=f"create it: mkdir -p {shlex.quote(str(path.parent))}",
        )
    if path.exists():
        raise UsageError(
            f"--output {path}: the file exists, and may have been edited",
            hint="name another file, or remove this one",
        )


def _write(path: Path, document: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(document)
    except OSError as error:
        what, hint = unwritable(path, error)
        raise InputError(what, place=str(path), hint=hint) from error


def _summary(found: Description, path: str | None, given: list[str]) -> None:
    """Says on stderr what the contract comes from, and how to load with it."""
    from snapshots.cli.say import say

    columns = len(found.schema["fields"])
    extent = "all" if found.complete else "the first"
    left_out = f", {found.broken:,} broken ones left out" if found.broken else ""
    say(
        f"{found.input}: {columns:,} column{'s' if columns > 1 else ''}, from {extent}"
        f" {found.records:,} record{'s' if found.records != 1 else ''}{left_out}",
        err=True,
    )
    for note in found.notes:
        say(f"- {note}", err=True)
    contract = shlex.quote(path or "CONTRACT.json")
    words = ["snapshots", "import", shlex.quote(found.input), "--contract", contract, *given]
    say(f"Edit it, then: {' '.join(words)}", err=True)


def _given(ctx: click.Context) -> list[str]:
    """The options that say how the file is written, as an import needs them again."""
    words: list[str] = []
    of_dialect = {param.name for param in _params_of_dialect()}
    for param in ctx.command.params:
        source = ctx.get_parameter_source(param.name or "")
        if param.name not in of_dialect or source is not ParameterSource.COMMANDLINE:
            continue
        assert isinstance(param, click.Option)  # noqa: S101 - for the type checker
        value = ctx.params[param.name]
        if param.is_flag:
            words.append(param.opts[0] if value else param.secondary_opts[0])
        else:
            words += [param.opts[0], shlex.quote(_written(value))]
    return words


def _params_of_dialect() -> list[click.Parameter]:
    @click.command()
    @dialect_options.dialect
    def sample() -> None: ...

    return sample.params


def _written(value: Any) -> str:
    parts = value if isinstance(value, tuple) else (value,)
    return ",".join(str(part) for part in parts if part is not None)
