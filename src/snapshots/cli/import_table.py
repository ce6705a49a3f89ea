"""Prints imports as a table that fits the terminal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from snapshots import locations
from snapshots.cli.say import note, say
from snapshots.cli.screen_width import output_width, padded, shortened, width_of
from snapshots.screen_text import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snapshots.model import ImportRecord

_GAP: Final = 2
_SIX_MONTHS: Final = timedelta(days=183)


class _Column(Struct):
    """A column of the table, and how narrow it may become."""

    head: str
    cells: list[str]
    least: int | None = None
    """Its texts may be shortened to this width; None: they are shown in full."""
    right: bool = False
    width: int = 0

    def __post_init__(self) -> None:
        self.cells = [plain(cell) for cell in self.cells]
        self.width = self.natural

    @property
    def natural(self) -> int:
        return max(map(width_of, (self.head, *self.cells)))

    @property
    def narrowest(self) -> int:
        return self.natural if self.least is None else min(self.natural, self.least)


def print_imports(imports: Sequence[ImportRecord]) -> None:
    """Prints imports. What all of them share, such as their database, stands once on stderr."""
    width = output_width()
    columns = _columns(imports, in_full=width is None)
    if width is not None:
        _fit(columns, imports, width)
    databases = sorted({record.database for record in imports})
    if len(databases) == 1:
        note(f"database: {databases[0]}{'' if width is None else ' (times are UTC)'}")
    elif width is not None:
        short = short_names(databases)
        for database in databases:
            note(f"database {short[database]}: {database}")
    shown = list(columns.values())
    say(_line(shown, [column.head for column in shown]))
    for row in range(len(imports)):
        say(_line(shown, [column.cells[row] for column in shown]))


def short_names(databases: Sequence[str]) -> dict[str, str]:
    """Returns a short name for each database: the end of its URL that no other one has.

    >>> short_names(["sqlite:////a/x/s.db", "sqlite:////a/y/s.db", "postgresql://ana@h:5432/s"])
    {'sqlite:////a/x/s.db': 'x/s.db', 'sqlite:////a/y/s.db': 'y/s.db', \
'postgresql://ana@h:5432/s': 'h:5432/s'}
    """
    parts = {one: one.partition("://")[2].rpartition("@")[2].split("/") for one in databases}
    names = {}
    for one, own in parts.items():
        others = [other for name, other in parts.items() if name != one]
        # A server's name is as telling as that of its database.
        count = 1 if locations.is_file(one) else len(own)
        while count < len(own) and any(other[-count:] == own[-count:] for other in others):
            count += 1
        short = "/".join(own[-count:])
        names[one] = one if any(other == own for other in others) else short
    return names


def _columns(imports: Sequence[ImportRecord], *, in_full: bool) -> dict[str, _Column]:
    def numbers(head: str, value: Callable[[ImportRecord], str]) -> _Column:
        return _Column(head, [value(record) for record in imports], right=True)

    begun = _time if in_full else _short_time
    columns = {
        "id": numbers("id", lambda record: str(record.import_id)),
        "state": _Column("state", [record.state for record in imports]),
        "input": _Column("input", [record.input for record in imports], least=16),
        "table": _Column("table", [record.table for record in imports], least=10),
        "records": numbers("records", lambda record: f"{record.records:,}"),
        "loaded": numbers("loaded", lambda record: f"{record.loaded:,}"),
        "rejected": numbers("rejected", lambda record: f"{record.rejected:,}"),
        # As a rule each reject is open.
        **(
            {"open": numbers("open", lambda record: f"{record.open:,}")}
            if any(one.open != one.rejected and one.state != "undone" for one in imports)
            else {}
        ),
        "skipped": numbers("skipped", lambda record: f"{record.skipped:,}"),
        "seconds": numbers("seconds", lambda record: f"{record.seconds:.2f}"),
        "started": _Column(
            "started (UTC)" if in_full else "started",
            [begun(record.started_at) for record in imports],
        ),
    }
    databases = sorted({record.database for record in imports})
    if len(databases) > 1:
        short = {} if in_full else short_names(databases)
        names = [short.get(record.database, record.database) for record in imports]
        columns["database"] = _Column("database", names, least=14)
    return columns


def _fit(columns: dict[str, _Column], imports: Sequence[ImportRecord], width: int) -> None:
    """Leaves out what can be told from other columns, and then shortens names."""
    skipped = any(record.skipped for record in imports)
    rejected = any(record.rejected for record in imports)
    droppable = (
        "seconds",
        *(("skipped",) if not skipped else ()),
        "loaded",
        *(("open",) if "open" in columns and not rejected else ()),
        *(("rejected",) if not rejected else ()),
        "started",
        "skipped",
    )
    for name in droppable:
        if _total(columns) <= width:
            break
        if name == "started":
            columns[name] = _Column("started", [_day_or_hour(one.started_at) for one in imports])
            if _total(columns) <= width:
                break
        columns.pop(name, None)
    if _total(columns) > width:
        for column in columns.values():
            column.least = None if column.least is None else 6
    flexible = [column for column in columns.values() if column.least is not None]
    for column in flexible:
        column.width = column.narrowest
    left = width - sum(column.width + _GAP for column in columns.values()) + _GAP
    # Each gets what it needs, the least needy first, so that nobody holds columns in vain.
    flexible.sort(key=lambda column: column.natural - column.width)
    for place, column in enumerate(flexible):
        more = min(column.natural - column.width, max(0, left) // (len(flexible) - place))
        column.width += more
        left -= more


def _total(columns: dict[str, _Column]) -> int:
    """Returns the least width of the table."""
    return sum(column.narrowest + _GAP for column in columns.values()) - _GAP


def _line(columns: Sequence[_Column], cells: Sequence[str]) -> str:
    parts = [
        padded(shortened(cell, column.width), column.width, right=column.right)
        for column, cell in zip(columns, cells, strict=True)
    ]
    return (" " * _GAP).join(parts).rstrip()


def _time(text: str) -> str:
    return text[:19].replace("T", " ")


def _short_time(text: str) -> str:
    """Writes a time as `ls` does: an older one without the hour, and others without the year."""
    moment = datetime.fromisoformat(text)
    recent = abs(datetime.now(UTC) - moment) < _SIX_MONTHS
    return moment.strftime("%m-%d %H:%M" if recent else "%Y-%m-%d")


def _day_or_hour(text: str) -> str:
    """Writes the hour of a time of today, and the day of any other."""
    moment = datetime.fromisoformat(text)
    today = moment.date() == datetime.now(UTC).date()
    return moment.strftime("%H:%M") if today else _short_time(text).split(" ")[0]
