"""What a user may ask of an import or a delivery: the one list of options.

The command line, REST, Python, `sync` and project files fill in an `Options`; the ledger keeps
those of a queued import as JSON. Each option stands here once, with its default, its choices and
its meaning: see `snapshots.defaults.options_of`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from snapshots.defaults import (
    CHUNK_SIZE,
    CONNECTIONS,
    KEEP_UNDO,
    MAX_CONNECTIONS,
    MAX_DELETES,
    MAX_REJECTS,
    MAX_SESSIONS,
    MAX_WORKERS,
    ColumnsPolicy,
    Decimals,
    Duplicates,
    Grown,
    Mode,
    Publish,
    option,
    options_of,
)
from snapshots.engine.limits import DeleteLimit, RejectLimit
from snapshots.engine.plan.version_date import read
from snapshots.errors import UsageError
from snapshots.formats.options import DialectOptions, require_known
from snapshots.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from snapshots.engine.plan.column_options import ColumnOptions
    from snapshots.engine.plan.endpoint import Endpoint
    from snapshots.ledger.history import History
    from snapshots.model import TableName
    from snapshots.ports import Target
    from snapshots.sources.remote.access import RemoteAccess


BY_KEY = ("upsert", "mirror", "history")
"""Modes that find the row of a record by its key."""
DELETING = ("replace", "mirror", "history")
"""Modes in which rows that the input lacks are not in the table afterwards, or not current."""


class TableGate(Protocol):
    """Says which tables may be loaded into; `engine/plan/open_tables.py` implements it."""

    def require_takes(self, history: History, table: TableName) -> None:
        """Raises ForbiddenTable if the table exists and is not open."""

    def require_open(self, history: History, table: TableName) -> None:
        """Raises ForbiddenTable unless the table exists and is open."""


def _texts(name: str, given: Sequence[str]) -> tuple[str, ...]:
    """A list of texts that cannot change any more."""
    if isinstance(given, str):
        raise UsageError(f"{name} is one text", hint="Give a list of texts.")
    return tuple(given)


@dataclass(frozen=True, slots=True)
class Options:
    """What a user asks of one import or delivery.

    >>> Options(table="rides", max_rejects="5%").reject_limit.share
    0.05

    Raises UsageError if a number is too small or `max_rejects` is no limit.
    """

    table: str | None = option(
        None, "The table to load into. Default: the name of the file, without date or number."
    )
    primary_key: tuple[str, ...] = option(
        (), "The primary key of a new table, and the key in modes by key."
    )
    contract: Path | Mapping[str, Any] | None = option(
        None, "The columns that the input must have: a Frictionless Table Schema, as JSON."
    )
    dialect: DialectOptions = field(default_factory=DialectOptions)
    null_values: tuple[str, ...] = option((), "Texts to load as NULL, as an empty field is.")
    decimals: Decimals = option(
        "float",
        "How a new table stores numbers with a fraction. float: as binary floats. exact: as"
        " decimals, exactly as written.",
        choices=Decimals,
    )
    all_text: bool = option(False, "Make every column of a new table text.")
    columns_changed: ColumnsPolicy = option(
        "fail",
        "What to do if the input's columns differ from the table's. fail: stop. add: add the new"
        " columns to the table. ignore: load the columns that both have.",
        choices=ColumnsPolicy,
    )
    grown: Grown = option(
        "tail",
        "What to do with an input that has grown since it was imported. tail: load only the new"
        " part. all: load everything. refuse: stop.",
        choices=Grown,
    )
    lineage: bool = option(True, "Add the columns _import_id and _line to a new table.")
    mode: Mode = option(
        "append",
        "What the table holds afterwards. append: its rows and the input's. replace: only the"
        " input's rows. upsert: the input's rows, and those whose keys it lacks. mirror: the"
        " input's rows; unchanged ones are not touched. history: every version of each row.",
        choices=Mode,
    )
    atomic: bool = option(
        False, "With mode append: publish all rows of the input at once, or none."
    )
    allow_empty: bool = option(
        False,
        "With modes replace, mirror and history: accept an input without rows, which empties the"
        " table.",
    )
    max_deletes: str = option(
        MAX_DELETES,
        "With modes replace, mirror and history: publish nothing if the table would lose more rows"
        " than this number, or this share of its rows.",
    )
    allow_cascade: bool = option(
        False,
        "Delete rows of the table even if the database then deletes or changes rows of other"
        " tables that refer to them.",
    )
    as_of: str | None = option(
        None,
        "With any mode but append: the date of the input's version. Default: the date in its name,"
        " else now. An older version replaces no newer one.",
    )
    duplicates: Duplicates = option(
        "reject",
        "With modes by key: which records of one key to load. reject: the first, and the others are"
        " rejects. first, last: that one, and the others are skipped.",
        choices=Duplicates,
    )
    publish: Publish = option(
        "auto",
        "With mode replace: how the rows become the table's. copy: in the table that is there."
        " rename: as a new table of its name. auto: rename where nothing is lost by it.",
        choices=Publish,
    )
    keep_undo: int = option(
        KEEP_UNDO,
        "The number of imports into a table whose changed and deleted rows are kept for undo.",
        least=0,
    )
    out_of_order: bool = option(
        False, "With mode history: put a version older than the newest in its place in time."
    )
    max_rejects: str | None = option(
        None,
        "Stop after more rejects than this number, or this share of the records (from 1,000"
        " records on). Default: 10%, or 0 with mode replace.",
    )
    stop_on_error: bool = option(
        False, "Stop at the first rejected record. The import then uses one worker."
    )
    limit: int | None = option(None, "Stop after this number of records.", least=1)
    first: int | None = option(
        None,
        "Send this number of records and stop, for a look at what the API makes of them.",
        least=1,
    )
    show: int | None = option(
        None, "With --dry-run: show this number of requests, as commands for curl.", least=1
    )
    workers: int | None = option(
        None,
        "The number of connections that load at once. Default: one more than the number of"
        " cores, at most 4.",
        least=1,
        most=MAX_WORKERS,
    )
    connections: int = option(
        CONNECTIONS,
        "The number of parts of a URL to read at once, if its server offers parts.",
        least=1,
        most=MAX_CONNECTIONS,
    )
    cluster: str | None = option(
        None,
        "Load on a cluster. local: processes of this machine. auto: the Ray cluster of this"
        " machine. ray://HOST:PORT: another Ray cluster.",
    )
    sessions: int | None = option(
        None,
        "With --cluster: the number of connections that load at once. Default: 32.",
        least=1,
        most=MAX_SESSIONS,
    )
    chunk_size: int | None = option(
        None,
        f"How much of the input to commit at a time. Default: {CHUNK_SIZE >> 20} MB, or what the"
        " database takes best.",
        least=1,
    )
    dry_run: bool = option(False, "Check and count all records, but write nothing.")
    again: bool = option(False, "Load or send inputs again that already were.")

    request: Endpoint | None = None
    """How the rows are sent to an API; None if they are loaded into a table."""
    reload_untouched: bool = True
    """Whether an unchanged input is loaded again if its table is gone."""
    renewed: bool = False
    """Whether an input without a date that was superseded is a new version once it is touched."""
    access: RemoteAccess | None = None
    """Which inputs may be read, and how; None: any, with `connections` at once."""
    tables: TableGate | None = None
    """The existing tables that may be loaded into; None: any."""

    def chunk_bytes(self, target: Target) -> int:
        """How much of the input a transaction of this target commits."""
        return target.chunk_bytes if self.chunk_size is None else self.chunk_size

    def __post_init__(self) -> None:
        require_known(self, options_of(Options))
        for name in ("null_values", "primary_key"):
            object.__setattr__(self, name, _texts(name, getattr(self, name)))
        for name in ("limit", "first", "show", "workers", "chunk_size", "connections", "sessions"):
            number = getattr(self, name)
            if number is not None and number < 1:
                raise UsageError(f"{name} is {number}", hint="It must be at least 1.")
        if self.keep_undo < 0:
            raise UsageError(f"keep_undo is {self.keep_undo}", hint="It must be at least 0.")
        self._require_companions()
        if self.atomic and self.versioned:
            raise UsageError(f"mode {self.mode} is always atomic", hint="omit --atomic")
        for given, name, modes in (
            (self.publish != "auto", "--publish", ("replace",)),
            (self.duplicates != "reject", "--duplicates", BY_KEY),
            (self.out_of_order, "--out-of-order", ("history",)),
        ):
            if given and self.mode not in modes:
                raise UsageError(
                    f"{name} has no meaning with mode {self.mode}",
                    hint=f"use it with --mode {' or '.join(modes)}",
                )
        if self.as_of is not None:
            read(self.as_of)
        _ = self.reject_limit
        DeleteLimit.parse(self.max_deletes)

    def _require_companions(self) -> None:
        """Raises UsageError for an option that means nothing without another one."""
        if self.show is not None and not self.dry_run:
            raise UsageError("--show shows the requests of a dry run", hint="add --dry-run")
        if self.sessions is not None and self.cluster is None:
            raise sessions_without_cluster()

    @property
    def versioned(self) -> bool:
        """Whether the input is a version of the table, with a date."""
        return self.mode != "append"

    @property
    def by_key(self) -> bool:
        """Whether a record finds its row of the table by a key."""
        return self.mode in BY_KEY

    @property
    def deletes(self) -> bool:
        """Whether rows of the table may go because the input lacks them."""
        return self.mode in DELETING

    @property
    def staged(self) -> bool:
        """Whether the rows wait in a stage until all of them are published at once."""
        return self.versioned or self.atomic

    @property
    def reject_limit(self) -> RejectLimit:
        """How many rejects are allowed, whatever `stop_on_error` says."""
        text = self.max_rejects or ("0" if self.deletes else MAX_REJECTS)
        return RejectLimit.parse(text, at_the_end=self.deletes)

    @property
    def allowed(self) -> RejectLimit:
        """How many rejects are allowed before the run must stop."""
        return RejectLimit(count=0, share=None) if self.stop_on_error else self.reject_limit

    @property
    def remote_access(self) -> RemoteAccess:
        """How inputs are reached."""
        from snapshots.sources.remote.access import RemoteAccess

        return self.access or RemoteAccess(connections=self.connections)

    def wanted(self, place: str) -> ColumnOptions:
        """What the user says of the columns of the input called `place`."""
        from snapshots.engine.plan.column_options import ColumnOptions

        return ColumnOptions(
            contract=self.contract,
            null_values=self.null_values,
            primary_key=self.primary_key,
            policy=self.columns_changed,
            place=place,
            dialect=self.dialect,
            exact=self.decimals == "exact",
            all_text=self.all_text,
            history=self.mode == "history",
        )

    def given(self) -> Mapping[str, Any]:
        """The options that shape the plan, as JSON: equal options give equal plans."""
        if _last.options is not self:
            _last.given = self._given()
            _last.options = self
        return _last.given

    def _given(self) -> dict[str, Any]:
        from snapshots.contract.contract import contract_of, to_schema

        contract = self.contract
        if contract is not None:
            contract = to_schema(contract_of(contract))
        return {
            "dialect": {
                name: value
                for name, value in plain(self.dialect).items()
                if value or (name == "delimiter" and value is not None)
            },
            "contract": contract,
            "null_values": list(self.null_values),
            "lineage": self.lineage,
            "columns_changed": self.columns_changed,
            "primary_key": list(self.primary_key),
            **({"decimals": self.decimals} if self.decimals != "float" else {}),
            **({"all_text": True} if self.all_text else {}),
            **({"mode": self.mode} if self.mode != "append" else {}),
            **({"atomic": True} if self.atomic else {}),
            **({"as_of": self.as_of} if self.as_of else {}),
            **({"out_of_order": True} if self.out_of_order else {}),
            **({"duplicates": self.duplicates} if self.duplicates != "reject" else {}),
            "request": None if self.request is None else self.request.given(),
        }


class _Last(threading.local):
    """The options that this thread was asked about last: a folder has many inputs with the same."""

    options: Options | None = None
    given: Mapping[str, Any] = MappingProxyType({})


_last = _Last()


def sessions_without_cluster() -> UsageError:
    """The error for a number of sessions that would limit nothing."""
    return UsageError(
        "--sessions limits the connections of a cluster, and no --cluster is given",
        hint="use --workers N, or add --cluster",
    )
