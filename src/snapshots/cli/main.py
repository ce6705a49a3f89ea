"""`snapshots`: finds the command, runs it, and turns errors into sentences and exit codes."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from snapshots import home
from snapshots.cli import database_options, option_groups, output_options, verbosity
from snapshots.cli.command import write_examples
from snapshots.cli.failure import as_object, fail
from snapshots.cli.option import path_item
from snapshots.cli.say import say_json, say_usage
from snapshots.cli.suggestions import meant
from snapshots.errors import SnapshotsError, out_of_memory
from snapshots.file_hints import advice

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "import": ("snapshots.cli.import_", "Load files and URLs into a database."),
    "describe": ("snapshots.cli.describe", "Write the contract that fits a file."),
    "sync": ("snapshots.cli.sync", "Import the files of a folder as they arrive."),
    "resume": ("snapshots.cli.resume", "Finish an import that was interrupted."),
    "undo": ("snapshots.cli.undo", "Remove the rows of an import."),
    "prune": ("snapshots.cli.prune", "Drop tables that killed imports have left."),
    "list": ("snapshots.cli.list_", "List past imports, or say whether files are imported."),
    "show": ("snapshots.cli.show", "Show the details of one import."),
    "rejects": ("snapshots.cli.rejects", "Show the records that were not loaded, and why."),
    "replay": ("snapshots.cli.replay", "Load rejects that were corrected."),
    "dismiss": ("snapshots.cli.dismiss", "Say of rejects that they are to stay as they are."),
    "share": ("snapshots.cli.share", "Make a link with which somebody corrects rejects."),
    "rows": ("snapshots.cli.rows", "Show the rows of a table."),
    "log": ("snapshots.cli.log", "Show every version of a row of a table with history."),
    "diff": ("snapshots.cli.diff", "Compare two versions of a table, or a file and a table."),
    "verify": ("snapshots.cli.verify", "Compare a table with the input it was loaded from."),
    "forget": ("snapshots.cli.forget", "Forget a database that is gone."),
    "send": ("snapshots.cli.send", "Send the rows of files to an HTTP API."),
    "answers": ("snapshots.cli.answers", "Show what was kept of an API's answers."),
    "resend": ("snapshots.cli.resend", "Send the rejects of a delivery again."),
    "state": ("snapshots.cli.state", "Show what is known of rows that were sent, or forget it."),
    "run": ("snapshots.cli.run", "Send the rows of a project to an HTTP API."),
    "init": ("snapshots.cli.init", "Write a project file."),
    "serve": ("snapshots.cli.serve", "Run the REST service and the dashboard."),
    "worker": ("snapshots.cli.worker", "Load the imports that wait in the service's queue."),
    "token": ("snapshots.cli.token", "Create an access token for the service."),
    "help": ("snapshots.cli.help_", "Show this help, or the help of a command."),
}

GROUPS = {
    "Import": ("import", "describe", "sync", "resume", "undo", "prune"),
    "Look back and check": ("list", "show", "rows", "log", "diff", "verify", "forget"),
    "Repair": ("rejects", "replay", "dismiss", "share"),
    "Send to an HTTP API": ("send", "answers", "resend", "state", "run", "init"),
    "Service": ("serve", "worker", "token"),
    "Help": ("help",),
}
"""The headings under which help shows the commands."""


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

    def format_usage(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes both forms: with a command, and with files alone."""
        formatter.write_usage("snapshots", "COMMAND [OPTIONS] [ARGUMENTS]")
        formatter.write_usage("snapshots", "[OPTIONS] FILE...", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands in groups, their summaries from `COMMANDS`, so that help imports no
        command. The options that most commands have follow."""
        widest = max(map(len, COMMANDS))
        for group, names in GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(name.ljust(widest), COMMANDS[name][1]) for name in names])
        with formatter.section("Options that most commands have"):
            formatter.write_dl(
                [record for param in _common() if (record := param.get_help_record(ctx))]
            )
        with formatter.section(option_groups.OPTIONS):
            records = [param.get_help_record(ctx) for param in self.get_params(ctx)]
            formatter.write_dl([record for record in records if record])

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the examples."""
        write_examples(EXAMPLES, formatter)
        formatter.write("\nAll options of a command: snapshots help COMMAND\n")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the command first, and `import` where the user named none."""
        if args and args[0] not in {*COMMANDS, *_OWN}:
            position = self._first_word(ctx, args)
            word = None if position is None or position == len(args) else args[position]
            if word in COMMANDS and position is not None:
                args.insert(0, args.pop(position))
            elif ctx.resilient_parsing and position is None:
                # A shell completes what follows options: a command or a file may come.
                args.clear()
            else:
                if word is not None and not ctx.resilient_parsing and (text := _mistyped(word)):
                    raise click.UsageError(text, ctx)
                args.insert(0, "import")
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands and, as files may be named alone, files and the options of `import`."""
        from click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            options = self._import(ctx).shell_complete(ctx, incomplete)
            return [*super().shell_complete(ctx, incomplete), *options]
        names = [name for name in COMMANDS if name.startswith(incomplete)]
        return [
            *path_item("FILE", incomplete),
            *(CompletionItem(name, help=COMMANDS[name][1]) for name in names),
        ]

    def _import(self, ctx: click.Context) -> click.Command:
        command = self.get_command(ctx, "import")
        assert command is not None  # noqa: S101 - for the type checker
        return command

    def _first_word(self, ctx: click.Context, args: list[str]) -> int | None:
        """The position of the first word that is no option and no option's value.

        None: there is none. The number of all words: the value of the last option is missing.
        """
        takes_value = {
            name
            for param in self._import(ctx).params
            if isinstance(param, click.Option) and not param.is_flag
            for name in param.opts
        }
        value_next = False
        for position, word in enumerate(args):
            if value_next and not (args[position - 1] == "-q" and word in COMMANDS):
                value_next = False
            elif word.startswith("-") and word != "-":
                value_next = word in takes_value
            else:
                return position
        return len(args) if value_next else None


_OWN = ("--help", "-h", "--version", "-V")

EXAMPLES = (
    ("Load a file into the SQLite database snapshots.db", "snapshots import rides.csv"),
    ("Load files into PostgreSQL", "snapshots import *.csv --database localhost:5432"),
    ("See what was loaded", "snapshots list"),
)


def _common() -> list[click.Parameter]:
    """The options that most commands have."""

    @database_options.database
    @output_options.as_json
    def function() -> None:
        """Holds the options."""

    declared: list[click.Parameter] = getattr(function, "__click_params__", [])
    return [*reversed(declared), *verbosity.options(())]


def _mistyped(word: str) -> str:
    """What to say of the first word of a command line without a command. Empty: it is an input."""
    if any(char in word for char in "./\\*?[:~") or word in ("", "-") or os.path.lexists(word):
        return ""
    found = meant(word, COMMANDS)
    if found is None:
        return ""
    return f"There is no command or file {word!r}. Did you mean snapshots {found}?"


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(
    None,
    "-V",
    "--version",
    package_name="snapshots",
    message="%(prog)s %(version)s",
    help="Show the version.",
)
def cli() -> None:
    """Load files into databases, send rows to HTTP APIs, and account for every record."""


def main() -> Any:
    """Runs the command line. Returns the exit code."""
    verbosity.choose(verbosity.Verbosity.USUAL)
    if "_SNAPSHOTS_COMPLETE" in os.environ:
        from snapshots.cli import bash_completion

        bash_completion.register()
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
        hint=advice(error),
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
    # The process ends: nobody needs its memory to be searched for what could be given back.
    atexit.register(gc.freeze)
    sys.exit(main())
