"""`snapshots`: finds the command, runs it, and turns errors into sentences and exit codes."""

from __future__ import annotations

import contextlib
import os
import sys
from importlib import import_module
from typing import Any

import click

from snapshots import home
from snapshots.cli.failure import as_object, fail
from snapshots.cli.say import say_json, say_usage
from snapshots.errors import SnapshotsError, out_of_memory

COMMANDS = {
    "import": ("snapshots.cli.import_", "Load files into a database."),
    "send": ("snapshots.cli.send", "Send rows of files to an HTTP API."),
    "sync": ("snapshots.cli.sync", "Import every file put into a folder, for ever."),
    "run": ("snapshots.cli.run", "Send rows of a project's queries to one."),
    "list": ("snapshots.cli.list_", "What was imported; whether files are."),
    "show": ("snapshots.cli.show", "All that is known of one import."),
    "rejects": ("snapshots.cli.rejects", "The records that were not loaded, and why."),
    "verify": ("snapshots.cli.verify", "Prove that the table has what the input had."),
    "resume": ("snapshots.cli.resume", "Go on with an unfinished import."),
    "undo": ("snapshots.cli.undo", "Take the rows of an import out again."),
    "prune": ("snapshots.cli.prune", "Free tables that imports have left."),
    "serve": ("snapshots.cli.serve", "Load URLs on request: a REST service."),
    "token": ("snapshots.cli.token", "Make a token for a client of the service."),
    "worker": ("snapshots.cli.worker", "Do the imports that a service has queued."),
}


class Commands(click.Group):
    """Finds a command by its name and imports its module; `import` if none is named."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)  # noqa: S101 - for the type checker
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the summaries from `COMMANDS`, so that help imports no command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the command first, and `import` where the user named none."""
        if args and args[0] not in {*COMMANDS, "--help", "-h", "--version", "-V"}:
            position = self._named_later(ctx, args)
            command = "import" if position is None else args.pop(position)
            args.insert(0, command)
        return super().parse_args(ctx, args)

    def _named_later(self, ctx: click.Context, args: list[str]) -> int | None:
        """The position of a command behind options, as in `--database X list`; None if none is."""
        command = self.get_command(ctx, "import")
        params = command.params if command else []
        takes_value = {
            name
            for param in params
            if isinstance(param, click.Option) and not param.is_flag
            for name in param.opts
        }
        value_next = False
        for position, word in enumerate(args):
            if value_next:
                value_next = False
            elif word.startswith("-") and word != "-":
                value_next = word in takes_value
            else:
                return position if word in COMMANDS else None
        return None


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Without a command, files are imported: snapshots --database localhost:5432 a.csv",
)
@click.version_option(
    None, "-V", "--version", package_name="snapshots", message="%(prog)s %(version)s"
)
def cli() -> None:
    """Move CSV files into databases and account for every record."""


def main() -> Any:
    """Runs the command line. Returns the exit code."""
    try:
        return cli.main(standalone_mode=False) or 0
    except click.ClickException as error:
        say_usage(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # The reader of our output has seen enough; Python would complain again at exit.
        sys.stdout = None
        return 0
    except OSError as error:
        return _refused(error)
    except (SnapshotsError, MemoryError, ImportError) as error:
        return _failed(_ours(error))


def _refused(error: OSError) -> int:
    """Reports an error of the system that no command has turned into one of ours."""
    if error.filename is not None or not _somewhere():
        return _failed(_of_a_file(error))
    with contextlib.suppress(OSError):
        sys.stdout.close()
    return fail(SnapshotsError(f"the output cannot be written: {error.strerror}"))


def _somewhere() -> bool:
    """Whether there is a current folder: it may have been removed or be forbidden."""
    try:
        return bool(os.getcwd())  # noqa: PTH109 (nothing else is asked of it)
    except OSError:
        return False


def _of_a_file(error: OSError) -> SnapshotsError:
    if error.filename is None:
        return home.no_current_folder()
    return SnapshotsError(
        f"It cannot be used: {error.strerror}.",
        place=os.fsdecode(error.filename) if not isinstance(error.filename, int) else "",
        hint="Check that this user may reach it.",
    )


def _ours(error: Exception) -> SnapshotsError:
    if isinstance(error, SnapshotsError):
        return error
    if isinstance(error, ImportError):
        return SnapshotsError(
            f"a part of the program cannot be loaded: {error}",
            hint="it may need more memory, or more open files, than it is given; else install it"
            " anew",
        )
    return out_of_memory()


def _failed(error: SnapshotsError) -> int:
    if "--json" in sys.argv:
        say_json({"outcome": "failed", "error": as_object(error)})
    return fail(error)


def run() -> None:
    """The console script: exits with the command's code."""
    sys.exit(main())
