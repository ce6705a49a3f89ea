"""Publishes a version of a history table: the versions of its rows begin and end at its date.

The newest version ends the intervals of rows that it lacks or changes, and begins others. A version
that is put between others takes their interval from them: their rows are cut in two.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.engine.plan.version_date import shown
from snapshots.engine.publishing import former_rows
from snapshots.engine.publishing.asked import ask
from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows
from snapshots.engine.publishing.by_key.rejected_keys import keep_rejected
from snapshots.engine.publishing.guards import require_few_deletes, require_rows
from snapshots.engine.publishing.place_in_time import PlaceInTime, place_of
from snapshots.engine.publishing.publisher import Publication
from snapshots.engine.publishing.refusals import insert_all
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import AccountingMismatch, SnapshotsError, TargetError
from snapshots.model import RowChanges
from snapshots.targets.sql.ddl import LINEAGE, VALIDITY

if TYPE_CHECKING:
    from snapshots.engine.plan.options import Options
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Lease, Ledger


def needs_undo_table(ledger: Ledger, lease: Lease, plan: Plan) -> bool:
    """Whether the table alone could not tell what the version has changed.

    Raises OlderVersion as publishing would.
    """
    return not ledger.is_finished(lease) and not place_of(ledger, lease, plan).newest


class KeepHistory(Struct, frozen=True, dict=True):
    """Makes the rows of a stage a version of a history table. See `TableChange`."""

    ledger: Ledger
    lease: Lease
    plan: Plan
    options: Options

    def run(self) -> Publication:
        """See `TableChange`."""
        ledger, plan = self.ledger, self.plan
        counts = ledger.counts(self.lease.import_id)
        require_rows(counts, self.options)
        place = place_of(ledger, self.lease, plan)
        lock = ledger.target.dialect.lock_rows(self._rows.table)
        if lock:
            ledger.session.execute(lock)
        fires = ledger.target.fires_triggers(ledger.session, plan.table)
        kept_keys = keep_rejected(ledger, self.lease, plan, counts.rejected)
        statements = HistoryStatements(
            self._rows, place, keep_absent=not kept_keys.deletes, before_line=kept_keys.line
        )
        before = self._count(statements.held)
        deleted = 0 if statements.keep_absent else self._count(statements.absent)
        require_few_deletes(before, deleted, counts.loaded, self.options)
        self._ask(statements)
        put = self._append if place.newest else self._put_between
        updated, written = put(statements)
        unchanged = counts.loaded - written
        changes = RowChanges(
            inserted=written - updated,
            updated=updated,
            unchanged=unchanged,
            deleted=deleted,
            # Others may have written meanwhile, where no lock keeps them away.
            kept=max(before - deleted - updated - unchanged, 0),
        )
        alone = bool(lock) or ledger.target.writers == 1 or fires
        if alone and self._count(statements.held) != counts.loaded + changes.kept:
            raise self._mismatch(before, fires=fires)
        notes = (*self._notes(place), kept_keys.note)
        return Publication(" ".join(note for note in notes if note), changes, place.begin)

    def _ask(self, statements: HistoryStatements) -> None:
        """Raises CertainRefusals, where a refused row would end the transaction."""
        if self._rows.dialect.savepoints:
            return
        rows = self._rows
        own = f"(SELECT * FROM {rows.stage} WHERE {rows.line} < {statements.before_line:d})"
        # The rows of a key have the same values at different times.
        leaving = f"EXISTS (SELECT 1 FROM {rows.stage} AS n WHERE {rows.same_key('o', 'n')})"
        ask(self.ledger, self.plan, rows.columns, own, rows.line, leaving)

    def _mismatch(self, before: int, *, fires: bool) -> SnapshotsError:
        table = self.plan.table
        if fires:
            return TargetError(
                f"Triggers of table {table} have left out or changed rows: its history would be"
                " wrong.",
                hint="Nothing was published. Remove the triggers.",
            )
        return AccountingMismatch(
            f"the versions of the {before} rows of table {table} do not add up",
            hint="nothing was published; this is a bug, please report it",
        )

    @cached_property
    def _rows(self) -> KeyedRows:
        return KeyedRows.of(self.ledger, self.lease, self.plan)

    def _append(self, statements: HistoryStatements) -> tuple[int, int]:
        """Adds the newest version; returns how many rows have changed, and how many are new."""
        session = self.ledger.session
        if not statements.keep_absent:
            session.change(statements.end_absent)
            fault_point("ended")
        updated = session.change(statements.end_changed)
        fault_point("changed")
        return updated, sum(map(self._insert, statements.insert_newest))

    def _put_between(self, statements: HistoryStatements) -> tuple[int, int]:
        """Puts a version before another one, or in the place of one of the same date."""
        session, rows = self.ledger.session, self._rows
        if statements.lacking:
            raise TargetError(
                f"Table {self.plan.table} has columns that the input lacks"
                f" ({', '.join(statements.lacking)}): only the newest version may lack some.",
                hint="Nothing was published. Add the columns to the input.",
            )
        updated = self._count(statements.changed)
        former_rows.keep(self.ledger, self.lease, self.plan, statements.touched)
        for statement in statements.cut:
            session.change(statement)
        session.change(statements.forget_keys)
        fault_point("cut")
        # What is left in the stage has no row of the table at this time.
        session.change(statements.forget_held)
        ((written,),) = session.execute(f"SELECT COUNT(*) FROM {rows.stage}")
        for statement in statements.join:
            session.change(statement)
        fault_point("joined")
        self._insert(statements.insert_between)
        return updated, cast("int", written)

    def _insert(self, statement: str) -> int:
        """Inserts rows of the stage; returns how many. Raises RefusedLines."""
        rows = self._rows
        lines = f" AND s.{rows.line} >= ? AND s.{rows.line} < ?"
        return insert_all(self.ledger.session, statement, rows.stage, rows.line, lines)

    def _count(self, condition: str) -> int:
        ((rows,),) = self.ledger.session.execute(
            f"SELECT COUNT(*) FROM {self._rows.table} AS t WHERE {condition}"
        )
        return cast("int", rows)

    def _notes(self, place: PlaceInTime) -> tuple[str, ...]:
        between = f"It holds until {shown(place.end or '')}, the date of the next version."
        again = f"It corrects the version of {shown(place.begin)}."
        return (between if place.end else "", again if place.again else "")


class HistoryStatements(Struct, frozen=True):
    """The SQL that makes a stage `s` a version of a history table `t`."""

    rows: KeyedRows
    place: PlaceInTime
    keep_absent: bool
    """Rows that the stage lacks go on."""
    before_line: int
    """From this line on, the stage has only keys, whose rows go on."""

    @property
    def held(self) -> str:
        """A condition: a row of the table holds in the whole interval of the version."""
        return self._held("t")

    def _held(self, alias: str) -> str:
        if self.place.newest:
            return f"{alias}.{self._end} IS NULL"
        return (
            f"{alias}.{self._begin} <= {self._at} AND ({alias}.{self._end} IS NULL"
            f" OR {alias}.{self._end} > {self._at})"
        )

    @property
    def absent(self) -> str:
        """A condition: a row holds then, and the stage lacks its key."""
        return f"{self.held} AND {self.rows.vanished}"

    @property
    def changed(self) -> str:
        """A condition: a row holds then, and the stage has another one of its key."""
        rows = self.rows
        return (
            f"{self.held} AND EXISTS (SELECT 1 FROM {rows.stage} AS s WHERE {rows.same}"
            f" AND {rows.changed} AND {self._own})"
        )

    @property
    def lacking(self) -> tuple[str, ...]:
        """The columns of the table that the input lacks."""
        given = {*self.rows.columns, *LINEAGE, *VALIDITY}
        columns = self.rows.shape.columns
        return tuple(one.name for one in columns if one.name not in given and not one.generated)

    @property
    def end_absent(self) -> str:
        """Ends the rows that the newest version lacks."""
        return f"UPDATE {self.rows.table} AS t SET {self._end} = {self._at} WHERE {self.absent}"

    @property
    def end_changed(self) -> str:
        """Ends the rows that the newest version changes."""
        rows = self.rows
        where = f"{self.held} AND {rows.changed} AND {self._own}"
        news = {self._end: self._at}
        return rows.dialect.update_matching(rows.table, rows.stage, rows.same, news, where)

    @property
    def insert_newest(self) -> tuple[str, ...]:
        """Statements that insert the rows of the stage that no current row has the key of.

        Columns that the input lacks keep the value of the row that has ended. Rows that are new
        have the table's own defaults in them.
        """
        rows, kept = self.rows, self.lacking
        if not kept:
            return (self._insert_newest((), ""),)
        former = f"{rows.same_key('o', 's')} AND o.{self._end} = {self._at}"
        return (
            self._insert_newest(kept, f" JOIN {rows.table} AS o ON {former}"),
            # Those of the first statement are current by now.
            self._insert_newest((), ""),
        )

    def _insert_newest(self, kept: tuple[str, ...], join: str) -> str:
        rows, quote = self.rows, self.rows.dialect.quote
        names = [*rows.columns, *rows.lineage]
        into = ", ".join(map(quote, (*names, *kept, VALIDITY[0])))
        given = ", ".join(
            [*(f"s.{quote(name)}" for name in names), *(f"o.{quote(name)}" for name in kept)]
        )
        return (
            f"INSERT INTO {rows.table} ({into}){rows.dialect.keeps_given_identity}"
            f" SELECT {given}, {self._at} FROM {rows.stage} AS s{join}"
            f" WHERE NOT EXISTS (SELECT 1 FROM {rows.table} AS t WHERE {rows.same}"
            f" AND t.{self._end} IS NULL) AND {self._own}"
        )

    @property
    def cut(self) -> tuple[str, ...]:
        """Statements that take the interval of the version from rows that differ from it."""
        table, begin, end, at = self.rows.table, self._begin, self._end, self._at
        gone = f"{self.held} AND {self._gone}"
        starts_before = f"t.{begin} < {at}"
        left = (
            f"UPDATE {table} AS t SET {end} = {at} WHERE {gone} AND {starts_before}",
            f"{self.rows.dialect.delete_aliased(table)} WHERE {gone}",
        )
        if self._next is None:
            return left
        further = f"(t.{end} IS NULL OR t.{end} > {self._next})"
        names = ", ".join(self._copied)
        copies = ", ".join(f"t.{name}" for name in self._copied)
        return (
            # Until the first part has an end, a second one without an end would be a double.
            f"INSERT INTO {table} ({names}, {begin}, {end}){self.rows.dialect.keeps_given_identity}"
            f" SELECT {copies}, {self._next}, COALESCE(t.{end}, {self._next}) FROM {table} AS t"
            f" WHERE {gone} AND {starts_before} AND {further}",
            f"UPDATE {table} AS t SET {begin} = {self._next} WHERE {gone} AND t.{begin} = {at}"
            f" AND {further}",
            *left,
            f"UPDATE {table} AS t SET {end} = NULL WHERE t.{begin} = {self._next}"
            f" AND t.{end} = {self._next}",
        )

    @property
    def touched(self) -> str:
        """The end of a SELECT of all rows that may be cut or joined."""
        rows = self.rows
        until = "" if self._next is None else f" AND t.{self._begin} <= {self._next}"
        return (
            f" AS t WHERE ({self.held} AND {self._gone})"
            f" OR ((t.{self._end} IS NULL OR t.{self._end} >= {self._at}){until}"
            f" AND EXISTS (SELECT 1 FROM {rows.stage} AS s WHERE {rows.same} AND {self._own}"
            f" AND NOT EXISTS (SELECT 1 FROM {rows.table} AS u WHERE {rows.same_key('u', 's')}"
            f" AND {self._held('u')} AND NOT ({rows.differs('u', 's')}))))"
        )

    @property
    def forget_keys(self) -> str:
        """Takes what is only a key out of the stage."""
        return f"DELETE FROM {self.rows.stage} WHERE {self.rows.line} >= {self.before_line:d}"

    @property
    def forget_held(self) -> str:
        """Takes the rows out of the stage whose keys the table has at the time."""
        rows = self.rows
        return (
            f"DELETE FROM {rows.stage} WHERE EXISTS (SELECT 1 FROM {rows.table} AS t"
            f" WHERE {rows.same_key('t', rows.stage)} AND {self.held})"
        )

    @property
    def join(self) -> tuple[str, ...]:
        """Statements that join rows of the stage with equal ones just before and just after."""
        rows = self.rows
        mine = f"{rows.same_key('t', rows.stage)} AND NOT ({rows.differs('t', rows.stage)})"
        alike = f"{rows.same} AND NOT ({rows.changed})"
        after: tuple[str, ...] = ()
        if self._next is not None:
            follows = f"{mine} AND t.{self._begin} = {self._next}"
            after = (
                f"UPDATE {rows.stage} SET {self._end} = {self._next}",
                f"UPDATE {rows.stage} SET {self._end} = (SELECT t.{self._end} FROM {rows.table}"
                f" AS t WHERE {follows}) WHERE EXISTS (SELECT 1 FROM {rows.table} AS t"
                f" WHERE {follows})",
                f"{rows.dialect.delete_aliased(rows.table)} WHERE t.{self._begin} = {self._next}"
                f" AND EXISTS (SELECT 1 FROM {rows.stage} AS s WHERE {alike})",
            )
        return (
            *after,
            rows.dialect.update_matching(
                rows.table,
                rows.stage,
                rows.same,
                {self._end: f"s.{self._end}"},
                f"t.{self._end} = {self._at} AND NOT ({rows.changed})",
            ),
            self.forget_held,
        )

    @property
    def insert_between(self) -> str:
        """Inserts what is left of the stage."""
        rows, quote = self.rows, self.rows.dialect.quote
        names = [quote(name) for name in (*rows.columns, *rows.lineage)]
        given = ", ".join(f"s.{name}" for name in names)
        return (
            f"INSERT INTO {rows.table} ({', '.join(names)}, {self._begin}, {self._end})"
            f"{rows.dialect.keeps_given_identity}"
            f" SELECT {given}, {self._at}, s.{self._end} FROM {rows.stage} AS s WHERE 1 = 1"
        )

    @property
    def _gone(self) -> str:
        """A condition: the version has no row like one of the table."""
        rows = self.rows
        found = f"SELECT 1 FROM {rows.stage} AS s WHERE {rows.same} AND"
        if self.keep_absent:
            return f"EXISTS ({found} {rows.changed})"
        return f"NOT EXISTS ({found} (NOT ({rows.changed}) OR NOT ({self._own})))"

    @property
    def _own(self) -> str:
        """A condition: a row of the stage is one of the input."""
        return f"s.{self.rows.line} < {self.before_line:d}"

    @property
    def _copied(self) -> list[str]:
        """The columns that both parts of a row have, quoted."""
        return [
            self.rows.dialect.quote(one.name)
            for one in self.rows.shape.columns
            if one.name not in VALIDITY and not one.generated
        ]

    @property
    def _begin(self) -> str:
        return self.rows.dialect.quote(VALIDITY[0])

    @property
    def _end(self) -> str:
        return self.rows.dialect.quote(VALIDITY[1])

    @property
    def _at(self) -> str:
        """The date of the version, as SQL."""
        return self.rows.dialect.moment(f"'{self.place.begin}'")

    @property
    def _next(self) -> str | None:
        """The date of the next version, as SQL."""
        end = self.place.end
        return None if end is None else self.rows.dialect.moment(f"'{end}'")
