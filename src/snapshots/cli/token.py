"""The command `snapshots token`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option import option
from snapshots.cli.say import note, say, say_json


@a_command(
    "token",
    help="Create an access token for a client of the service.",
    examples=[
        (
            "Create a token that may only read",
            "snapshots token dashboard --tokens tokens.txt --scope read",
        ),
    ],
)
@click.argument("name")
@option(
    "--tokens",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    required=True,
    help="The file that holds the hashes of tokens. It is created if it is missing.",
)
@option(
    "--scope",
    type=click.Choice(["read", "write"]),
    default="write",
    show_default=True,
    help="What the token allows. read: look only. write: also import and change.",
)
@output_options.as_json
@db.env_file
def command(name: str, tokens: Path, scope: Literal["read", "write"], as_json: bool) -> None:
    """Prints the token. Only its hash is kept, so it cannot be printed again."""
    from snapshots.web.gate.tokens import create

    token = create(tokens, name, scope)
    if as_json:
        say_json({"name": name, "scope": scope, "token": token})
        return
    note(f"{name} may {scope}; only its hash is kept, in {tokens}:")
    say(token)
