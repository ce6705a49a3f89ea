"""Finds the database that a user means, where the command does not name one."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Final

from snapshots.engine.history.asking import Unasked, ask_all
from snapshots.errors import LedgerError, NoSuchTable, UsageError
from snapshots.ledger.history import History
from snapshots.locations import text_of
from snapshots.notes import number_of
from snapshots.targets.sql.ddl import written

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.errors import SnapshotsError
    from snapshots.locations import DatabaseName
    from snapshots.ports import Session, Target

_MOST_CHOICES: Final = 4


def database_of(import_id: int, database: DatabaseName | None) -> str:
    """Returns the database that an import is in; `database` is what the user named, if anything.

    Nobody may resume or undo an import of another database by mistake. So the answer is clear only
    if all known databases answered, and one of them has the number. Otherwise raises UsageError,
    and LedgerError if none of them has it.
    """

    def has(target: Target, session: Session) -> bool:
        history = History(target, session)
        return history.exists() and history.entry(import_id) is not None

    return _only(
        database,
        has,
        f"import {import_id}",
        lambda: LedgerError(
            f"no known database has import {import_id}",
            hint="see the imports with snapshots list; name another database with --database",
        ),
    )


def database_with(table: str, database: DatabaseName | None) -> str:
    """Returns the database that has a table of this name, under the same conditions."""
    similar: list[str] = []

    def has(target: Target, session: Session) -> bool:
        if target.known_as(session, target.table_name(table)) is not None:
            return True
        similar.extend(similar_tables(target, session, table))
        return False

    def missing() -> NoSuchTable:
        meant = " or ".join(dict.fromkeys(similar))
        hint = f"did you mean {meant}?" if meant else "--database names another database"
        return NoSuchTable(f"no database known here has a table {table}", hint=hint)

    return _only(database, has, f"table {table}", missing)


def similar_tables(target: Target, session: Session, text: str) -> list[str]:
    """Returns the names of tables that a user may have meant by `text`, as users write them."""
    from difflib import get_close_matches

    shown: dict[str, str] = {}
    for table in target.tables(session):
        shown[written(table).lower()] = shown[table.name.lower()] = written(table)
    found = get_close_matches(text.lower(), list(shown), n=3)
    return list(dict.fromkeys(shown[name] for name in found))


def _only(
    database: DatabaseName | None,
    has: Callable[[Target, Session], bool],
    what: str,
    missing: Callable[[], SnapshotsError],
) -> str:
    if database is not None:
        return text_of(database)
    answers = ask_all(has)
    found = [name for name, there in answers.found if there]
    if answers.unasked:
        raise _unclear(what, found, answers.unasked)
    if not found:
        raise missing()
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} databases have {_article(what)}", hint=f"say which: {_choices(found)}"
        )
    return found[0]


def _unclear(what: str, found: list[str], unasked: list[Unasked]) -> UsageError:
    """Returns the error for a question that some of the databases did not answer."""
    have = f"{_article(what)} is in {' and in '.join(found)}, but " if found else ""
    count = number_of(len(unasked), "database")
    silent = any(one.silent for one in unasked)
    what = "did not answer" if silent else "could not be opened"
    advice = "" if silent or len(unasked) > 1 or not (hint := unasked[0].error.hint) else f"{hint} "
    names = found or [one.database for one in unasked]
    choices = _choices(names) if len(names) <= _MOST_CHOICES else "--database"
    known = [one.database for one in unasked if one.known]
    forget = f"; forget one that is gone: snapshots forget {quote(known[0])}" if known else ""
    return UsageError(
        f"{have}{count} {what} and may have {'one too' if found else 'it'}:"
        f" {', '.join(one.why for one in unasked)}",
        hint=f"{advice}{'Say' if advice else 'say'} which database you mean: {choices}{forget}",
    )


def _article(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"


def _choices(names: list[str]) -> str:
    return ", ".join(f"--database {quote(name)}" for name in names)
