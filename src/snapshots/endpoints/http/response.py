"""What came of a request: an answer, or why there is none."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from snapshots.redaction import HIDDEN, without_secrets

MULTI_STATUS = 207
"""The answer has a status for each record."""


class Response(Struct, frozen=True):
    """An answer to a request."""

    status: int
    headers: Mapping[str, str]
    """The headers, by their names in lower case."""
    body: bytes
    complete: bool
    """The body is complete: neither the server nor we have cut it off."""
    proof: int = 0
    """How often the headers had been set that prove who we are when the request was made."""

    def unpacked(self, most: int) -> Response:
        """Returns the answer with its body unpacked, at most so many bytes of it."""
        if self.headers.get("content-encoding", "").strip().lower() not in {"gzip", "x-gzip"}:
            return self
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            body = unpacking.decompress(self.body, most)
        except zlib.error:
            return replace(self, body=b"", complete=False)
        complete = self.complete and (unpacking.eof or not self.body)
        return replace(self, body=body, complete=complete)


class NoAnswer(Exception):
    """A request got no status; the text says why."""

    def __init__(self, text: str, *, sent: bool, reached: bool = False) -> None:
        super().__init__(text)
        self.sent = sent
        """The request may have reached the server."""
        self.reached = sent or reached
        """There is a server. It may have spoken, but not HTTP, before anything was sent."""


_SPOKEN = {b"SSH-": "it is SSH", b"220 ": "it is mail or FTP", b"220-": "it is mail or FTP"}
_FRAME = 9
LONGEST = 500
"""Characters of an answer that are kept."""


def described(data: bytes) -> str:
    """Names what bytes are that are not as expected. Repeats none of them: they may hold
    secrets."""
    if data[:4] in _SPOKEN:
        return _SPOKEN[data[:4]]
    if data[:2] in {b"\x15\x03", b"\x16\x03"}:
        return "it is TLS"
    if len(data) >= _FRAME and data[0] == 0 and data[3] in {4, 7} and not any(data[5:_FRAME]):
        return "it is HTTP/2"
    return "the protocol is unknown"


def excerpt(body: bytes | str, secrets: Sequence[str] = ()) -> str:
    """Returns the beginning of an answer on one line, without secrets."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    text = without_secrets(" ".join(text[: 4 * LONGEST].split()))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
