"""What whoever runs the service decides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snapshots.ports import Target

QUEUE_BOUND = 1000


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one process that serves."""

    target: Target
    files: Path
    """The folder of uploads: nothing else of this machine can be imported."""
    allowed: frozenset[str] = frozenset()
    """Hosts that URLs may name though they are not on the public internet."""
    queue_bound: int = QUEUE_BOUND
    """Imports that may wait."""
