"""Which tables clients of the service may reach: the open tables.

Open are tables that imports have created, and those that the service's operator names with
`--tables`; never the ledger's own. The database decides which table a name means. A table that an
import has created is recognized by its name and its columns: if somebody drops it and creates
another one of the same name, that one is closed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.engine.plan.plan import LINEAGE, Plan
from snapshots.engine.plan.table_name import require_users, table_of
from snapshots.errors import (
    CannotConnect,
    ConnectionLost,
    ContractError,
    ForbiddenTable,
    NoSuchTable,
    SnapshotsError,
    TargetError,
    UsageError,
)
from snapshots.ledger.created_tables import CreatedTable, created, plan_of
from snapshots.ledger.schema import is_ledgers
from snapshots.model import TableName
from snapshots.targets.sql.ddl import name_parts, written

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from snapshots.ledger.entry import Entry
    from snapshots.ledger.history import History
    from snapshots.ports import Target
    from snapshots.table_facts import Naming

_PART = re.compile(r'"((?:[^"]|"")+)"|([^."]+)')
_ANY = ".*"
"""The regular expression of the pattern `*`."""
_PATTERN = re.compile(rf"(?:(?:{_PART.pattern})\.)?(?:{_PART.pattern})")


class Pattern(Struct, frozen=True):
    """A pattern for names of tables: `schema.name`, with `*` for any characters.

    A `name` alone means the schema in which the database looks for such names.

    >>> Pattern.parse("public.rides_*").plain
    False
    """

    schema: str | None
    """A regular expression, as `name` is; None: the schema for names that stand alone."""
    name: str
    plain: bool
    """Whether it has no `*`. Only then may it name one of the database's own tables."""

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Reads a pattern. Raises UsageError if it is none."""
        if not _PATTERN.fullmatch(text):
            raise UsageError(
                f"{text!r} is not a valid table name",
                hint="write SCHEMA.NAME, with * for any characters, for example public.rides_*",
            )
        parts = [_part(*match.groups()) for match in _PART.finditer(text)]
        schema = parts[0][0] if len(parts) == 2 else None
        return cls(schema, parts[-1][0], all(plain for _, plain in parts))

    def names(self, table: TableName, naming: Naming) -> bool:
        """Whether it matches a table, by the database's rules for names."""
        schema = table.schema or naming.schema
        if not self.plain and re.fullmatch(naming.system, f"{schema}.{table.name}", re.IGNORECASE):
            return False
        how = re.DOTALL
        if naming.ignores_case:
            how |= re.IGNORECASE | (re.ASCII if naming.ascii_alone else re.NOFLAG)
        if self.schema is None:
            return schema == naming.schema and bool(re.fullmatch(self.name, table.name, how))
        return all(
            re.fullmatch(wanted, found, how)
            for wanted, found in ((self.schema, schema), (self.name, table.name))
        )


class OpenTables(Struct, frozen=True):
    """The tables that the operator has named; without any, only imported tables are open."""

    patterns: tuple[Pattern, ...] = ()

    @classmethod
    def parse(cls, target: Target, given: Iterable[str]) -> OpenTables:
        """Reads patterns. Raises UsageError, also for a table of another database."""
        patterns = []
        for text in given:
            pattern = Pattern.parse(text)
            if pattern.plain:
                _require_here(target, text)
            patterns.append(pattern)
        return cls(tuple(patterns))

    def is_open(self, history: History, table: TableName) -> bool:
        """Whether clients may reach a table; False if it does not exist."""
        found = history.target.known_as(history.session, table)
        if found is None or _stands_for_ledgers(history, found):
            return False
        return self._named(history, found) or _created(history, found)

    @staticmethod
    def named(target: Target, name: str, given: str | None) -> TableName:
        """The table that a client's input goes to: see `table_of`.

        Raises ForbiddenTable for a table of another database.
        """
        try:
            return table_of(target, name, given)
        except TargetError as error:
            if given is None or not name_parts(given):
                raise
            raise _forbidden(given) from error

    def readable(self, history: History, text: str) -> TableName:
        """The table that a client may read under this name.

        Raises ForbiddenTable, whether such a table exists or not, and NoSuchTable for one that was
        open and does not exist any more.
        """
        with _Refused(text):
            table = table_of(history.target, "-", text)
            if self.is_open(history, table):
                return table
            if history.target.known_as(history.session, table) is None and self._was_open(
                history, table
            ):
                raise NoSuchTable(f"the table {text} no longer exists")
        raise _forbidden(text)

    def require_takes(self, history: History, table: TableName) -> None:
        """Raises ForbiddenTable if a table exists and clients may not load into it."""
        with _Refused(str(table)):
            target, session = history.target, history.session
            # Asked first: another import may create the table meanwhile, and it has its mark then.
            if target.known_as(session, table) is None and target.inspect(session, table) is None:
                return
            if self.is_open(history, table):
                return
        raise _forbidden(str(table))

    def require_open(self, history: History, table: TableName) -> None:
        """Raises ForbiddenTable unless the table exists and is open."""
        with _Refused(str(table)):
            if self.is_open(history, table):
                return
        raise _forbidden(str(table))

    def shows_rejects(self, history: History, entry: Entry) -> bool:
        """Whether clients may see the records that an import has rejected.

        Those of an import by a client they may see; those of a command only if its table is open.
        What a command has sent to an API has no table: it is open if all tables are.
        """
        if entry.request is not None or entry.created_table is not None or not entry.plan:
            return True
        if entry.kind == "delivery":
            return any(pattern.name == _ANY for pattern in self.patterns)
        try:
            return self.is_open(history, Plan.from_json(entry.plan).table)
        except TargetError as error:
            _require_session(error)
            return False

    def all(self, history: History) -> list[str]:
        """The names of all open tables, as a client may give them."""
        target, session = history.target, history.session
        there = frozenset(target.tables(session))
        made = {_spelt(target, one): one for one in created(history)}
        names = {name for name, one in made.items() if _is_there(history, one, there)}
        if self.patterns:
            naming = target.naming(session)
            for table in there:
                if any(pattern.names(table, naming) for pattern in self.patterns):
                    alone = table.schema in (None, naming.schema)
                    names.add(written(TableName(table.name) if alone else table))
        return sorted(name for name in names if not is_ledgers((name_parts(name) or [name])[-1]))

    def _named(self, history: History, found: TableName) -> bool:
        if not self.patterns:
            return False
        naming = history.target.naming(history.session)
        return any(pattern.names(found, naming) for pattern in self.patterns)

    def _was_open(self, history: History, table: TableName) -> bool:
        naming = history.target.naming(history.session)
        return any(pattern.names(table, naming) for pattern in self.patterns) or any(
            own == TableName(table.name, own.schema if table.schema is None else table.schema)
            for one in _alike(history, table)
            if (own := _own(history, one)) is not None
        )


def canonical(history: History, table: TableName) -> str:
    """The name of an existing table with its schema, because sessions may look elsewhere first."""
    return written(history.target.known_as(history.session, table) or table)


def _created(history: History, found: TableName) -> bool:
    """Whether an import has created the table, and it is still the same table."""
    shape = None
    for one in _alike(history, found):
        own = _own(history, one)
        if own is None or history.target.known_as(history.session, own) != found:
            continue
        shape = shape or history.target.inspect(history.session, found)
        if shape is None or shape.view:
            return False
        columns = {column.name for column in shape.columns}
        if columns.issuperset(_made(plan_of(history, one.import_id))):
            return True
    return False


def _alike(history: History, table: TableName) -> Iterator[CreatedTable]:
    """Imports that may have created a table of that name, the newest first."""
    name = table.name.casefold()
    for one in reversed(created(history)):
        if (name_parts(one.name) or [one.table])[-1].casefold().endswith(name):
            yield one


def _own(history: History, one: CreatedTable) -> TableName | None:
    """The table that an import has created; None: its name cannot be read any more."""
    if not one.name:
        plan = plan_of(history, one.import_id)
        return Plan.from_json(plan).table if plan else None
    try:
        return history.target.table_name(one.name)
    except TargetError:
        return None


def _made(text: str) -> set[str]:
    """The columns by which the table of a plan is recognized."""
    plan = Plan.from_json(text)
    if plan.lineage:
        return set(LINEAGE)
    return {column.name for column in (plan.create or plan.contract).columns}


def _is_there(history: History, one: CreatedTable, there: Container[TableName]) -> bool:
    """Whether a table with the name of the one that an import has created exists."""
    own = _own(history, one)
    return own is not None and (
        own in there or history.target.known_as(history.session, own) in there
    )


def _spelt(target: Target, one: CreatedTable) -> str:
    """The name of a created table as clients give it."""
    try:
        own = target.table_name(one.name) if one.name else None
    except TargetError:
        own = None
    if own is None:
        return one.table
    return written(TableName(own.name) if one.table == own.name else own)


def _stands_for_ledgers(history: History, table: TableName) -> bool:
    try:
        require_users(history.target, history.session, table)
    except UsageError:
        return True
    return False


def _part(quoted: str | None, plain: str | None) -> tuple[str, bool]:
    """A regular expression for a part of a name, and whether it matches one name only."""
    if quoted is not None:
        return re.escape(quoted.replace('""', '"')), True
    pieces = (plain or "").split("*")
    return ".*".join(map(re.escape, pieces)), len(pieces) == 1


def _require_here(target: Target, text: str) -> None:
    try:
        target.table_name(text)
    except TargetError as error:
        raise UsageError(f"{text} cannot be opened to clients: {error}", hint=error.hint) from error


def _forbidden(text: str) -> ForbiddenTable:
    return ForbiddenTable(
        f"the table {text} is not open to clients of the service",
        hint="open tables are those that an import created and those that the operator names with"
        " --tables SCHEMA.NAME; GET /v1/tables lists them",
    )


def _require_session(error: SnapshotsError) -> None:
    """Raises the error if the connection is lost: it says nothing of the table then."""
    if error.retryable or isinstance(error, CannotConnect | ConnectionLost):
        raise error


class _Refused:
    """Within its block, every error about a table becomes ForbiddenTable.

    Clients must not learn from errors whether a closed table exists.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, NoSuchTable) or not isinstance(
            error, UsageError | TargetError | ContractError
        ):
            return
        _require_session(error)
        raise _forbidden(self._text) from error
