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
"""Bytes that are read at a time."""
_XZ_MEMORY = 256 * 1024 * 1024
"""xz -9 needs 65 MiB; a file may ask for gigabytes."""


class DamagedData(Exception):
    """The codec refuses the data; the text is the codec's own."""


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def decompress(pieces: Iterable[bytes], codec: Codec, place: str) -> Iterator[bytes]:
    """Decompresses into pieces of at most 1 MiB. Raises InputError where data is damaged or cut.

    The bytes that the codec decoded in the call that met the damage are lost. `restored` keeps
    them, but needs a source that can be read twice.
    """
    members = _Members(codec)
    with _reported(codec, place):
        for piece in pieces:
            yield from members.feed(piece)
        members.finish()


def restored(read: Callable[[], Iterable[bytes]], codec: Codec, place: str) -> Iterator[bytes]:
    """Decompresses as `decompress` does, and gives every byte before a damage.

    No codec says what it had decoded when it failed. So the input is read again up to the damaged
    piece, and that piece is fed to the codec byte by byte.
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
    """The bytes after `given` ones, up to the damage; the first `sound` pieces are undamaged."""
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
            hint="Get the file again. The data before the damage was read.",
        ) from error


class _Members:
    """Decodes compressed streams that follow each other, as `cat a.gz b.gz` makes them."""

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
        """Raises DamagedData if a stream has begun and not ended."""
        if self._decoder is not None:
            raise DamagedData("it ends in the middle of the compressed data")

    def _next_member(self, data: bytes) -> bytes:
        """Begins the next stream, past NULs that pad the space between streams."""
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
    """A function that makes decoders, and the errors they raise. Imports this codec alone."""
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
