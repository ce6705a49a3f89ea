"""The command `snapshots init`."""

from __future__ import annotations

from pathlib import Path

import click

from snapshots.cli import database_options as db
from snapshots.cli.command import command as a_command
from snapshots.cli.option import complete_files, option
from snapshots.cli.say import say


@a_command(
    "init",
    help="Write a project file that sends files to an HTTP API.",
    examples=[
        (
            "Send two files with one command from now on",
            "snapshots init crew/ wells.csv zones.csv --to https://api.example.org/v1",
        ),
    ],
)
@click.argument("project", metavar="FOLDER")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=complete_files)
@option("--to", "url", metavar="URL", required=True, help="The address of the API.")
@db.env_file
def command(project: str, files: tuple[str, ...], url: str) -> None:
    """Writes the file, and says how to go on."""
    from snapshots.project import new_project

    path = new_project(Path(project), url, files)
    many = "s" if len(files) > 1 else ""
    say(f"{path}: {len(files)} resource{many}. Send: snapshots run {project}")
