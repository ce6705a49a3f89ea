"""How much a command says on stderr: `--quiet`, `--verbose`, or the usual."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from snapshots.cli import option_groups
from snapshots.cli.option import Option

if TYPE_CHECKING:
    from collections.abc import Collection


class Verbosity(Enum):
    """How much is said."""

    QUIET = "quiet"
    """Only errors on stderr, and on stdout only the data asked for."""
    USUAL = "usual"
    VERBOSE = "verbose"
    """Every notice."""


_chosen = Verbosity.USUAL


def choose(wanted: Verbosity) -> None:
    """Sets how much this process says from now on."""
    global _chosen  # noqa: PLW0603 - of the process, as its stderr is
    _chosen = wanted


def is_quiet() -> bool:
    """Whether only errors are said."""
    return _chosen is Verbosity.QUIET


def is_verbose() -> bool:
    """Whether every notice is said."""
    return _chosen is Verbosity.VERBOSE


def options(taken: Collection[str]) -> list[click.Parameter]:
    """The two options, for a command whose other options have the names `taken`."""
    short = [] if "-q" in taken else ["-q"]
    return [
        Option(
            [*short, "--quiet"],
            is_flag=True,
            envvar="SNAPSHOTS_QUIET",
            group=option_groups.OUTPUT,
            help="Show errors only, and on stdout only the data asked for.",
        ),
        Option(
            ["-v", "--verbose"],
            is_flag=True,
            envvar="SNAPSHOTS_VERBOSE",
            group=option_groups.OUTPUT,
            help="Show every notice.",
        ),
    ]


def chosen(ctx: click.Context) -> Verbosity:
    """What the options of a command line ask for; it wins over variables. Takes them out.

    Raises UsageError if both are given in the same way.
    """
    quiet, verbose = (bool(ctx.params.pop(name, False)) for name in ("quiet", "verbose"))
    if quiet and verbose:
        written = [
            ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
            for name in ("quiet", "verbose")
        ]
        if written[0] == written[1]:
            both = "--quiet and --verbose exclude each other"
            if not written[0]:
                both = "SNAPSHOTS_QUIET and SNAPSHOTS_VERBOSE exclude each other"
            raise click.UsageError(f"{both}.", ctx)
        quiet = written[0]
    return Verbosity.QUIET if quiet else Verbosity.VERBOSE if verbose else Verbosity.USUAL
