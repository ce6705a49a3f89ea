"""The rejects of a chunk, until they are written.

Those of the kernel stay there, and it makes rows of them: as objects of Python half a million took
more memory than all else. Rows that the target has refused are few, and objects.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from snapshots._native import RejectRows
from snapshots.model import Reject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from snapshots._native import Block


class ChunkRejects:
    """The rejects of one chunk, each once."""

    def __init__(self, refused: Iterable[Reject] = ()) -> None:
        self._of_kernel: list[RejectRows] = []
        self.refused = list(refused)
        """Those that are not the kernel's."""

    def add(self, block: Block) -> None:
        """Adds what the kernel has rejected of a block."""
        if block.rejected:
            self._of_kernel.append(RejectRows(block))

    def __len__(self) -> int:
        return sum(map(len, self._of_kernel)) + len(self.refused)

    def __iter__(self) -> Iterator[Reject]:
        """All of them as objects, in the order of the input."""
        of_kernel = (Reject(*one) for rows in self._of_kernel for one in rows.tuples())
        yield from sorted([*of_kernel, *self.refused], key=lambda reject: reject.byte_offset)

    def codes(self) -> Counter[str]:
        """How many there are of each code."""
        codes = Counter(reject.code for reject in self.refused)
        for rows in self._of_kernel:
            codes.update(rows.codes())
        return codes

    def blocks(self, encoding: str, import_id: int) -> Iterator[Block]:
        """The kernel's ones as rows of snapshots_rejects, about 1 MiB at a time."""
        for rows in self._of_kernel:
            written = 0
            while written < len(rows):
                block = rows.block(encoding, import_id, written)
                written += block.loaded
                yield block
