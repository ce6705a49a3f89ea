"""The one place where commands write: a call is a line, whatever stands in what is said."""

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
    """One line for people."""
    click.echo(plain(text), err=err)


def say_json(value: dict[str, object], *, err: bool = False) -> None:
    """One object on one line, for programs."""
    click.echo(plain_json(json.dumps(value, ensure_ascii=False)), err=err)


def csv_rows() -> Callable[[list[object]], object]:
    """What writes a row of CSV to stdout: as it is for a program, harmless for a screen."""
    import csv

    write = csv.writer(sys.stdout).writerow
    if not sys.stdout.isatty():
        return write
    return lambda row: write([plain("" if cell is None else str(cell)) for cell in row])


def say_usage(error: click.ClickException) -> None:
    """What click says of a command that makes no sense: it repeats what was written."""
    written = io.StringIO()
    error.show(written)
    text = written.getvalue().replace(error.message, plain(without_secrets(error.message)))
    click.echo(plain(text, keep="\n"), err=True, nl=False)


def log_plainly() -> None:
    """Has what libraries log on stderr written so, too; lines of a traceback stay lines."""
    import logging

    class Plainly(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return plain(without_secrets(super().format(record)), keep="\n")

    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(Plainly())
    logging.getLogger().addHandler(handler)
