"""How large compressed input of strangers may become: a few bytes can stand for terabytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_JUDGED_FROM = 64 << 20
"""Bytes. Before, a file may begin with as many blanks as it likes."""


@dataclass(frozen=True, slots=True)
class UnpackedLimit:
    """None: as large as it is."""

    most: int | None = None
    """Bytes of an input without compression."""
    ratio: int | None = None
    """Bytes that one compressed byte may become, over all that was read so far."""

    def bounded(
        self, pieces: Iterable[bytes], taken: Callable[[], int], place: str
    ) -> Iterator[bytes]:
        """The same pieces; `taken` says how many compressed bytes they were made of so far.

        Raises InputError where they become too many.
        """
        given = 0
        for piece in pieces:
            given += len(piece)
            if self.most is not None and given > self.most:
                raise _too_large(f"more than {self.most} bytes", "--max-unpacked", place)
            many = self.ratio is not None and given > max(_JUDGED_FROM, self.ratio * taken())
            if many:
                raise _too_large(f"more than {self.ratio} times as large", "--max-ratio", place)
            yield piece


def _too_large(what: str, option: str, place: str) -> InputError:
    return InputError(
        f"Without compression it is {what}.",
        place=place,
        hint=f"Whoever runs the service can allow more: {option}",
    )
