"""Reads the ledger: imports, chunks and rejects of one database.

The counts of an import are the sums over its committed chunks; nothing else is believed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, cast

from msgspec import Struct
from msgspec.structs import replace

from snapshots.errors import LedgerDamaged
from snapshots.ledger import schema
from snapshots.ledger.entry import (
    CHUNK_COLUMNS,
    IMPORT_COLUMNS,
    NEWER_COLUMNS,
    SUMS,
    Beginning,
    CommittedChunk,
    Entry,
    LeaseState,
    Sighting,
    chunk_of,
    entry_of,
    inode_of,
)
from snapshots.ledger.parts import rows_of
from snapshots.ledger.times import seconds_between
from snapshots.model import Counts, Reject, RunKind, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from snapshots.ledger.chunk_account import ChunkDone
    from snapshots.ports import Session, Target, Value

_SUMS = (
    "SELECT import_id, {sums} FROM snapshots_chunks WHERE import_id IN ({marks}) GROUP BY import_id"
)
_SUMS_AT_ONCE = 500
_LINES_AT_ONCE = 10_000
_REJECTS_AT_ONCE = 200
"""Each has up to 64 KiB of its record."""
_NAMED = "(LOWER(i.input) LIKE LOWER(?) ESCAPE '!' OR LOWER(i.table_name) LIKE LOWER(?) ESCAPE '!')"
_REJECTED = "i.rejected > 0 AND i.state <> 'undone'"
_OPEN = "i.rejected > i.dismissed AND i.state <> 'undone'"
_NOTHING = dict.fromkeys(SUMS, 0)


class ImportFilter(Struct, frozen=True):
    """Says which imports are looked for. Without any condition: all of them."""

    states: tuple[State, ...] = ()
    table: str | None = None
    since: str | None = None
    """They were asked for, or begun, then or later; UTC, ISO 8601."""
    until: str | None = None
    name: str | None = None
    """In the name of the input or of the table, whatever its case."""
    open: bool = False
    """They have rejects that are neither corrected nor dismissed."""

    def conditions(self, *, dismissals: bool = True) -> list[tuple[str, tuple[Value, ...]]]:
        """The conditions as SQL, each with its values. `dismissals`: the ledger knows of some."""
        asked_at = "COALESCE(i.queued_at, i.started_at)"
        marks = ", ".join("?" for _ in self.states)
        part = re.sub("([!%_])", r"!\1", self.name or "")
        return [
            condition
            for given, condition in (
                (self.states, (f"i.state IN ({marks})", self.states)),
                (self.table, ("i.table_name = ?", (self.table,))),
                (self.since, (f"{asked_at} >= ?", (self.since,))),
                (self.until, (f"{asked_at} < ?", (self.until,))),
                (self.name, (_NAMED, (f"%{part}%", f"%{part}%"))),
                (self.open, (_OPEN if dismissals else _REJECTED, ())),
            )
            if given
        ]


class History:
    """Reads the ledger of one database, on a session that one thread uses at a time."""

    def __init__(self, target: Target, session: Session) -> None:
        self.target = target
        self.session = session
        self._limit, as_integer = target.dialect.limit, target.dialect.as_integer
        self._sums = ", ".join(as_integer(f"COALESCE(SUM({name}), 0)") for name in SUMS.values())
        self._version: int | None = None

    @property
    def version(self) -> int | None:
        """The version of this database's ledger; None where it has none.

        Raises LedgerError where this program cannot read it.
        """
        self._version = schema.version(self.target, self.session)
        return self._version

    def exists(self) -> bool:
        """Tells whether this database has a ledger at all."""
        return self.version is not None

    def entries(self) -> list[Entry]:
        """Reads every import, oldest first."""
        return self._select("ORDER BY i.id", ())

    def entry(self, import_id: int, only: ChunkDone | None = None) -> Entry | None:
        """Reads one import; None if there is none of that number.

        `only` is its one chunk, where that has just been committed and need not be added up.
        """
        sums: dict[Value, Mapping[str, Value]] | None = None
        if only is not None:
            sums = {import_id: only.sums()}
        found = self._select("WHERE i.id = ?", (import_id,), sums)
        return found[0] if found else None

    def entries_of(self, import_ids: Sequence[int]) -> list[Entry]:
        """Reads those of some imports that there are, newest first."""
        marks = ", ".join("?" for _ in import_ids)
        return self._select(f"WHERE i.id IN ({marks}) ORDER BY i.id DESC", tuple(import_ids))

    def lookalikes(self, fingerprint: str, kind: RunKind) -> list[Entry]:
        """Reads imports, or deliveries, of inputs that may have the same bytes, newest first."""
        # There are few, and more conditions would lead a database to the wrong index.
        found = self._select("WHERE i.fingerprint = ?", (fingerprint,))
        wanted = (entry for entry in found if entry.kind == kind)
        return sorted(wanted, key=lambda entry: entry.import_id, reverse=True)

    def lookalike_ids(self, fingerprint: str, kind: RunKind) -> tuple[int, ...]:
        """The numbers of the same imports, or deliveries, newest first."""
        rows = self.session.execute(
            "SELECT id, kind FROM snapshots_imports WHERE fingerprint = ?", (fingerprint,)
        )
        found = (cast("int", import_id) for import_id, kind_ in rows if kind_ == kind)
        return tuple(sorted(found, reverse=True))

    def lease_state(self, import_id: int) -> LeaseState | None:
        """What the owner of an import looks at several times a second: three columns of one row,
        and nothing of its chunks. None where the import is gone."""
        rows = self.session.execute(
            f"SELECT wanted, fence, heartbeat_at, {self.target.dialect.now} AS now_at"
            " FROM snapshots_imports WHERE id = ?",
            (import_id,),
        )
        if not rows:
            return None
        ((wanted, fence, heartbeat, now),) = rows
        return LeaseState(
            cast("str | None", wanted),
            cast("int", fence),
            seconds_between(str(heartbeat), str(now)),
        )

    def sightings(self, names: Sequence[str]) -> list[Sighting]:
        """Finds imports of inputs that had one of these names, oldest first, without deliveries."""
        marks = ", ".join("?" for _ in names)
        # Written so, only the index of the names can be used: nearly all are imports.
        rows = self.session.execute(
            "SELECT id, input, size, mtime_ns, inode, etag, state, table_name, loaded"
            " FROM snapshots_imports"
            f" WHERE COALESCE(kind, '') = 'import' AND input IN ({marks}){self.no_duplicates}"
            " ORDER BY id + 0",
            names,
        )
        return [
            Sighting(
                import_id=cast("int", import_id),
                input=cast("str", name),
                size=cast("int | None", size),
                mtime_ns=cast("int | None", mtime_ns),
                inode=inode_of(inode),
                etag=cast("str | None", etag),
                state=cast("State", state),
                table=cast("str", table),
                loaded=cast("int", loaded),
            )
            for import_id, name, size, mtime_ns, inode, etag, state, table, loaded in rows
        ]

    def page(self, search: ImportFilter, before: int | None, most: int) -> list[Entry]:
        """Reads at most `most` imports, newest first, that are older than the import `before`."""
        wanted = search.conditions(dismissals=self.knows(8))
        if before is not None:
            wanted.append(("i.id < ?", (before,)))
        # Few are deliveries: an index of the kind would have all imports read and sorted.
        kind = "i.kind" if search.states else "COALESCE(i.kind, '')"
        where = " AND ".join([f"{kind} = 'import'", *(sql for sql, _ in wanted)])
        params = tuple(value for _, values in wanted for value in values)
        return self._select(f"WHERE {where} ORDER BY i.id DESC{self._limit(most)}", params)

    def runs(self, search: ImportFilter, before: int | None, most: int | None) -> list[Entry]:
        """Reads imports and deliveries, newest first, that are older than the number `before`."""
        wanted = search.conditions(dismissals=self.knows(8))
        if before is not None:
            wanted.append(("i.id < ?", (before,)))
        where = " AND ".join(sql for sql, _ in wanted)
        limit = "" if most is None else self._limit(most)
        params = tuple(value for _, values in wanted for value in values)
        return self._select(f"{'WHERE ' if where else ''}{where} ORDER BY i.id DESC{limit}", params)

    def count_by_state(self, search: ImportFilter) -> dict[State, int]:
        """How many imports are in each state; `search.states` does not count."""
        wanted = replace(search, states=()).conditions(dismissals=self.knows(8))
        where = " AND ".join(["i.kind = 'import'", *(sql for sql, _ in wanted)])
        params = tuple(value for _, values in wanted for value in values)
        rows = self.session.execute(
            f"SELECT i.state, COUNT(*) FROM snapshots_imports i WHERE {where} GROUP BY i.state",
            params,
        )
        return {cast("State", state): cast("int", count) for state, count in rows}

    @property
    def no_duplicates(self) -> str:
        """A condition, for a WHERE that has others: it leaves out imports that loaded nothing,
        because another one had loaded their bytes."""
        if not self.knows(3):
            return ""
        return " AND (same_as IS NULL OR state <> 'finished')"

    def unsettled(self) -> dict[int, tuple[Value, ...]]:
        """Reads state, fence and wish of each import that is not settled, by number."""
        rows = self.session.execute(
            "SELECT id, state, fence, wanted FROM snapshots_imports"
            " WHERE kind = 'import' AND state IN ('queued', 'running', 'interrupted')"
            " AND (state <> 'interrupted' OR wanted IS NOT NULL)"
        )
        return {cast("int", row[0]): row[1:] for row in rows}

    def newest(self) -> int:
        """The largest number of an import; 0 where there is none."""
        ((newest,),) = self.session.execute("SELECT COALESCE(MAX(id), 0) FROM snapshots_imports")
        return cast("int", newest)

    def numbers_after(self, number: int) -> set[int]:
        """The numbers of imports that are larger than this one."""
        rows = self.session.execute("SELECT id FROM snapshots_imports WHERE id > ?", (number,))
        return {cast("int", import_id) for (import_id,) in rows}

    def chunks_from(self, import_id: int, offset: int, most: int) -> list[CommittedChunk]:
        """Reads the first `most` chunks that begin at a byte of the input, or after it."""
        return self._chunks(
            f"import_id = ? AND start_offset >= ? ORDER BY start_offset{self._limit(most)}",
            (import_id, offset),
        )

    def last_plan(self, table: str) -> str | None:
        """Reads the plan of the last import into a table, as JSON; None where there is none."""
        rows = self.session.execute(
            "SELECT plan FROM snapshots_imports WHERE table_name = ? AND kind = 'import'"
            f" AND plan <> '' ORDER BY id DESC{self._limit(1)}",
            (table,),
        )
        return str(rows[0][0]) if rows else None

    def counts(self, import_id: int) -> Counts:
        """Adds up the committed chunks of an import."""
        found = self.entry(import_id)
        return found.counts if found else Counts()

    def chunks(self, import_id: int, start: int | None = None) -> list[CommittedChunk]:
        """Reads the committed chunks in their order, or the one that begins at `start`."""
        where, params = ("", ()) if start is None else (" AND start_offset = ?", (start,))
        return self._chunks(f"import_id = ?{where} ORDER BY start_offset", (import_id, *params))

    def beginning(self, import_id: int) -> Beginning:
        """Where in its input an import begins. Raises LedgerDamaged where the chunks of the import
        that it continues are lost."""
        if not self.knows(6):
            return Beginning()
        rows = self.session.execute(
            "SELECT continues FROM snapshots_imports WHERE id = ?", (import_id,)
        )
        before = rows[0][0] if rows else None
        return Beginning() if before is None else self.end_of(cast("int", before))

    def end_of(self, import_id: int) -> Beginning:
        """Where an import ends in its input, which is where one begins that continues it."""
        last = self._chunks(
            f"import_id = ? ORDER BY start_offset DESC{self._limit(1)}", (import_id,)
        )
        if not last:
            raise LedgerDamaged(
                f"import {import_id} has lost its chunks, and another one continues it",
                hint="restore the ledger's tables from a backup",
            )
        return Beginning(last[0].end, last[0].end_line, last[0].hash_state)

    def named(self, name: str) -> tuple[int, int | None]:
        """How many imports of inputs of a name have a plan, and the newest of them."""
        ((count, newest),) = self.session.execute(
            "SELECT COUNT(*), MAX(id + 0) FROM snapshots_imports WHERE input = ?"
            " AND COALESCE(kind, '') = 'import' AND fingerprint IS NOT NULL",
            (name,),
        )
        return cast("int", count), cast("int | None", newest)

    def rejects(
        self, import_id: int, codes: Sequence[str] = (), most: int | None = None
    ) -> Iterator[Reject]:
        """Reads the rejects of an import in the order of the input, a page at a time.

        `codes` leaves out all others, and `most` ends after so many.
        """
        after, left = -1, most
        while left is None or left > 0:
            asked = _REJECTS_AT_ONCE if left is None else min(left, _REJECTS_AT_ONCE)
            page = self.rejects_after(import_id, after, codes, asked)
            if not page:
                return
            yield from page
            after = page[-1].byte_offset
            left = None if left is None else left - len(page)

    def reject_lines(self, import_id: int) -> Iterator[int]:
        """The lines of an import's rejects in the order of the input; holds one page at a time."""
        after = -1
        while True:
            rows = self.session.execute(
                "SELECT line, byte_offset FROM snapshots_rejects WHERE import_id = ?"
                f" AND byte_offset > ? ORDER BY byte_offset{self._limit(_LINES_AT_ONCE)}",
                (import_id, after),
            )
            if not rows:
                return
            yield from (cast("int", line) for line, _ in rows)
            after = cast("int", rows[-1][1])

    def rejects_after(
        self, import_id: int, offset: int, codes: Sequence[str] = (), most: int = _REJECTS_AT_ONCE
    ) -> list[Reject]:
        """Reads the first rejects past a byte of the input: all of them, or those with some
        codes."""
        which = f" AND code IN ({', '.join('?' for _ in codes)})" if codes else ""
        rows = self.session.execute(
            "SELECT line, byte_offset, column_name, code, reason, raw FROM snapshots_rejects"
            f" WHERE import_id = ? AND byte_offset > ?{which} ORDER BY byte_offset"
            f"{self._limit(most)}",
            (import_id, offset, *codes),
        )
        return [_reject(row) for row in rows]

    def reject_counts(self, import_id: int, chunk: CommittedChunk | None = None) -> dict[str, int]:
        """Counts the rejects of an import, or of one chunk, by code, the most frequent first."""
        # Its bytes are those that the kernel sees, a reject's those of the input.
        within = " AND line >= ? AND line < ?" if chunk else ""
        rows = self.session.execute(
            f"SELECT code, COUNT(*) FROM snapshots_rejects WHERE import_id = ?{within}"
            " GROUP BY code ORDER BY 2 DESC, 1",
            (import_id, chunk.start_line, chunk.end_line) if chunk else (import_id,),
        )
        return {str(code): cast("int", count) for code, count in rows}

    def skip_counts(self, import_id: int, start: int | None = None) -> dict[str, int]:
        """Counts skipped records by reason, the most frequent first; not blank lines, comments and
        the like. `start`: only those of the chunk that begins there."""
        if self._known_version() < 2:
            return {}
        where, params = ("", ()) if start is None else (" AND start_offset = ?", (start,))
        rows = self.session.execute(
            "SELECT skipped_by_code FROM snapshots_chunks"
            f" WHERE import_id = ? AND skipped_by_code IS NOT NULL{where}",
            (import_id, *params),
        )
        sums: Counter[str] = Counter()
        for (text,) in rows:
            sums.update(json.loads(str(text)))
        return dict(sums.most_common())

    def _chunks(self, where: str, params: tuple[Value, ...]) -> list[CommittedChunk]:
        rows = self.session.execute(
            f"SELECT {', '.join(CHUNK_COLUMNS)} FROM snapshots_chunks WHERE {where}", params
        )
        return [chunk_of(row) for row in rows]

    def _select(
        self,
        where: str,
        params: tuple[Value, ...],
        sums: Mapping[Value, Mapping[str, Value]] | None = None,
    ) -> list[Entry]:
        """Imports first and sums then: whatever is committed in between is in the sums."""
        # An older ledger is read as it is: what it lacks is empty.
        known = self._known_version()
        lacking = {n: without for n, (since, without) in NEWER_COLUMNS.items() if since > known}
        names = [*IMPORT_COLUMNS, *(name for name in NEWER_COLUMNS if name not in lacking)]
        columns = ", ".join(f"i.{name}" for name in names)
        now = f"{self.target.dialect.now} AS now_at"
        rows = self.session.execute(
            f"SELECT {columns}, {now} FROM snapshots_imports i {where}", params
        )
        if sums is None:
            sums = self._sums_of([row[0] for row in rows])
        found = [
            entry_of(
                dict(zip(names, row, strict=False)) | lacking,
                sums.get(row[0], _NOTHING),
                str(row[-1]),
            )
            for row in rows
        ]
        # With mode replace none of those rows stay.
        appended = [one for one in found if (one.mode or "append") == "append"]
        asked = sorted({one.replaces for one in appended if one.replaces is not None})
        kept = rows_of(self, asked) if asked else {}
        return [
            replace(one, replaced_rows=kept[one.replaces])
            if one.replaces in kept and (one.mode or "append") == "append"
            else one
            for one in found
        ]

    def knows(self, version: int) -> bool:
        """Tells whether the ledger is of that version, or of a later one."""
        return self._known_version() >= version

    def _known_version(self) -> int:
        """The version, which is asked once: nobody gives a ledger in use an older one."""
        if self._version is None:
            self._version = schema.read_version(self.target, self.session)
        return self._version

    def _sums_of(self, import_ids: list[Value]) -> dict[Value, Mapping[str, Value]]:
        """Adds up each import's chunks, reading those of no other."""
        found: dict[Value, Mapping[str, Value]] = {}
        for at in range(0, len(import_ids), _SUMS_AT_ONCE):
            asked = import_ids[at : at + _SUMS_AT_ONCE]
            marks = ", ".join("?" for _ in asked)
            rows = self.session.execute(_SUMS.format(sums=self._sums, marks=marks), asked)
            found.update((row[0], dict(zip(SUMS, row[1:], strict=True))) for row in rows)
        return found


def _reject(row: tuple[Value, ...]) -> Reject:
    line, offset, column, code, reason, raw = row
    return Reject(
        line=cast("int", line),
        byte_offset=cast("int", offset),
        column=cast("str | None", column),
        code=cast("str", code),
        reason=cast("str", reason),
        raw=bytes(cast("bytes", raw)),
    )
