"""The Python interface to many inputs at once: see `snapshots.api` for one."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Any

from snapshots import locations
from snapshots.defaults import FILES
from snapshots.engine.plan.keywords import import_options
from snapshots.engine.run.importer import Importer
from snapshots.engine.run.many_inputs import import_each
from snapshots.sources import expand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from snapshots.engine.events import Event, ImportResult, Listener
    from snapshots.errors import SnapshotsError
    from snapshots.locations import DatabaseName


def load_many(
    inputs: Iterable[str | os.PathLike[str]],
    *,
    database: DatabaseName | None = None,
    listener: Listener | None = None,
    files: int = FILES,
    **options: Any,
) -> Iterator[tuple[str, ImportResult | SnapshotsError]]:
    """Loads many inputs, each as an import of its own, and yields each with its account.

    >>> import snapshots
    >>> for name, result in snapshots.load_many(["rides.csv"], database="sqlite:///rides.db"):
    ...     print(name, getattr(result, "outcome", result))
    rides.csv finished

    `inputs` are as for the command `import`: files, folders, patterns (`"s3://bucket/2024/*.csv"`),
    archives and URLs. `options` are those of `load`. Where nothing of an input could be begun, a
    SnapshotsError is yielded in place of its result, and the others go on. `files` of them are
    loaded at once, and yielded in the order of their names, or of their dates with a mode but
    append. Then `listener` is called from several threads, one at a time. With `cluster` several
    are loaded at once, and yielded as they end. Whoever stops iterating stops the rest.

    Raises InputError if an input stands for nothing, UsageError for options that make no sense,
    ClusterGone, and TypeError for an unknown option.
    """
    wanted = import_options("load_many", options)
    names = expand([os.fspath(one) for one in inputs], wanted.remote_access)
    importer = Importer(locations.target(database), wanted, listener or _ignore)
    return _each(names, importer, files)


def _each(
    names: list[str], importer: Importer, files: int
) -> Iterator[tuple[str, ImportResult | SnapshotsError]]:
    with closing(importer):
        yield from import_each(names, importer, files)


def _ignore(_event: Event) -> None:
    pass
