"""The options that say which database is meant, and where variables are read from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from snapshots.cli.option import option
from snapshots.cli.option_groups import DESTINATION, GENERAL
from snapshots.errors import UsageError
from snapshots.file_hints import advice

if TYPE_CHECKING:
    import click


def _read_env_file(_ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    try:
        with Path(value).open("rb"):
            pass
    except OSError as error:
        raise UsageError(
            f"--env-file {value} cannot be read: {error.strerror}", hint=advice(error)
        ) from error
    from dotenv import load_dotenv

    try:
        load_dotenv(value, override=False, encoding="utf-8-sig")
    except ValueError as error:  # also what is no UTF-8, and NUL within a value
        raise UsageError(
            f"--env-file {value}: this is no text",
            hint="It has a line NAME=value for each variable.",
        ) from error
    except OSError as error:
        raise UsageError(f"--env-file {value}: it cannot be read: {error.strerror}") from error


database = option(
    "--database",
    metavar="URL",
    group=DESTINATION,
    help="The database: HOST:PORT, a URL that begins with postgresql://, mysql://, mariadb://,"
    " sqlite:/// or duckdb:///, or a file, such as sales.db. Default: sqlite:///snapshots.db.",
)
home = option(
    "--database",
    metavar="URL",
    group=DESTINATION,
    help="The database that records what was sent. Default: sqlite:///snapshots.db.",
)
asked_database = option(
    "--database",
    metavar="URL",
    help="Look in this database only. Default: every database that you have imported into.",
)
env_file = option(
    "--env-file",
    metavar="FILE",
    is_eager=True,
    expose_value=False,
    callback=_read_env_file,
    group=GENERAL,
    help="Read variables from a file of NAME=value lines. Variables that are set win.",
)
