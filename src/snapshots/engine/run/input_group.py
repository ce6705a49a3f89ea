"""What a task of a cluster does with whole inputs: it imports them, one after the other."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.engine.cluster.task import on_this_host, require_release, target_of
from snapshots.engine.run.importer import Importer
from snapshots.errors import CannotConnect, ImportBusy, InputError, SnapshotsError

if TYPE_CHECKING:
    from snapshots.engine.events import Event, ImportResult
    from snapshots.engine.plan.options import Options


class GroupShare(Struct, frozen=True):
    """What every task knows. It holds no secret."""

    release: str
    """Of snapshots, on the driver."""
    database: str
    """Its URL, without a password."""
    options: Options


def import_group(
    share: GroupShare, names: tuple[str, ...], waits: float
) -> tuple[float, list[ImportResult | SnapshotsError]]:
    """Imports the inputs. `waits`: the seconds for which a lost task may still seem to have one of
    them. Returns how long it took, and the outcomes.

    Raises CannotConnect where this host does not reach the database, UsageError where it has
    another release.
    """
    require_release(share.release)
    began = time.monotonic()
    target = target_of(share.database)
    with closing(Importer(target, share.options, _nobody)) as importer:
        found = [_import(importer, name, began + waits) for name in names]
    return time.monotonic() - began, found


def reach(share: GroupShare) -> None:
    """Raises what a task on this host would raise, because it cannot reach the database."""
    require_release(share.release)
    target_of(share.database).connect(create=False).close()


def _import(importer: Importer, name: str, until: float) -> ImportResult | SnapshotsError:
    while True:
        try:
            return importer.import_input(name)
        except ImportBusy as error:
            if time.monotonic() > until:
                return error
            time.sleep(1)
        except CannotConnect as error:
            raise on_this_host(error) from error
        except InputError as error:
            return on_this_host(error)
        except SnapshotsError as error:
            return error


def _nobody(_event: Event) -> None:
    pass
