"""The only place where commands write: each call prints one line, whatever the text holds."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

import click

from snapshots.redaction import without_secrets
from snapshots.screen_text import plain, plain_json

if TYPE_CHECKING:
    from collections.abc import Callable


def say(text: str, *, err: bool = False) -> None:
    """Prints one line for people; control characters are escaped."""
    click.echo(plain(text), err=err)


def say_json(value: dict[str, object], *, err: bool = False) -> None:
    """Prints one JSON object on one line."""
    click.echo(plain_json(json.dumps(value, ensure_ascii=False)), err=err)


def csv_rows() -> Callable[[list[object]], object]:
    """A function that prints a row as CSV: as it is to a pipe, escaped on a terminal."""
    import csv

    write = csv.writer(sys.stdout).writerow
    if not sys.stdout.isatty():
        return write
    return lambda row: write([plain("" if cell is None else str(cell)) for cell in row])


def data_writer() -> Callable[[bytes], object]:
    """A function that writes bytes: as they are to a pipe, escaped on a terminal."""
    if sys.stdout.isatty():
        return lambda data: click.echo(plain(data.decode("utf-8", "replace"), keep="\n"), nl=False)
    return sys.stdout.buffer.write


def say_usage(error: click.ClickException) -> None:
    """Prints click's message about a wrong command line, without secrets in it."""
    written = io.StringIO()
    error.show(written)
    text = written.getvalue().replace(error.message, plain(without_secrets(error.message)))
    click.echo(plain(text, keep="\n"), err=True, nl=False)


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
