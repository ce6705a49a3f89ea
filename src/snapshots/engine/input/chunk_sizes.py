"""How large the chunks of an input are: smaller toward its end, so that workers end together."""

from __future__ import annotations

from msgspec import Struct

from snapshots.defaults import MIB

_LEAST = MIB
"""Bytes of the smallest chunk that is worth a transaction of its own."""


class ChunkSizes(Struct, frozen=True):
    """What the size of a chunk follows from. The ledger has each chunk's place, so that a run may
    have other sizes than the one before."""

    most: int
    """Bytes of a chunk, where enough is left."""
    workers: int = 1
    """How many commit chunks at once. For one, all chunks have the same size."""

    def of_next(self, left: int | None) -> int:
        """Bytes of the next chunk, where so many are left of the input; None: it is not known."""
        if left is None or self.workers == 1:
            return self.most
        return min(self.most, max(_LEAST, left // self.workers))
