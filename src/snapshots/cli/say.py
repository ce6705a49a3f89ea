"""The only place where commands write: each call prints one line, whatever the text holds."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from snapshots.cli import status_line, verbosity
from snapshots.cli.colours import styled
from snapshots.redaction import without_secrets
from snapshots.screen_text import plain, plain_json

if TYPE_CHECKING:
    from collections.abc import Callable


def say(text: str, *, err: bool = False) -> None:
    """Prints one line for people; control characters are escaped."""
    with status_line.away():
        click.echo(plain(text), err=err)


def note(text: str, style: str = "") -> None:
    """Prints on stderr what a user may like to know; `--quiet` leaves it out.

    `style` is a colour of `colours`.
    """
    if verbosity.is_quiet():
        return
    with status_line.away():
        click.echo(styled(plain(text), style), err=True, color=True)


def say_error(text: str, hint: str = "", *, word: str = "error") -> None:
    """Prints on stderr what is wrong, and below it what to do. The word before it is coloured."""
    with status_line.away():
        click.echo(f"{styled(word, word)}: {plain(text)}", err=True, color=True)
        if hint:
            click.echo(f"  {plain(hint)}", err=True)


def say_json(value: dict[str, object], *, err: bool = False) -> None:
    """Prints one JSON object on one line."""
    with status_line.away():
        click.echo(plain_json(json.dumps(value, ensure_ascii=False)), err=err)


def say_document(text: str) -> None:
    """Prints JSON that has several lines, as it is but for characters that are not seen."""
    click.echo(plain_json(text))


def csv_rows() -> Callable[[list[object]], object]:
    """A function that prints a row as CSV: as it is to a pipe, escaped on a terminal."""
    import csv

    write = csv.writer(sys.stdout).writerow
    if not sys.stdout.isatty():
        return write
    return lambda row: write([plain("" if cell is None else str(cell)) for cell in row])


def say_help(text: str) -> None:
    """Prints a help page: lines of our own."""
    click.echo(plain(text, keep="\n"))


def data_writer() -> Callable[[bytes], object]:
    """A function that writes bytes: as they are to a pipe, escaped on a terminal."""
    if sys.stdout.isatty():
        return lambda data: click.echo(plain(data.decode("utf-8", "replace"), keep="\n"), nl=False)
    return sys.stdout.buffer.write


def say_usage(error: click.ClickException) -> None:
    """Prints what is wrong with a command line, without secrets in it, and where help is."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return
    if isinstance(error, click.NoSuchOption):
        # Click names up to three that are alike; the first is the most likely.
        asked = f" Did you mean {error.possibilities[0]}?" if error.possibilities else ""
        text = f"{error.message}{asked}"
    else:
        text = error.format_message()
    path = "snapshots" if ctx is None or ctx.parent is None else f"snapshots {ctx.info_name}"
    say_error(without_secrets(text), f"See {path} --help.")


def log_plainly() -> None:
    """Makes libraries log on stderr in the same way; a traceback keeps its lines."""
    import logging

    class Plainly(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return plain(without_secrets(super().format(record)), keep="\n")

    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(Plainly())
    logging.getLogger().addHandler(handler)
