"""Finds out what a silent server speaks, without sending a record."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Literal, TypeAlias

from snapshots.endpoints.http.response import described

if TYPE_CHECKING:
    from collections.abc import Coroutine

Spoken: TypeAlias = Literal["http", "tls", "http2", "other", "silent", "nothing", "unknown"]

LOOK_SECONDS = 1.0
"""Seconds that the look may take in all."""
_ANSWER_SECONDS = 0.8
_FIRST_BYTES = 64
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""The bytes with which a client of HTTP/2 begins."""


async def look(host: str, port: int, tls: ssl.SSLContext | None, path: str) -> Spoken:
    """Returns what is spoken at a port. `other`: nothing that helps; `silent`: connections are
    taken; `nothing`: not even that; `unknown`: nobody has looked."""
    asked = f"HEAD {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
    looks: list[Coroutine[None, None, Spoken]] = [
        _first(host, port, tls, asked.encode("latin-1")),
        _first(host, port, _unverified() if tls else None, _PREFACE),
    ]
    if tls is None:
        looks.append(_handshake(host, port))
    found = await asyncio.gather(*(_in_time(look) for look in looks))
    known: tuple[Spoken, ...] = ("http", "tls", "http2", "other", "silent")
    return next((spoken for spoken in known if spoken in found), "nothing")


async def _in_time(look: Coroutine[None, None, Spoken]) -> Spoken:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await look
    except (OSError, TimeoutError):
        return "nothing"


async def _first(host: str, port: int, tls: ssl.SSLContext | None, asked: bytes) -> Spoken:
    """Judges by the first bytes of the server, asked or not."""
    reader, writer = await asyncio.open_connection(host, port, ssl=tls)
    try:
        writer.write(asked)
        async with asyncio.timeout(_ANSWER_SECONDS):
            first_bytes = await reader.read(_FIRST_BYTES)
    except (OSError, TimeoutError):
        first_bytes = b""
    finally:
        writer.transport.abort()
    if first_bytes.startswith(b"HTTP/1."):
        return "http"
    if not first_bytes:
        return "silent"
    if described(first_bytes) == "it is TLS":
        return "tls"
    return "http2" if described(first_bytes) == "it is HTTP/2" else "other"


async def _handshake(host: str, port: int) -> Spoken:
    _, writer = await asyncio.open_connection(host, port, ssl=_unverified())
    writer.transport.abort()
    return "tls"


def _unverified() -> ssl.SSLContext:
    """Returns a TLS context that verifies nothing: only the look goes over it."""
    # Without the trusted authorities, which take long to read.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context
