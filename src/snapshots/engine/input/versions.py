"""Whether an input that was imported before is to be published again, as another version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.contract.contract import read_contract
from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import Plan, placed
from snapshots.engine.plan.version_date import date_of
from snapshots.ledger import destinations, undo_tables
from snapshots.ledger.times import unix_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.input.identity import KnownInput
    from snapshots.engine.plan.options import Options
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.history import History
    from snapshots.ledger.undo_tables import PublishedVersion


class PreviousImport(Struct, frozen=True):
    """The import of the same bytes after which there is nothing to do."""

    entry: Entry
    superseded_by: int | None = None
    """The import that has published the newest version of its table since; None: there is none."""

    @property
    def also(self) -> str:
        """What else loads it again, as the end of a sentence: a date decides which is newest."""
        if self.superseded_by is None or Plan.from_json(self.entry.plan).as_of is None:
            return ""
        return " --out-of-order" if self.entry.mode == "history" else " and a later --as-of"


def previous_import(
    known: KnownInput, options: Options, name: str, history: History
) -> PreviousImport | None:
    """Finds the import that has loaded the input; None: it is new, or another version.

    Where a delivery sends only what changed, equal bytes are new after other ones were sent. In
    modes with versions, equal bytes are another version if their date is another one, or if
    they were only appended before. Without a date they are, if `Options.renewed`, once they were
    touched after the newest version. Raises UsageError for a name with a date in the future, and
    ContractError for a contract that cannot be read, which would else pass unseen.
    """
    imported = known.imported
    if imported is not None and isinstance(options.contract, Path):
        read_contract(options.contract)
    request = options.request
    if imported is not None and request is not None and request.remembers:
        found = destinations.find(history, request.url)
        last = found is not None and found.import_id == imported.import_id
        return PreviousImport(imported) if last else None
    if imported is None or not options.versioned:
        return None if imported is None else PreviousImport(imported)
    date = date_of(name, options.as_of)
    dated = [entry for entry in known.versions if entry.as_of is not None]
    if not dated:
        return None
    if date is not None:
        same = next((entry for entry in dated if entry.as_of == date), None)
        return None if same is None else PreviousImport(same, _id(_later(history, same)))
    imported = dated[0]
    later = _later(history, imported)
    if later is not None and date is None and options.renewed:
        changed = known.identity.mtime_ns or 0
        if changed / 1e9 > unix_time(later.published_at):
            return None
    return PreviousImport(imported, _id(later))


def _later(history: History, entry: Entry) -> PublishedVersion | None:
    """The newest version of the table of an import, if that was published later."""
    if entry.as_of is None:
        return None
    newest = next(_newest_first(history, entry), None)
    return None if newest is None or newest.import_id == entry.import_id else newest


def replaced_by(history: History, entry: Entry) -> int | None:
    """The import that has replaced all rows of a finished one since; None: there is none."""
    for one in _newest_first(history, entry):
        if unix_time(one.published_at) <= unix_time(entry.finished_at or ""):
            return None
        if json.loads(one.plan).get("mode") == "replace":
            return one.import_id
    return None


def _newest_first(history: History, entry: Entry) -> Iterator[PublishedVersion]:
    """The versions of the table of an import."""
    table = placed(entry.plan)[0] if entry.plan else None
    if table is None:
        return
    own = canonical(history, table)
    for one in reversed(undo_tables.published(history)):
        into = placed(one.plan)[0]
        # To ask the database about each version of other tables would take long.
        alike = into is not None and into.name.casefold() == table.name.casefold()
        if into is not None and alike and canonical(history, into) == own:
            yield one


def _id(version: PublishedVersion | None) -> int | None:
    return None if version is None else version.import_id
