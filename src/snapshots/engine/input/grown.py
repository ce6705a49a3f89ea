"""Whether an input begins with what earlier imports of its name have loaded, so that only the rest
of it is new.

Names say which imports are looked at; the hashes of their chunks decide. What an import has
loaded is the beginning of the input only if all of its chunks are there again, byte for byte, as
the kernel sees them: without compression, in UTF-8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots import inner_names
from snapshots._native import Hasher, Splitter
from snapshots.engine.input.growth import Growth
from snapshots.engine.input.identity import at_work, content_hash_of, names_of, worth_going_on
from snapshots.engine.input.prefix import Stretch, agreement
from snapshots.engine.input.table_presence import TablePresence
from snapshots.engine.plan.plan import Plan, appends, path_of, placed
from snapshots.errors import InputError
from snapshots.formats import encodings
from snapshots.formats.kernel_json import dialect_json
from snapshots.ledger import parts as ledger_parts
from snapshots.ledger.entry import Beginning
from snapshots.ledger.parts import Part
from snapshots.ports import Described
from snapshots.sources.base import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from snapshots.engine.input.prefix import Agreement
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.history import History
    from snapshots.model import Dialect
    from snapshots.ports import Source

MOST = 100
"""Inputs of one name that are compared, the newest ones. A name may have had thousands."""
_MIB = 1 << 20


def find(source: Source, name: str, ledger: History, table: str | None) -> Growth | None:
    """Finds the longest beginning of an input that imports of its name have loaded into a table.

    None: there is none, or nobody can tell.
    """
    if table is None or inner_names.nameless(name):
        return None
    if isinstance(source, Described) or _is_stream(source):
        return None
    found: Growth | None = None
    for path in _candidates(source, name, ledger, table):
        growth = _compared(source, ledger, path)
        if growth is not None and (found is None or growth.end.end > found.end.end):
            found = growth
    return found


def still_begins_with(source: Source, entry: Entry, ledger: History) -> bool:
    """Whether an input begins with all that an unfinished import has loaded, with the parts before,
    so that the import can go on with what the input is now.

    False if it was cut short, or if another import of the same name has begun since: that one has
    loaded the rest.
    """
    size = source.identity.size
    if not source.compressed and size is not None and size < (entry.size or 0):
        return False
    parts = ledger_parts.parts_from(ledger, entry.first_part or entry.import_id)
    path = ledger_parts.chain(parts, entry.import_id)
    later = [
        part
        for part in (*parts, *ledger_parts.parts_named(ledger, [entry.input]))
        if part.import_id > entry.import_id and part.table == entry.table
    ]
    if any(part.state in ("running", "finished") or part.loaded for part in later):
        return False
    if not ledger_parts.stands(path[:-1]) and entry.continues is not None:
        return False
    growth = _compared(source, ledger, _Path(tuple(path), Plan.from_json(entry.plan), entry))
    return growth is not None and growth.unfinished is not None and not growth.inside_record


def taken_since(entry: Entry, ledger: History) -> int | None:
    """The import that has loaded what an unfinished tail was to load; None if there is none."""
    if entry.continues is None:
        return None
    for part in ledger_parts.parts_from(ledger, entry.first_part or entry.continues):
        same = part.continues == entry.continues and part.import_id != entry.import_id
        if same and (part.loaded or part.state in ("running", "finished")):
            return part.import_id
    return None


class _Path(Struct, frozen=True):
    """Parts of an input that may have grown, from the first one to one that none continues."""

    parts: tuple[Part, ...]
    plan: Plan
    """All of them were loaded by one that reads the input alike."""
    unfinished: Entry | None
    """The last of them, unless it is finished."""


def _is_stream(source: Source) -> bool:
    return source.identity.fingerprint is None and not source.remote


def _candidates(source: Source, name: str, ledger: History, table: str) -> list[_Path]:
    """The newest inputs of a name that went into a table, if they may be the beginning of it."""
    named = ledger_parts.parts_named(ledger, names_of(source, name))
    firsts: dict[int, list[Part]] = {}
    for part in named:
        firsts.setdefault(part.first, []).append(part)
    for first in list(firsts)[:MOST]:
        there = {part.import_id for part in firsts[first]}
        if any(part.continues not in {None, *there} for part in firsts[first]):
            # Others of its parts had another name.
            firsts[first] = ledger_parts.parts_from(ledger, first)
    chosen = {first: firsts[first] for first in list(firsts)[:MOST]}
    if not chosen:
        return []
    open_ids = [
        part.import_id for parts in chosen.values() for part in parts if part.state != "finished"
    ]
    wanted = list({*chosen, *open_ids})
    entries = {entry.import_id: entry for entry in ledger.entries_of(wanted)}
    tables = TablePresence(ledger.target, ledger.session)
    path = path_of(source)
    paths: list[_Path] = []
    for first, parts in chosen.items():
        entry = entries.get(first)
        if entry is None or not entry.plan or not tables.same(entry, table):
            continue
        into, _ = placed(entry.plan)
        if into is None or not appends(entry.plan) or tables.gone(entry):
            continue
        plan = Plan.from_json(entry.plan)
        if entry.input == name or plan.path == path:
            paths += _paths(parts, plan, entries)
    return _likely(source, ledger, paths[:MOST])


def _paths(parts: Sequence[Part], plan: Plan, entries: Mapping[int, Entry]) -> Iterator[_Path]:
    """The ways from the first part to each last one, newest first: a file that was cut short may
    have grown in two ways."""
    usable = [
        part
        for part in parts
        if part.state == "finished" or _may_go_on(entries.get(part.import_id))
    ]
    continued = {part.continues for part in usable}
    for last in sorted(usable, key=lambda part: part.import_id, reverse=True):
        found = ledger_parts.chain(usable, last.import_id)
        if last.import_id in continued or found[0].continues is not None:
            continue
        if all(part.state == "finished" for part in found[:-1]):
            unfinished = None if last.state == "finished" else entries[last.import_id]
            yield _Path(tuple(found), plan, unfinished)


def _may_go_on(entry: Entry | None) -> bool:
    return entry is not None and (entry.state == "queued" or worth_going_on(entry))


def _likely(source: Source, ledger: History, paths: Sequence[_Path]) -> list[_Path]:
    """Leaves out those of which the size, or a small first chunk, tells that they are others."""
    size = source.identity.size
    cuts = ledger_parts.first_cuts(ledger, list({path.parts[0].import_id for path in paths}))
    found = []
    for path in paths:
        first = path.parts[0]
        plain = source.seekable and not path.plan.compressed
        if plain and first.state == "finished" and size is not None and (first.size or 0) >= size:
            continue
        cut = cuts.get(first.import_id)
        small = (
            cut is not None and cut.end <= _MIB and encodings.is_utf8(path.plan.dialect.encoding)
        )
        if cut is not None and cut.hash is not None and small:
            hasher = Hasher()
            hasher.update(source.head(cut.end))
            if hasher.hexdigest() != cut.hash.hex():
                continue
        found.append(path)
    return found


def _compared(source: Source, ledger: History, path: _Path) -> Growth | None:
    """What the input and the parts have in common, if the first part is its beginning."""
    plan = path.plan
    stretches = _stretches(ledger, path.parts)
    if path.unfinished is not None and not stretches[-1].cuts:
        stretches.pop()
        if not stretches:
            return _not_begun(source, path)
    try:
        found = agreement(
            _kernel_bytes(source, plan.dialect.encoding), stretches, plan.dialect.max_record_size
        )
    except InputError:
        # Whoever loads it tells what is wrong with it.
        return None
    if found is None or not _sure(source, found, path, plan):
        return None
    agreed = path.parts[: found.stretches]
    complete = found.stretches == len(stretches)
    unfinished = path.unfinished if complete else None
    done = tuple(part for part in agreed if part.state == "finished")
    if not _worth_keeping(done, unfinished):
        return None
    last = agreed[-1]
    end = ledger.end_of(last.import_id)
    plain = source.seekable and not plan.compressed and last.state == "finished"
    return Growth(
        done,
        end,
        (last.size or 0) if plain else 0,
        _inside_record(plan.dialect, found),
        not found.following,
        unfinished,
        plan,
    )


def _stretches(ledger: History, parts: Sequence[Part]) -> list[Stretch]:
    cuts = ledger_parts.cuts(ledger, [part.import_id for part in parts])
    found: list[Stretch] = []
    start, line = 0, 1
    for part in parts:
        own = tuple(cuts[part.import_id])
        found.append(Stretch(own, start, line))
        start, line = (own[-1].end, own[-1].end_line) if own else (start, line)
    return found


def _not_begun(source: Source, path: _Path) -> Growth | None:
    """An import that has not committed anything can go on if the input begins as it was."""
    entry = path.unfinished
    if entry is None or entry.size is None:
        return None
    if source.seekable and not path.plan.compressed:
        same = _prefix_fingerprint(source, entry.size) == entry.fingerprint
    else:
        # Nothing can be compared yet; who works on it may commit at any moment.
        same = at_work(entry)
    return Growth((), Beginning(), 0, False, False, entry, path.plan) if same else None


def _prefix_fingerprint(source: Source, size: int) -> str | None:
    if source.identity.size is not None and size > source.identity.size:
        return None
    last = b""
    for piece in source.read(max(size - _MIB, 0)):
        last += piece
        if len(last) >= min(size, _MIB):
            break
    return fingerprint(size, source.head(min(size, _MIB)), last[: min(size, _MIB)])


def _worth_keeping(done: Sequence[Part], unfinished: Entry | None) -> bool:
    """False if nothing was loaded and all refused: then another contract may be tried."""
    if unfinished is not None:
        return True
    return any(part.loaded for part in done) or not any(part.rejected for part in done)


def _sure(source: Source, found: Agreement, path: _Path, plan: Plan) -> bool:
    """Whether the bytes are the same where a chunk has no hash: that of the whole part tells."""
    if not found.unknown:
        return True
    last = path.parts[found.stretches - 1]
    if last.state != "finished" or not last.size or source.compressed or plan.compressed:
        return False
    return content_hash_of(source, last.size) == last.content_hash


def _inside_record(dialect: Dialect, found: Agreement) -> bool:
    """Whether more bytes behind the last ones might change how a record before is read."""
    if not found.held.endswith(dialect.line_end):
        return True
    if dialect.terminator == "cr" and found.following == b"\n":
        return True
    splitter = Splitter(dialect_json(dialect), len(found.held), found.held_start, found.held_line)
    chunks = splitter.feed(bytes(found.held)) + splitter.feed(b"x")
    end = found.held_start + len(found.held)
    return not any(chunk.end == end for chunk in chunks)


def _kernel_bytes(source: Source, encoding: str) -> Iterator[bytes]:
    data = source.read()
    return data if encodings.is_utf8(encoding) else encodings.transcode(data, encoding)
