"""Whether an input was imported before: decided by its bytes, never by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from snapshots import inner_names
from snapshots._native import Hasher
from snapshots.engine.input.reader import PassedBy
from snapshots.engine.input.table_presence import TablePresence
from snapshots.engine.lease import owner
from snapshots.engine.plan.plan import path_of
from snapshots.errors import InputChanged, InputError
from snapshots.ledger import parts
from snapshots.ledger.first_look import FirstLook, first_look
from snapshots.ledger.missing_tables import TABLE_GONE
from snapshots.ledger.other_appends import OLDER_VERSION
from snapshots.ports import Numbered
from snapshots.sources.base import STREAM_BYTES, fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.engine.input.growth import Growth
    from snapshots.ledger.entry import CommittedChunk, Entry
    from snapshots.ledger.history import History
    from snapshots.ledger.parts import Part
    from snapshots.model import RunKind
    from snapshots.ports import Identity, Source

EAGER_BYTES = 64 * 1024 * 1024
"""An input up to this size is hashed before it is loaded. A larger one is hashed while it is
loaded, unless something in the ledger looks like it."""
_MIB = 1 << 20
_LOADED_AGAIN = "loading it again"


class KnownInput(Struct, frozen=True):
    """An input, and what the ledger knows of its bytes."""

    identity: Identity
    content_hash: str | None
    """None: it is known once all bytes have been read."""
    imported: Entry | None = None
    """The import that has accounted for all of its bytes."""
    versions: tuple[Entry, ...] = ()
    """All imports like `imported`, newest first: the same bytes may be versions of several dates.
    """
    unfinished: Entry | None = None
    """The import of it that was begun and can be resumed."""
    lookalikes: tuple[int, ...] = ()
    """The imports that were compared with it."""
    emptied: bool = False
    """Whether the table of `imported` is empty now."""
    gone: tuple[Entry, ...] = ()
    """Imports of it whose table is gone: the finished ones, newest first, then the others."""

    likely: str | None = None
    """The table that it would go to now; None: that is not known yet."""
    named: tuple[int, int | None] = (0, None)
    """How many imports there were of inputs of this name, and the newest of them."""
    growth: Growth | None = None
    """What earlier imports have loaded of its beginning, so that only the rest is loaded."""
    grew: bool = False
    """Whether it has more bytes than when `unfinished` began."""
    may_have_grown: bool = True
    """False if no input of its name, or of its path, was imported before."""
    parts_gone: Entry | None = None
    """An import of the last part of exactly these bytes, where one before it stands no more."""

    @property
    def parts(self) -> tuple[int, ...]:
        """The imports of the parts before what is loaded now."""
        return () if self.growth is None else tuple(one.import_id for one in self.growth.parts)

    @property
    def continues(self) -> int | None:
        """The last of them."""
        return self.parts[-1] if self.parts else None

    @property
    def reload_reason(self) -> str:
        """A sentence with the tables that are gone, if it is loaded again for that; else empty."""
        return (
            ""
            if self.imported or self.unfinished or not self.gone
            else f"{self.lost}: {_LOADED_AGAIN}"
        )

    @property
    def lost(self) -> str:
        """Which tables are gone that it was loaded into, in words; "" if none matters.

        If the likely table is among them, or the input is imported, only that table matters.
        """
        of_each = {entry.table: entry for entry in reversed(self.gone)}
        if self.likely in of_each or self.imported:
            of_each = {table: entry for table, entry in of_each.items() if table == self.likely}
        if not of_each or (self.imported and self.imported.table == self.likely):
            return ""
        parts = [
            f"import {entry.import_id} {'loaded' if entry.state == 'finished' else 'began to load'}"
            f" this input into table {entry.table}"
            for entry in reversed(of_each.values())
        ]
        return f"{' and '.join(parts)}, which {'is' if len(parts) == 1 else 'are'} gone"

    @property
    def elsewhere(self) -> str | None:
        """The likely table, if the input is imported into other ones alone."""
        into = {entry.table for entry in self.versions if entry.kind == "import"}
        return self.likely if into and self.likely not in into else None


def look_up(
    source: Source,
    ledger: History | None,
    kind: RunKind,
    table: str | None,
    likely: str | None = None,
    name: str | None = None,
) -> KnownInput:
    """Finds an input in a ledger. `table` restricts the search to one table, or URL of deliveries.
    `name` is the input's name in the ledger, if it is another than the source's.

    Of several unfinished imports, one into the `likely` table is preferred. An import whose table
    is gone counts neither as finished nor as one to resume.

    Raises InputError for a long stream that begins like one that is already imported.
    """
    identity, content_hash = identify(source)
    if ledger is None or identity.fingerprint is None:
        return KnownInput(identity, content_hash)
    called = name or identity.name
    first = _first_look(source, ledger, kind, called, identity.fingerprint)
    tables = TablePresence(ledger.target, ledger.session)
    finished: list[Entry] = []
    begun: list[Entry] = []
    parts_gone: Entry | None = None
    for entry in first.lookalikes:
        if table is not None and not tables.same(entry, table):
            continue
        if content_hash is None and entry.content_hash is not None:
            if _passes_by(source) and tables.gone(entry):
                # It cannot be compared, and there is nothing that it could double.
                continue
            content_hash = hash_like(source, entry)
        if entry.state == "finished":
            if entry.content_hash != content_hash or not _has_rows(entry, ledger):
                continue
            if entry.continues is None or parts.stands(_parts(entry, ledger)):
                finished.append(entry)
            else:
                parts_gone = parts_gone or entry
        elif worth_going_on(entry) and same_input(
            source, KnownInput(identity, content_hash), entry, ledger
        ):
            begun.append(entry)
    lost = [entry for entry in finished if tables.gone(entry)]
    lost += [entry for entry in begun if not at_work(entry) and tables.gone(entry)]
    undamaged = [entry for entry in finished if entry not in lost]
    imported = next((entry for entry in undamaged if not tables.emptied(entry)), None)
    emptied = imported is None and bool(undamaged)
    unfinished = max(
        (entry for entry in begun if entry not in lost),
        key=lambda entry: (entry.table == likely, entry.counts.records),
        default=None,
    )
    return KnownInput(
        identity,
        content_hash,
        imported=undamaged[0] if emptied else imported,
        unfinished=unfinished,
        lookalikes=tuple(entry.import_id for entry in first.lookalikes),
        emptied=emptied,
        gone=tuple(lost),
        likely=table or likely,
        named=first.named,
        may_have_grown=first.may_have_parts,
        parts_gone=None if undamaged else parts_gone,
        versions=tuple(undamaged),
    )


def _first_look(
    source: Source, ledger: History, kind: RunKind, name: str, fingerprint: str
) -> FirstLook:
    if kind != "import" or inner_names.nameless(name):
        alike = tuple(ledger.lookalikes(fingerprint, kind))
        return FirstLook((0, None), may_have_parts=True, lookalikes=alike)
    return first_look(ledger, name, fingerprint, kind, names_of(source, name))


def names_of(source: Source, name: str) -> list[str]:
    """How an input may have been called: a file also by its path, from any folder above it."""
    path = path_of(source)
    if path is None:
        return [name]
    steps = path.split("/")
    below = ["/".join(steps[at:]) for at in range(len(steps))]
    return list(dict.fromkeys([name, *below, *(f"./{part}" for part in below[1:])]))


def same_input(source: Source, known: KnownInput, entry: Entry, ledger: History) -> bool:
    """Whether an input is the one that an unfinished import was begun with.

    If the file's hash was not known yet, it is the same if its size, time and inode are; otherwise
    the part that is loaded must have the same hash.
    """
    identity = known.identity
    if identity.fingerprint != entry.fingerprint:
        return False
    if known.content_hash is not None and entry.content_hash is not None:
        return known.content_hash == entry.content_hash
    untouched = is_untouched(identity, entry)
    if not source.seekable and not isinstance(source, Numbered):
        # It begins alike, and the reader will check what is loaded of it as it passes by.
        same = untouched and identity.size == entry.size
        return same if source.remote else identity.mtime_ns is None
    return untouched or _same_where_loaded(source, ledger.chunks(entry.import_id))


def is_untouched(identity: Identity, entry: Entry) -> bool:
    """Whether an input has the times and marks of the one that an import was begun with."""
    begun = (entry.mtime_ns, entry.inode, entry.etag)
    return (identity.mtime_ns, identity.inode, identity.etag) == begun


def _same_where_loaded(source: Source, chunks: Sequence[CommittedChunk]) -> bool:
    passed_by = PassedBy(source.identity.name, chunks)
    offset, end = 0, max((chunk.end for chunk in chunks), default=0)
    try:
        for piece in source.read():
            passed_by.check(offset, memoryview(piece)[: end - offset])
            offset += len(piece)
            if offset >= end:
                break
    except InputChanged:
        return False
    return offset >= end


def content_hash_of(source: Source, most: int | None = None) -> str:
    """The BLAKE3 hash of an input's stored bytes, or of the first `most`, as `b3sum` prints it."""
    known = getattr(source, "content_hash", None)
    if isinstance(known, str) and most in (None, source.identity.size):
        return known
    hasher = Hasher()
    for piece in source.raw():
        if most is not None and hasher.length + len(piece) >= most:
            hasher.update(memoryview(piece)[: most - hasher.length])
            break
        hasher.update(piece)
    return hasher.hexdigest()


def identify(source: Source) -> tuple[Identity, str | None]:
    """What is known of an input, and the hash of its bytes where it is cheap to know."""
    identity = source.identity
    known = getattr(source, "content_hash", None)
    if identity.fingerprint and isinstance(known, str):
        return identity, known
    if source.remote and identity.fingerprint and (identity.size or 0) > STREAM_BYTES:
        return identity, None
    if source.remote or identity.fingerprint is None:
        return _identify_stream(source, identity)
    eager = identity.size is not None and identity.size <= EAGER_BYTES
    if eager or not source.seekable:
        return identity, content_hash_of(source)
    return identity, None


def _identify_stream(source: Source, identity: Identity) -> tuple[Identity, str | None]:
    head = source.head(STREAM_BYTES + 1)
    if len(head) > STREAM_BYTES:
        # The rest cannot be known before it is loaded; its beginning must do.
        beginning = _hash(head[:STREAM_BYTES])
        return replace(identity, fingerprint=beginning), None
    known = fingerprint(len(head), head[:_MIB], head[-_MIB:])
    size = len(head) if identity.size is None else identity.size
    return replace(identity, size=size, fingerprint=known), _hash(head)


def hash_like(source: Source, entry: Entry) -> str:
    """The hash of an input that looks like an earlier one.

    Raises InputError for a stream, which cannot be read twice.
    """
    identity = source.identity
    if identity.etag and (identity.name, identity.etag) == (entry.input, entry.etag):
        # The server gives its word that these are the same bytes.
        return entry.content_hash or ""
    if _passes_by(source):
        raise InputError(
            f"the first {STREAM_BYTES // _MIB} MiB are the same as those of import"
            f" {entry.import_id}",
            place=source.identity.name,
            hint="save the stream to a file, which can be compared as a whole before it is loaded;"
            " or load the stream regardless with --again",
        )
    return content_hash_of(source)


def _passes_by(source: Source) -> bool:
    """Whether its bytes can be read only once."""
    return source.identity.fingerprint is None and not source.remote


def _has_rows(entry: Entry, ledger: History) -> bool:
    """Whether the import did anything: if all was rejected, another contract may be tried. The
    parts that it continues count, too."""
    if entry.counts.loaded > 0 or entry.counts.rejected == 0:
        return True
    return entry.continues is not None and any(one.loaded for one in _parts(entry, ledger))


def _parts(entry: Entry, ledger: History) -> list[Part]:
    found = parts.parts_from(ledger, entry.first_part or entry.import_id)
    return parts.chain(found, entry.import_id)


def worth_going_on(entry: Entry) -> bool:
    """Whether to resume an import. One that loaded nothing is begun anew, with new options."""
    if entry.error_code in (TABLE_GONE, OLDER_VERSION) or entry.state == "undone":
        return False
    return entry.counts.loaded > 0 or entry.state in ("running", "interrupted")


def at_work(entry: Entry) -> bool:
    """Whether a process that lives works on the import."""
    return entry.state == "running" and owner.alive(entry.owner, entry.heartbeat_age)


def _hash(data: bytes) -> str:
    hasher = Hasher()
    hasher.update(data)
    return hasher.hexdigest()
