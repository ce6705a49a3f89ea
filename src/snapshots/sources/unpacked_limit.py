"""Limits how large compressed input may become: a few bytes can stand for terabytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_JUDGED_FROM = 64 << 20
"""Bytes from which on the ratio is judged: a file may begin with many blanks."""


class UnpackedLimit(Struct, frozen=True):
    """The limits for unpacked input; None: there is none."""

    most: int | None = None
    """Bytes that an input may have once it is unpacked."""
    ratio: int | None = None
    """Bytes that one compressed byte may become, on average over all that was read."""

    def require(self, size: int, packed: int, place: str) -> None:
        """Raises InputError if `packed` bytes may not become `size` bytes."""
        if self.most is not None and size > self.most:
            raise _too_large(f"more than {self.most} bytes", "--max-unpacked", place)
        if self.ratio is not None and size > max(_JUDGED_FROM, self.ratio * packed):
            raise _too_large(
                f"more than {self.ratio} times its compressed size", "--max-ratio", place
            )

    def bounded(
        self, pieces: Iterable[bytes], taken: Callable[[], int], place: str
    ) -> Iterator[bytes]:
        """Passes pieces on. `taken` says how many compressed bytes were read for them so far.

        Raises InputError once they are more than the limits allow.
        """
        given = 0
        for piece in pieces:
            given += len(piece)
            if self.most is not None and given > self.most:
                raise _too_large(f"more than {self.most} bytes", "--max-unpacked", place)
            many = self.ratio is not None and given > max(_JUDGED_FROM, self.ratio * taken())
            if many:
                raise _too_large(
                    f"more than {self.ratio} times its compressed size", "--max-ratio", place
                )
            yield piece


def _too_large(what: str, option: str, place: str) -> InputError:
    return InputError(
        f"Uncompressed, the input is larger than allowed: {what}.",
        place=place,
        hint=f"To allow more, the operator starts the service with {option}",
    )
