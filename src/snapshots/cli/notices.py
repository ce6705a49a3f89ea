"""What is told of an input before and while it is loaded: little by default, all with `-v`."""

from __future__ import annotations

from threading import get_ident

from snapshots.cli import verbosity
from snapshots.cli.progress_lines import reading_lines, started_line
from snapshots.cli.say import note
from snapshots.cli.widths import columns_of
from snapshots.engine.events import Event, Failed, ImportResult, Notice, Started
from snapshots.notes import DetailNote, ReadingNote

_INDENT = "  "


class Notices:
    """Prints the notices of imports that follow one another, or run at once.

    By default those of an input wait for the line that says what it is, and come below it: up to
    two lines for how it is read, and one for each thing that a user should know. Details are left
    out.
    """

    def __init__(self) -> None:
        self._held: dict[int, list[str]] = {}
        """By thread: all events of one import come from one."""
        self._last: int | None = None
        """The import that was named last."""

    def __call__(self, event: Event) -> None:
        """Takes any event; only some say anything here."""
        match event:
            case Notice(text):
                self._notice(event, text)
            case Started():
                self._last = event.import_id
                note(started_line(event))
                for held in self._taken():
                    note(_INDENT + held, "faint")
            case ImportResult(given=name, outcome="dry_run"):
                note(f"dry run: {name}")
                for held in self._taken():
                    note(_INDENT + held, "faint")
            case Failed(name) | ImportResult(given=name):
                for held in self._taken(all_of_it=False):
                    note(f"- {name}: {held}", "faint")
            case _:
                pass

    def _notice(self, event: Notice, text: str) -> None:
        if verbosity.is_verbose():
            if not isinstance(text, ReadingNote):
                note(f"- {text}", "faint")
        elif isinstance(text, DetailNote):
            pass
        elif event.import_id is not None:
            # Among those of other imports it says which one it is about.
            beside = event.import_id != self._last
            note(f"- {event.input}: {text}" if beside else _INDENT + text, "faint")
        elif event.input is None:
            note(f"- {text}", "faint")
        else:
            self._held.setdefault(get_ident(), []).append(text)

    def _taken(self, *, all_of_it: bool = True) -> list[str]:
        """The notices of an input that waited; how the input is read comes first."""
        held = self._held.pop(get_ident(), [])
        readings = [one for one in held if isinstance(one, ReadingNote)] if all_of_it else []
        most = columns_of() - len(_INDENT) - 1
        shown = [line for one in readings[-1:] for line in reading_lines(one, most)]
        return shown + [one for one in held if not isinstance(one, ReadingNote)]
