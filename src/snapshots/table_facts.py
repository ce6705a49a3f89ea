"""What a target tells of its tables, keys and names: the values of `ports.Target` and `Session`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from snapshots.model import TableName

if TYPE_CHECKING:
    from snapshots.model import TableShape

UNDO_ROW = "snapshots_undo_row"
"""The column of an undo table that numbers its rows, where the database needs it."""

NEW_ROW = "snapshots_new"
"""The column of a stage of changes that tells new rows (1) from changed ones (0)."""


class Comparison(Struct, frozen=True):
    """Which values of some rows must be compared with what a table's columns make of them."""

    columns: tuple[str, ...] = ()
    """The columns of these values, in the order in which they are judged; mostly none."""
    notes: tuple[str, ...] = ()
    """A sentence for each column of which nobody can tell whether it alters a value."""
    begin: str = ""
    """The target's statement before the comparison; `find` and `end` are its own, too."""
    find: str = ""
    end: str = ""


class Difference(Struct, frozen=True):
    """A value that a column would store as another one."""

    line: int
    column: str
    text: str
    """The beginning of the value as it was given."""
    other: str
    """The beginning of the value as it would be stored."""


class Naming(Struct, frozen=True):
    """How a session names tables."""

    schema: str
    """The schema of a table whose name has none; empty if the database has no schemas."""
    ignores_case: bool
    ascii_alone: bool
    """If the names ignore case, they ignore that of the letters A to Z only."""
    system: str
    """A regular expression for the database's own tables, written `schema.name`."""


class OwnKey(Struct, frozen=True):
    """A foreign key of a table that refers to the table itself."""

    name: str
    """Empty if the database does not name the key when it refuses a row, and the table has no
    other one."""
    columns: tuple[str, ...]
    parents: tuple[str, ...]
    """The columns that `columns` refer to, in the same order."""
    full: bool = False
    """True: a row with values in only some of the columns violates the key. False: it needs no
    parent."""


class ReferencingKey(Struct, frozen=True):
    """A foreign key by which rows of some table refer to rows of a given table."""

    name: str
    """Unique among the keys of its table."""
    table: TableName
    """The table with the referring rows. It may be the given table itself."""
    columns: tuple[str, ...]
    parents: tuple[str, ...]
    """The columns of the given table that `columns` refer to, in the same order."""
    own: bool
    """Whether that is the given table itself, or a part of the same partitioned table."""
    on_delete: Literal["refuse", "cascade", "set null", "set default"]
    """What the database does to the referring rows when the row they refer to is deleted."""


class RowRule(Struct, frozen=True):
    """A constraint of a table by which SQL can tell the rows that the table would refuse."""

    name: str
    columns: tuple[str, ...] = ()
    """Unique together; or those of a foreign key, if `parent` is named."""
    parent: TableName | None = None
    parents: tuple[str, ...] = ()
    """The parent's columns that `columns` refer to, in the same order."""
    own: bool = False
    """The parent is the table itself."""
    expression: str = ""
    """What a CHECK requires, over the columns by their names; empty for other constraints."""


class AskedStage(Struct, frozen=True):
    """What a database has answered to the question which rows of a stage a table takes."""

    refused: str
    """A table, quoted: the lines of refused rows, and the numbers of their reasons."""
    reasons: tuple[str, ...]
    levels: tuple[str, ...] = ()
    """Queries for lines, if rows refer to others of the table: these must be inserted one query
    after the other. Empty: in any order."""
    moving: tuple[str, ...] = ()
    """Columns of which an UPDATE removes the row and inserts it again, even if it sets the value
    that they have: the table refuses that where others refer to the row."""


class RowPlace(Struct, frozen=True):
    """How a database says where a row is stored, such as PostgreSQL's `ctid`."""

    expression: str
    shown: str
    """The expression as a value that a client can read."""
    mark: str
    """The SQL for a bound value of it, such as `CAST(? AS tid)`."""
    form: re.Pattern[str]
    """What the value looks like as text."""
    blocks: int | None = None
    """The size of the table in blocks, if the rows of a range of blocks come in stored order."""


class TableDescription(Struct, frozen=True):
    """What an import asks of its table before it is planned."""

    shape: TableShape
    bases: frozenset[str]
    """See `ports.Target.bases`."""
    triggers: tuple[str, ...]
    """See `ports.Target.triggers`."""
    rules: tuple[str, ...]
    """See `ports.Target.passed_by`."""
