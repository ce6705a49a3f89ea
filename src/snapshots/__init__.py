"""Moves tabular data into databases and accounts for every record.

>>> import snapshots
>>> result = snapshots.load("rides.csv", database="sqlite:///rides.db")
>>> result.counts.balanced
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snapshots.api import (
        dismiss,
        export_rejects,
        load,
        replay,
        resume,
        run,
        send,
        undo,
    )
    from snapshots.engine.events import ImportResult
    from snapshots.engine.undo.report import UndoReport
    from snapshots.errors import SnapshotsError
    from snapshots.lookback import answers, diff, history, log, rejects, rows
    from snapshots.many import load_many
    from snapshots.model import Counts, ImportRecord, Reject

__all__ = [
    "Counts",
    "ImportRecord",
    "ImportResult",
    "Reject",
    "SnapshotsError",
    "UndoReport",
    "answers",
    "diff",
    "dismiss",
    "export_rejects",
    "history",
    "load",
    "load_many",
    "log",
    "rejects",
    "replay",
    "resume",
    "rows",
    "run",
    "send",
    "undo",
]

_HOME = {
    "answers": "snapshots.lookback",
    "Counts": "snapshots.model",
    "ImportRecord": "snapshots.model",
    "ImportResult": "snapshots.engine.events",
    "Reject": "snapshots.model",
    "SnapshotsError": "snapshots.errors",
    "UndoReport": "snapshots.engine.undo.report",
    "diff": "snapshots.lookback",
    "dismiss": "snapshots.api",
    "export_rejects": "snapshots.api",
    "history": "snapshots.lookback",
    "load": "snapshots.api",
    "load_many": "snapshots.many",
    "log": "snapshots.lookback",
    "rejects": "snapshots.lookback",
    "replay": "snapshots.api",
    "resume": "snapshots.api",
    "rows": "snapshots.lookback",
    "run": "snapshots.api",
    "send": "snapshots.api",
    "undo": "snapshots.api",
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used: the command line must start at once."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
