"""Ports behind which something else than HTTP/1.1 is spoken."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SETTINGS = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
GOAWAY = bytes((0, 0, 8, 7, 0, 0, 0, 0, 0)) + bytes(8)
PREFACE = b"PRI * HTTP/2.0"


@contextmanager
def speaking(speak: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on which each connection is spoken to on a thread of its own."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with closing(connection), suppress(OSError):
            speak(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def silent(connection: socket.socket) -> None:
    """Reads everything, says nothing."""
    while connection.recv(65536):
        pass


def ssh(connection: socket.socket) -> None:
    """Speaks first."""
    connection.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")
    connection.recv(65536)


def closing_at_once(connection: socket.socket) -> None:
    """Ends when it has read something."""
    connection.recv(65536)


def http2(connection: socket.socket) -> None:
    """As a server that tells what it speaks before it ends."""
    connection.sendall(SETTINGS)
    connection.recv(65536)
    connection.sendall(GOAWAY)


def http2_if_asked(connection: socket.socket) -> None:
    """As a server that ends when it is not spoken to in HTTP/2."""
    if connection.recv(65536).startswith(PREFACE):
        connection.sendall(SETTINGS)
        connection.recv(65536)


def over_tls(context: ssl.SSLContext) -> Callable[[socket.socket], None]:
    """As a server that ends where no handshake comes."""

    def speak(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as encrypted:
            encrypted.recv(65536)

    return speak
