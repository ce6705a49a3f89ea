"""A command whose help shows its options in groups and ends with examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click
from click.core import ParameterSource

from snapshots.cli import option_groups, verbosity
from snapshots.cli.option import Option
from snapshots.formats.options import by_name

_WIDEST = 28
"""Columns of an option's names and value; what is longer gets a line of its own."""
_QUIET = "-q is --quotechar here and needs a character; to show only errors: --quiet."

Example = tuple[str, str]
"""What somebody wants, and the command line for it."""


class Command(click.Command):
    """A command with groups of options, examples, `--quiet` and `--verbose`."""

    def __init__(
        self, *arguments: Any, examples: Sequence[Example] = (), says: bool = True, **settings: Any
    ) -> None:
        super().__init__(*arguments, **settings)
        self.examples = tuple(examples)
        if says:
            taken = {name for param in self.params for name in param.opts}
            self.params += verbosity.options(taken)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads the arguments as click does, and notes how much the command is to say."""
        if not ctx.resilient_parsing and self._means_quiet(args):
            raise click.UsageError(_QUIET, ctx)
        try:
            rest = super().parse_args(ctx, args)
        except click.UsageError as error:
            # Click's parser does not say of which command an option is wrong.
            error.ctx = error.ctx or ctx
            raise
        _leave_out_sessions(ctx)
        wanted = verbosity.chosen(ctx)
        if not ctx.resilient_parsing:
            verbosity.choose(wanted)
        return rest

    def _means_quiet(self, args: list[str]) -> bool:
        """Whether somebody writes -q for --quiet, where it is --quotechar."""
        if not any({"-q", "--quotechar"} <= {*param.opts} for param in self.params):
            return False
        options = args[: args.index("--")] if "--" in args else args
        valued = {name for param in self.params if _takes_value(param) for name in param.opts}
        for before, name, value in zip(["", *options], options, [*args[1:], ""], strict=False):
            if name == "-q" and before not in valued:
                return len(by_name(value)) > 1 or not value
        return False

    def groups(self, ctx: click.Context) -> dict[str, list[click.Parameter]]:
        """The options by the heading under which help shows them, in the order of help."""
        found: dict[str, list[click.Parameter]] = {}
        for group in option_groups.ORDER:
            for param in self.get_params(ctx):
                if isinstance(param, click.Option) and _group(param) == group:
                    found.setdefault(group, []).append(param)
        if len(found.get(option_groups.GENERAL, ())) == 1 and option_groups.OPTIONS in found:
            # Nothing but --help: a heading for one line helps nobody.
            found[option_groups.OPTIONS] += found.pop(option_groups.GENERAL)
        return found

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the options under their headings."""
        shown = {
            group: [record for param in params if (record := param.get_help_record(ctx))]
            for group, params in self.groups(ctx).items()
        }
        names = [name for records in shown.values() for name, _ in records]
        widest = max((len(name) for name in names if len(name) <= _WIDEST), default=0)
        for group, records in shown.items():
            with formatter.section(group):
                formatter.write_dl([(name.ljust(widest), text) for name, text in records], widest)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the examples."""
        write_examples(self.examples, formatter)
        super().format_epilog(ctx, formatter)


def write_examples(examples: Sequence[Example], formatter: click.HelpFormatter) -> None:
    """Writes each example on two lines: what it is for, and the command, which is never broken."""
    if not examples:
        return
    with formatter.section("Examples"):
        for purpose, line in examples:
            formatter.write(f"{'':>{formatter.current_indent}}{purpose}:\n")
            formatter.write(f"{'':>{formatter.current_indent + 2}}{line}\n")


def _leave_out_sessions(ctx: click.Context) -> None:
    """Leaves out the variable SNAPSHOTS_SESSIONS, which is there for commands with --cluster."""
    given = ctx.params.get("sessions") is not None and ctx.params.get("cluster") is None
    if given and not ctx.resilient_parsing:
        if ctx.get_parameter_source("sessions") is ParameterSource.COMMANDLINE:
            from snapshots.engine.plan.options import sessions_without_cluster

            raise sessions_without_cluster()
        ctx.params["sessions"] = None


def _group(param: click.Option) -> str:
    return param.group if isinstance(param, Option) else option_groups.GENERAL


def command(
    name: str,
    *,
    help: str,  # noqa: A002 - the word of click
    examples: Sequence[Example] = (),
    says: bool = True,
) -> Callable[[Callable[..., Any]], Command]:
    """A decorator for a command. `help` is its summary; `says`: it has `--quiet` and `--verbose`.

    The `examples` are in `docs/reference/cli.md`, too.
    """
    return click.command(name, cls=Command, help=help, examples=examples, says=says)


def _takes_value(param: click.Parameter) -> bool:
    return isinstance(param, click.Option) and not param.is_flag and not param.count
