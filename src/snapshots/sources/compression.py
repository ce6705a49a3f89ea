"""Decompression of gzip, zstd, bzip2 and xz: incremental, concatenated, in bounded memory."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol, cast

from snapshots.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from snapshots.sources.kinds import Codec

PIECE = 1024 * 1024
_XZ_MEMORY = 256 * 1024 * 1024
"""xz -9 needs 65 MiB; a file may ask for gigabytes."""


class DamagedData(Exception):
    """What the codec refuses, as it says it."""


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def decompress(pieces: Iterable[bytes], codec: Codec, place: str) -> Iterator[bytes]:
    """Pieces of at most 1 MiB; InputError where the stream is damaged or cut.

    What a codec had decoded in the very call that met the damage is lost with it; `restored`
    is for sources that can be read a second time.
    """
    members = _Members(codec)
    with _reported(codec, place):
        for piece in pieces:
            yield from members.feed(piece)
        members.finish()


def restored(read: Callable[[], Iterable[bytes]], codec: Codec, place: str) -> Iterator[bytes]:
    """As `decompress`, with every byte before the damage.

    No codec can be asked what it had decoded when it failed. So the input is read again up
    to the piece with the damage, and that piece given a byte at a time.
    """
    members = _Members(codec)
    given = sound = 0
    with _reported(codec, place):
        try:
            for piece in read():
                for out in members.feed(piece):
                    given += len(out)
                    yield out
                sound += 1
        except DamagedData:
            yield from _last_bytes(read(), codec, given, sound)
            raise
        members.finish()


def _last_bytes(pieces: Iterable[bytes], codec: Codec, given: int, sound: int) -> Iterator[bytes]:
    """What comes after `given` bytes; the first `sound` pieces are known to be whole."""
    members = _Members(codec)
    with suppress(DamagedData):
        for number, piece in enumerate(pieces):
            step = len(piece) if number < sound else 1
            for at in range(0, len(piece), step):
                for out in members.feed(piece[at : at + step]):
                    if len(out) > given:
                        yield out[given:]
                    given = max(given - len(out), 0)


@contextmanager
def _reported(codec: Codec, place: str) -> Iterator[None]:
    try:
        yield
    except DamagedData as error:
        raise InputError(
            f"The {codec} data is damaged: {error}.",
            place=place,
            hint="Get the file again; what lies before the damage was read.",
        ) from error


class _Members:
    """Compressed streams one after the other, as `cat a.gz b.gz` makes them."""

    def __init__(self, codec: Codec) -> None:
        self._new, self._errors = _codec(codec)
        self._decoder: _Decoder | None = None
        self._padded = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._decoder is None:
                data = self._next_member(data)
                if self._decoder is None:
                    return
            decoder = self._decoder
            while True:
                out = self._decompress(decoder, data)
                data = b""
                if out:
                    yield out
                if decoder.eof or decoder.needs_input:
                    break
            if decoder.eof:
                data = decoder.unused_data
                self._decoder = None

    def finish(self) -> None:
        """Damaged if a stream has begun and not ended."""
        if self._decoder is not None:
            raise DamagedData("it ends in the middle of the compressed data")

    def _next_member(self, data: bytes) -> bytes:
        """NULs may pad the space between members and after the last."""
        rest = data.lstrip(b"\0") if self._padded else data
        if rest:
            self._decoder = self._new()
        self._padded = True
        return rest

    def _decompress(self, decoder: _Decoder, data: bytes) -> bytes:
        try:
            return decoder.decompress(data, PIECE)
        except self._errors as error:
            raise DamagedData(str(error)) from error


def _codec(codec: Codec) -> tuple[Callable[[], _Decoder], tuple[type[Exception], ...]]:
    """A maker of decoders and the errors they raise; only this codec's module is imported."""
    if codec == "gzip":
        from isal import igzip_lib

        return (
            lambda: igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP),
            (cast("type[Exception]", igzip_lib.IsalError), EOFError),
        )
    if codec == "bzip2":
        from bz2 import BZ2Decompressor

        return BZ2Decompressor, (OSError, EOFError, ValueError)
    if codec == "xz":
        import lzma

        return (
            lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY),
            (lzma.LZMAError, EOFError),
        )
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd.ZstdDecompressor, (zstd.ZstdError, EOFError)
