"""Connects through proxies: by the method CONNECT, or by SOCKS 5 (RFC 1928, RFC 1929)."""

from __future__ import annotations

import socket
import ssl
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from snapshots.errors import InputError
from snapshots.sources.remote.access import TransientFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.route import Proxy

_LONGEST_HEAD: Final = 64 * 1024
_CREDENTIALS: Final = 407
_SUCCESS: Final = 200
_NO_LOGIN, _LOGIN = 0, 2


def unreachable(proxy: Proxy, error: OSError, place: str) -> TransientFailure:
    """Returns the error for a proxy that no connection can be made with."""
    return TransientFailure.of(
        f"The proxy {proxy.display} cannot be reached: {error.strerror or error}.",
        place,
        "Check its address. To use no proxy: SNAPSHOTS_PROXY=none",
    )


def reached(
    proxy: Proxy, connected: socket.socket, context: Callable[[], ssl.SSLContext]
) -> socket.socket:
    """Returns the connection with a proxy, with TLS if its address says so. Raises InputError if
    that fails, and OSError."""
    if proxy.scheme != "https":
        return connected
    try:
        return context().wrap_socket(connected, server_hostname=proxy.host)
    except ssl.SSLError as error:
        connected.close()
        why = getattr(error, "verify_message", "") or error.reason or "it was closed"
        raise InputError(
            f"TLS with the proxy {proxy.display} failed: {why}.",
            hint="For a private CA, set SNAPSHOTS_CA to its certificate. If the proxy speaks no TLS"
            " at this port, begin its address with http://.",
        ) from error


def tunnel(
    proxy: Proxy,
    connected: socket.socket,
    host: str,
    port: int,
    context: Callable[[], ssl.SSLContext],
) -> socket.socket:
    """Has a proxy pass on everything to a server. Raises OSError, and InputError if it refuses."""
    try:
        if proxy.scheme.startswith("socks"):
            _socks(proxy, connected, host, port)
            return connected
        connected = reached(proxy, connected, context)
        _connect(proxy, connected, f"[{host}]" if ":" in host else host, port)
    except BaseException:
        connected.close()
        raise
    return connected


def _connect(proxy: Proxy, connected: socket.socket, host: str, port: int) -> None:
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    if proxy.authorization is not None:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    connected.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
    head = b""
    # Nothing behind the head must be read: it is the server's.
    while not head.endswith(b"\r\n\r\n"):
        byte = connected.recv(1)
        if not byte or len(head) > _LONGEST_HEAD:
            raise ConnectionError("the proxy does not answer in HTTP")
        head += byte
    status = head.split(b" ", 2)[1][:3].decode("latin-1") if b" " in head else ""
    if status == str(_CREDENTIALS):
        raise _refused(proxy, "it wants a name and a password, or others (407)")
    if status != str(_SUCCESS):
        raise _refused(proxy, f"it answers {status}")


def _socks(proxy: Proxy, connected: socket.socket, host: str, port: int) -> None:
    method = _NO_LOGIN if proxy.credentials is None else _LOGIN
    connected.sendall(bytes((5, 1, method)))
    if _read(connected, 2) != bytes((5, method)):
        raise _refused(proxy, "it wants another kind of login")
    if proxy.credentials is not None:
        name, password = (text.encode()[:255] for text in proxy.credentials)
        message = bytes((1, len(name))) + name + bytes((len(password),)) + password
        connected.sendall(message)
        if _read(connected, 2)[1]:
            raise _refused(proxy, "it does not accept the name and the password")
    if proxy.scheme == "socks5":
        # With socks5h the proxy finds the address of a name.
        host = str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][-1][0])
    connected.sendall(b"\x05\x01\x00" + _written(host) + port.to_bytes(2))
    _, answer, _, kind = _read(connected, 4)
    if answer:
        raise _refused(proxy, f"it answers with code {answer}")
    rest = {1: 4, 4: 16}.get(kind) or _read(connected, 1)[0]
    _read(connected, rest + 2)


def _written(host: str) -> bytes:
    try:
        address = ip_address(host)
    except ValueError:
        name = host.encode("idna")
        return bytes((3, len(name))) + name
    return bytes((1 if address.version == 4 else 4,)) + address.packed


def _read(connected: socket.socket, length: int) -> bytes:
    read = b""
    while len(read) < length:
        piece = connected.recv(length - len(read))
        if not piece:
            raise ConnectionError("the proxy closed the connection")
        read += piece
    return read


def _refused(proxy: Proxy, why: str) -> InputError:
    return InputError(
        f"The proxy {proxy.display} does not connect with the server: {why}.",
        hint="Check its address, name and password. To use no proxy: SNAPSHOTS_PROXY=none",
    )
