"""The command `snapshots help`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from snapshots.cli.command import command as a_command
from snapshots.cli.say import say_help
from snapshots.cli.suggestions import did_you_mean

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def _complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    root = ctx.find_root()
    assert isinstance(root.command, click.Group)  # noqa: S101 - for the type checker
    names = root.command.list_commands(root)
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@a_command(
    "help",
    help="Show the help of snapshots, or of one of its commands.",
    examples=[("Show all options of import", "snapshots help import")],
    says=False,
)
@click.argument("name", required=False, metavar="[COMMAND]", shell_complete=_complete)
@click.pass_context
def command(ctx: click.Context, /, name: str | None) -> None:
    """Prints what `--help` prints."""
    root = ctx.find_root()
    if name is None:
        say_help(root.get_help())
        return
    assert isinstance(root.command, click.Group)  # noqa: S101 - for the type checker
    found = root.command.get_command(root, name)
    if found is None:
        known = root.command.list_commands(root)
        raise click.UsageError(
            f"There is no command {name!r}.{did_you_mean(name, known)}"
            f" The commands are {', '.join(known)}.",
            root,
        )
    say_help(found.get_help(click.Context(found, root, name)))
