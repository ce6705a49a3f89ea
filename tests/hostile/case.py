"""What a hostile input must come to, and what it came to."""

import datetime
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import snapshots
from snapshots import locations
from snapshots.engine.plan.plan import LINEAGE
from snapshots.ports import Session, Target

EVERYWHERE = ("postgres", "mysql", "sqlite")


@dataclass(frozen=True)
class Case:
    """An input and its fate, fixed in advance: the same on every target."""

    name: str
    data: bytes
    rows: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    """The values that are loaded, by the line that their record begins in."""
    rejects: dict[int, str] = field(default_factory=dict)
    """The code, by line."""
    skipped: int = 0
    columns: tuple[str, ...] | None = None
    """The table's, where the names are what it is about."""
    contract: dict[str, Any] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = EVERYWHERE
    """Fewer only where the others have no such type."""


@dataclass(frozen=True)
class Refusal:
    """An input of which nothing can be loaded, and the code of the error that says so."""

    name: str
    data: bytes
    code: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What the database and its ledger hold of an input."""

    columns: tuple[str, ...]
    rows: dict[int, tuple[Any, ...]]
    rejects: dict[int, str]
    skipped: int


def typed(**fields: str | dict[str, Any]) -> dict[str, Any]:
    """A contract: a name and its type, or all that is said of it."""
    described = (
        {"name": name, **(said if isinstance(said, dict) else {"type": said})}
        for name, said in fields.items()
    )
    return {"fields": list(described)}


class Home:
    """A database that many cases share, and a session to look into it."""

    url: str
    target: Target
    session: Session

    def __init__(self, url: str) -> None:
        self.url = url
        self.target = locations.target(url)
        self.session = self.target.connect()

    def load(self, case: Case | Refusal, folder: Path, table: str):
        """The import, with everything given that could be detected: detection is not at stake."""
        path = folder / "input.csv"
        path.write_bytes(case.data)
        options = {
            "header": True,
            "delimiter": ",",
            "quote": '"',
            "skip_initial_space": False,
            "max_rejects": "100%",
            **case.options,
        }
        contract = getattr(case, "contract", None)
        return snapshots.load(path, database=self.url, table=table, contract=contract, **options)

    def outcome(self, result, table: str) -> Outcome:
        """Read back from the database alone."""
        shape = self.target.inspect(self.session, self.target.table_name(table))
        columns = [c for c in shape.columns if c.name not in LINEAGE] if shape else []
        rejects = self.session.execute(
            "SELECT line, code FROM snapshots_rejects WHERE import_id = ?",
            (result.record.import_id,),
        )
        assert len(dict(rejects)) == len(rejects)
        return Outcome(
            tuple(column.name for column in columns),
            self._rows(table, columns) if shape else {},
            dict(rejects),
            result.counts.skipped,
        )

    def _rows(self, table: str, columns) -> dict[int, tuple[Any, ...]]:
        rows = {}
        names = ", ".join(
            map(self.target.dialect.quote, ["_line", *(column.name for column in columns)])
        )
        for line, *values in self.session.execute(
            f"SELECT {names} FROM {self.target.dialect.quote(table)}"
        ):
            assert line not in rows, f"line {line} is there twice"
            rows[line] = tuple(map(_value, columns, values))
        return rows


def _moment(text: str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text)
    return moment.astimezone(datetime.UTC).replace(tzinfo=None) if moment.tzinfo else moment


_FORMS = {
    "decimal": lambda value: Decimal(str(value)),
    "boolean": bool,
    "uuid": uuid.UUID,
    "time": datetime.time.fromisoformat,
    "timestamp": _moment,
    "timestamptz": _moment,
}
"""One form for the same value, whatever the database writes it like."""


def _value(column, value):
    form = _FORMS.get(column.type.kind)
    return value if value is None or form is None else form(value)
