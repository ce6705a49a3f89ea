"""Reading the ledger: imports, chunks and rejects of one database.

The counts of an import are the sums over its committed chunks; nothing else is believed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from snapshots.ledger import schema
from snapshots.ledger.entry import CommittedChunk, Entry, Sighting, chunk_of, entry_of, inode_of
from snapshots.model import Counts, Reject, RunKind, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.ports import Session, Target, Value

_ENTRY = (
    "SELECT i.id, i.kind, i.input, i.size, i.mtime_ns, i.inode, i.etag, i.fingerprint,"
    " i.content_hash,"
    " i.table_name, i.state, i.plan, i.error, i.started_at, i.finished_at, i.seconds, i.owner,"
    " i.heartbeat_at, i.fence, i.replaces, i.error_code, i.request, i.wanted, i.queued_at,"
    " i.records, i.loaded, i.rejected, i.skipped, {newer}, {now} AS now_at"
    " FROM snapshots_imports i {where}"
)
_NEWER = (
    ("i.chunks", 2, "NULL"),
    ("i.created_table", 3, "NULL"),
    ("i.same_as", 3, "NULL"),
    ("i.note", 3, "NULL"),
    ("i.workers_lost", 3, "0"),
)
"""Columns, the version of the ledger that brought them, and what stands for them in an older."""
_SUMMED = (
    "records", "loaded", "rejected", "skipped", "pending", "ambiguous",
    "end_offset - start_offset", "1",
)  # fmt: skip
_SUMS = (
    "SELECT import_id, {sums} FROM snapshots_chunks WHERE import_id IN ({marks}) GROUP BY import_id"
)
_SUMS_AT_ONCE = 500
_NAMED = "(LOWER(i.input) LIKE LOWER(?) ESCAPE '!' OR LOWER(i.table_name) LIKE LOWER(?) ESCAPE '!')"
_NOTHING = (0,) * len(_SUMMED)


@dataclass(frozen=True, slots=True)
class ImportFilter:
    """Which imports are looked for; None and nothing: all."""

    states: tuple[State, ...] = ()
    table: str | None = None
    since: str | None = None
    """They were asked for, or begun, then or later; UTC, ISO 8601."""
    until: str | None = None
    name: str | None = None
    """In the name of the input or of the table, whatever its case."""

    def conditions(self) -> list[tuple[str, tuple[Value, ...]]]:
        """As SQL, each with its values."""
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
            )
            if given
        ]


class History:
    """The ledger of one database, for reading. The session is used by one thread at a time."""

    def __init__(self, target: Target, session: Session) -> None:
        self.target = target
        self.session = session
        big = "SIGNED" if target.name == "mysql" else "bigint"
        sums = (f"CAST(COALESCE(SUM({name}), 0) AS {big})" for name in _SUMMED)
        self._sums = ", ".join(sums)
        self._version: int | None = None

    @property
    def version(self) -> int | None:
        """Of this database's ledger; None where it has none. Raises LedgerError where this program
        cannot read it."""
        self._version = schema.version(self.target, self.session)
        return self._version

    def exists(self) -> bool:
        """Whether this database has a ledger at all."""
        return self.version is not None

    def entries(self) -> list[Entry]:
        """Every import, oldest first."""
        return self._select("ORDER BY i.id", ())

    def entry(self, import_id: int) -> Entry | None:
        """One import."""
        found = self._select("WHERE i.id = ?", (import_id,))
        return found[0] if found else None

    def entries_of(self, import_ids: Sequence[int]) -> list[Entry]:
        """Some imports, newest first; those that there are."""
        marks = ", ".join("?" for _ in import_ids)
        return self._select(f"WHERE i.id IN ({marks}) ORDER BY i.id DESC", tuple(import_ids))

    def lookalikes(self, fingerprint: str, kind: RunKind) -> list[Entry]:
        """Imports, or deliveries, of inputs that may have the same bytes, newest first."""
        # There are few, and more conditions would lead a database to the wrong index.
        found = self._select("WHERE i.fingerprint = ?", (fingerprint,))
        wanted = (entry for entry in found if entry.kind == kind)
        return sorted(wanted, key=lambda entry: entry.import_id, reverse=True)

    def sightings(self, names: Sequence[str]) -> list[Sighting]:
        """Imports, not deliveries, of inputs that had one of these names, oldest first."""
        marks = ", ".join("?" for _ in names)
        rows = self.session.execute(
            "SELECT id, input, size, mtime_ns, inode, state, table_name, loaded"
            " FROM snapshots_imports"
            f" WHERE kind = 'import' AND input IN ({marks}){self.no_duplicates} ORDER BY id",
            names,
        )
        return [
            Sighting(
                import_id=cast("int", import_id),
                input=cast("str", name),
                size=cast("int | None", size),
                mtime_ns=cast("int | None", mtime_ns),
                inode=inode_of(inode),
                state=cast("State", state),
                table=cast("str", table),
                loaded=cast("int", loaded),
            )
            for import_id, name, size, mtime_ns, inode, state, table, loaded in rows
        ]

    def page(self, search: ImportFilter, before: int | None, most: int) -> list[Entry]:
        """Imports, newest first, older than the import `before`."""
        wanted = search.conditions()
        if before is not None:
            wanted.append(("i.id < ?", (before,)))
        # Few are deliveries: an index of the kind would have all imports read and sorted.
        kind = "i.kind" if search.states else "COALESCE(i.kind, '')"
        where = " AND ".join([f"{kind} = 'import'", *(sql for sql, _ in wanted)])
        params = tuple(value for _, values in wanted for value in values)
        return self._select(f"WHERE {where} ORDER BY i.id DESC LIMIT {most:d}", params)

    def count_by_state(self, search: ImportFilter) -> dict[State, int]:
        """How many imports are in each state; `search.states` does not count."""
        wanted = replace(search, states=()).conditions()
        where = " AND ".join(["i.kind = 'import'", *(sql for sql, _ in wanted)])
        params = tuple(value for _, values in wanted for value in values)
        rows = self.session.execute(
            f"SELECT i.state, COUNT(*) FROM snapshots_imports i WHERE {where} GROUP BY i.state",
            params,
        )
        return {cast("State", state): cast("int", count) for state, count in rows}

    @property
    def no_duplicates(self) -> str:
        """A condition, for a WHERE that has others: an import of which there is something to say
        beside that another one had loaded its bytes."""
        if not self.knows(3):
            return ""
        return " AND (same_as IS NULL OR state <> 'finished')"

    def unsettled(self) -> dict[int, tuple[Value, ...]]:
        """Of each import with which something is to be done, by number, what changes when it is."""
        rows = self.session.execute(
            "SELECT id, state, fence, wanted FROM snapshots_imports"
            " WHERE kind = 'import' AND state IN ('queued', 'running', 'interrupted')"
            " AND (state <> 'interrupted' OR wanted IS NOT NULL)"
        )
        return {cast("int", row[0]): row[1:] for row in rows}

    def newest(self) -> int:
        """The number of the last import; 0 where there is none."""
        ((newest,),) = self.session.execute("SELECT COALESCE(MAX(id), 0) FROM snapshots_imports")
        return cast("int", newest)

    def chunks_from(self, import_id: int, offset: int, most: int) -> list[CommittedChunk]:
        """The first ones that begin at a byte of the input, or after it."""
        return self._chunks(
            f"import_id = ? AND start_offset >= ? ORDER BY start_offset LIMIT {most:d}",
            (import_id, offset),
        )

    def last_plan(self, table: str) -> str | None:
        """The plan of the last import into a table."""
        rows = self.session.execute(
            "SELECT plan FROM snapshots_imports WHERE table_name = ? AND plan <> ''"
            " ORDER BY id DESC LIMIT 1",
            (table,),
        )
        return str(rows[0][0]) if rows else None

    def counts(self, import_id: int) -> Counts:
        """The sums over the committed chunks."""
        found = self.entry(import_id)
        return found.counts if found else Counts()

    def chunks(self, import_id: int, start: int | None = None) -> list[CommittedChunk]:
        """The committed chunks in the order of the input, or the one that begins at `start`."""
        where, params = ("", ()) if start is None else (" AND start_offset = ?", (start,))
        return self._chunks(f"import_id = ?{where} ORDER BY start_offset", (import_id, *params))

    def rejects(self, import_id: int) -> Iterator[Reject]:
        """The rejects of an import in the order of the input; holds one page at a time."""
        after = -1
        while page := self.rejects_after(import_id, after):
            yield from page
            after = page[-1].byte_offset

    def rejects_after(
        self, import_id: int, offset: int, code: str | None = None, most: int = 1000
    ) -> list[Reject]:
        """The first rejects past a byte of the input; all, or those with one code."""
        which, params = ("", ()) if code is None else (" AND code = ?", (code,))
        rows = self.session.execute(
            "SELECT line, byte_offset, column_name, code, reason, raw FROM snapshots_rejects"
            f" WHERE import_id = ? AND byte_offset > ?{which} ORDER BY byte_offset LIMIT {most:d}",
            (import_id, offset, *params),
        )
        return [_reject(row) for row in rows]

    def reject_counts(self, import_id: int, chunk: CommittedChunk | None = None) -> dict[str, int]:
        """How many rejects of each code, most frequent first; of one chunk, or of all."""
        # Its bytes are those that the kernel sees, a reject's those of the input.
        within = " AND line >= ? AND line < ?" if chunk else ""
        rows = self.session.execute(
            f"SELECT code, COUNT(*) FROM snapshots_rejects WHERE import_id = ?{within}"
            " GROUP BY code ORDER BY 2 DESC, 1",
            (import_id, chunk.start_line, chunk.end_line) if chunk else (import_id,),
        )
        return {str(code): cast("int", count) for code, count in rows}

    def skip_counts(self, import_id: int) -> dict[str, int]:
        """How many records were skipped for which reason, most frequent first; without blank
        lines, comments and the like."""
        if self._known_version() < 2:
            return {}
        rows = self.session.execute(
            "SELECT skipped_by_code FROM snapshots_chunks"
            " WHERE import_id = ? AND skipped_by_code IS NOT NULL",
            (import_id,),
        )
        sums: Counter[str] = Counter()
        for (text,) in rows:
            sums.update(json.loads(str(text)))
        return dict(sums.most_common())

    def _chunks(self, where: str, params: tuple[Value, ...]) -> list[CommittedChunk]:
        rows = self.session.execute(
            "SELECT start_offset, end_offset, start_line, end_line, records, loaded, rejected,"
            " skipped, hash_state, hash, seconds, committed_at, pending, ambiguous, sent"
            f" FROM snapshots_chunks WHERE {where}",
            params,
        )
        return [chunk_of(row) for row in rows]

    def _select(self, where: str, params: tuple[Value, ...]) -> list[Entry]:
        """Imports first and sums then: whatever is committed in between is in the sums."""
        # An older ledger is read as it is: what it lacks is empty.
        known = self._known_version()
        newer = ", ".join(sql if known >= since else without for sql, since, without in _NEWER)
        query = _ENTRY.format(now=self.target.now_sql(), newer=newer, where=where)
        rows = self.session.execute(query, params)
        sums = self._sums_of([row[0] for row in rows])
        return [entry_of(row + sums.get(row[0], _NOTHING)) for row in rows]

    def knows(self, version: int) -> bool:
        """The ledger is of that version, or of a later one."""
        return self._known_version() >= version

    def _known_version(self) -> int:
        """Asked once: while a ledger is in use, nobody gives it an older one."""
        if self._version is None:
            self._version = schema.read_version(self.target, self.session)
        return self._version

    def _sums_of(self, import_ids: list[Value]) -> dict[Value, tuple[Value, ...]]:
        """Of each import's chunks: read once, and not those of other imports."""
        found: dict[Value, tuple[Value, ...]] = {}
        for at in range(0, len(import_ids), _SUMS_AT_ONCE):
            asked = import_ids[at : at + _SUMS_AT_ONCE]
            marks = ", ".join("?" for _ in asked)
            rows = self.session.execute(_SUMS.format(sums=self._sums, marks=marks), asked)
            found.update((row[0], row[1:]) for row in rows)
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
