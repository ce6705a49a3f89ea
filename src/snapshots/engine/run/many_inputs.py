"""Many inputs, each an import of its own: one after the other, or several at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.plan.table_name import in_order
from snapshots.engine.run.input_order import sequences_of
from snapshots.engine.run.together import Together
from snapshots.errors import CannotConnect, SnapshotsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.engine.events import ImportResult
    from snapshots.engine.run.importer import Importer


def import_each(
    names: Sequence[str], importer: Importer, files: int = 1
) -> Iterator[tuple[str, ImportResult | SnapshotsError]]:
    """Imports inputs, and yields each with its result, or with why there is none.

    With a cluster among the options this is in the order in which imports end. Otherwise it is in
    that of the names, or of their versions' dates, also where `files` of them are imported at once.
    Ends after the stop event, and where the database is away.

    Raises UsageError for two versions of one table and date, for less than one file at once, and
    for what the cluster cannot do; ClusterGone, and TaskLost where tasks are lost again and again.
    """
    if files < 1:
        raise UsageError(f"files is {files}", hint="It must be at least 1.")
    names = in_order(names, importer.options)
    writers = importer.ledger_session.target.writers
    # With a single writer, one input would only wait for the other.
    sequences = sequences_of(names, importer.options, 1 if writers == 1 else files)
    if not sequences:
        yield from _one_by_one(names, importer)
        return
    if importer.options.cluster is None:
        from snapshots.engine.run.inputs_at_once import import_at_once

        yield from import_at_once(names, sequences, importer, files)
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
    together = Together(importer)
    for name, done in together.each_of(names):
        found = _imported(name, importer) if done is None else done
        # The rest of a group is committed, too, and each is told.
        yield name, found
        if isinstance(found, CannotConnect):
            return


def _imported(name: str, importer: Importer) -> ImportResult | SnapshotsError:
    try:
        return importer.import_input(name)
    except SnapshotsError as error:
        return error
