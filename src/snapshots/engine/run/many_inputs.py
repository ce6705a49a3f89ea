"""Many inputs, each an import of its own: one after the other, or several at once on a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.plan.table_name import in_order
from snapshots.engine.run.input_order import sequences_of
from snapshots.errors import CannotConnect, SnapshotsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.engine.events import ImportResult
    from snapshots.engine.run.importer import Importer


def import_each(
    names: Sequence[str], importer: Importer
) -> Iterator[tuple[str, ImportResult | SnapshotsError]]:
    """Imports inputs, and yields each with its result, or with why there is none.

    With a cluster among the options this is in the order in which imports end. Otherwise it is in
    that of the names, or of their versions' dates. Ends after the stop event, and where the
    database is away.

    Raises UsageError for two versions of one table and date, and for what the cluster cannot do;
    ClusterGone, and TaskLost where tasks are lost again and again.
    """
    names = in_order(names, importer.options)
    sequences = sequences_of(names, importer.options)
    if not sequences:
        yield from _one_by_one(names, importer)
        return
    # Only who has a cluster pays for it.
    from snapshots.engine.run.grouped_inputs import import_together, require_usable

    require_usable(importer)
    # What it says of format and table is true of the others, too.
    first = sequences[0].names.popleft()
    for name, found in _one_by_one([first], importer):
        yield name, found
        if isinstance(found, CannotConnect) or importer.stop.is_set():
            return
    yield from import_together(importer, sequences[0].left() + sequences[1:])


def _one_by_one(
    names: Sequence[str], importer: Importer
) -> Iterator[tuple[str, ImportResult | SnapshotsError]]:
    for name in names:
        try:
            yield name, importer.import_input(name)
        except SnapshotsError as error:
            yield name, error
            if isinstance(error, CannotConnect):
                return
        if importer.stop.is_set():
            return
