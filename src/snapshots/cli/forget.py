"""The command `snapshots forget`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.say import note, say_json
from snapshots.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class _KnownDatabase(click.ParamType[str]):
    """A database that was imported into; shells complete its name."""

    name = "database"

    def convert(
        self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None
    ) -> str:
        """Returns what the user wrote."""
        return str(value)

    def shell_complete(
        self, _ctx: click.Context, _param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Returns the known databases that begin so."""
        from click.shell_completion import CompletionItem

        from snapshots.engine.history import known_databases

        known = known_databases.recall()
        return [CompletionItem(one) for one in known if one.startswith(incomplete)]


@a_command(
    "forget",
    help="Forget a known database, so that list no longer asks it. The database stays unchanged.",
    examples=[("Forget a database that is gone", "snapshots forget localhost:5432")],
)
@click.argument("database", type=_KnownDatabase(), metavar="DATABASE")
@output_options.as_json
def command(database: str, as_json: bool) -> None:
    """Removes a database from those that `list` and other commands ask."""
    from snapshots.engine.history import known_databases

    found = known_databases.named(database)
    if len(found) != 1:
        raise _unclear(database, found)
    known_databases.forget(found[0])
    if as_json:
        say_json({"database": found[0]})
    else:
        note(f"forgotten: {found[0]}. The database itself is unchanged.")


def _unclear(text: str, found: list[str]) -> UsageError:
    from difflib import get_close_matches

    from snapshots.engine.history import known_databases

    shown = known_databases.without_login(text)
    if found:
        return UsageError(
            f"This may be one of {len(found)} known databases.",
            place=shown,
            hint=f"name one of them: {', '.join(found)}",
        )
    known = known_databases.recall()
    if similar := get_close_matches(shown, known, n=3, cutoff=0.6):
        hint = f"did you mean {' or '.join(similar)}?"
    elif known:
        hint = f"known databases: {', '.join(known)}"
    else:
        hint = "no database is known yet: import something first"
    return UsageError("This database is not known.", place=shown, hint=hint)
