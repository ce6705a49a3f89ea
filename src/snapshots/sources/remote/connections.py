"""Connections with web servers: to the address that was checked, and to no other."""

from __future__ import annotations

import socket
import ssl
import threading
from collections import defaultdict
from contextlib import suppress
from http.client import HTTPConnection
from ipaddress import ip_address
from typing import TYPE_CHECKING

from snapshots.errors import InputError
from snapshots.sources.remote import refusals

if TYPE_CHECKING:
    from snapshots.sources.remote.access import RemoteAccess
    from snapshots.sources.remote.urls import Url


class DownloadConnection(HTTPConnection):
    """One connection; `used` tells a fresh one from one that the server may have closed."""

    def __init__(self, url: Url, access: RemoteAccess, place: str) -> None:
        super().__init__(url.host, url.port, timeout=access.timeouts.stall)
        self.used = False
        self._access = access
        self._place = place
        self._tls = url.scheme == "https"

    def connect(self) -> None:
        """Name, check, connection and, for https, certificate."""
        try:
            self.sock = self._dial()
            if self._tls:
                self.sock = _context().wrap_socket(self.sock, server_hostname=self.host)
        except OSError as error:
            self.close()
            raise refusals.no_connection(error, self._place) from error
        except InputError as error:
            error.place = self._place
            raise
        self.sock.settimeout(self._access.timeouts.stall)

    def shut(self) -> None:
        """Wakes whoever waits for bytes of it."""
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)

    def _dial(self) -> socket.socket:
        """Resolves once; every address must pass before one is tried."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        for *_, place in found:
            address = ip_address(str(place[0]).partition("%")[0])
            self._access.policy.check_address(self.host, self.port, address)
        failure: OSError | None = None
        for family, kind, protocol, _, place in found:
            dialled = socket.socket(family, kind, protocol)
            try:
                dialled.settimeout(self._access.timeouts.connect)
                dialled.connect(place)
                dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                dialled.close()
                failure = error
            else:
                return dialled
        raise failure or OSError("the name stands for no address")


class ConnectionPool:
    """Connections that wait for their next request, and those that are busy."""

    def __init__(self, access: RemoteAccess, place: str) -> None:
        self._access = access
        self._place = place
        self._lock = threading.Lock()
        self._idle: defaultdict[tuple[str, str, int], list[DownloadConnection]] = defaultdict(list)
        self._busy: set[DownloadConnection] = set()
        self._closed = False

    def take(self, url: Url) -> DownloadConnection:
        """A connection for one request."""
        with self._lock:
            if self._closed:
                raise InputError("The reading was stopped.", place=self._place)
            idle = self._idle[url.origin]
            connection = idle.pop() if idle else DownloadConnection(url, self._access, self._place)
            self._busy.add(connection)
        return connection

    def give_back(self, connection: DownloadConnection, url: Url) -> None:
        """Its answer was read to the end: it can be asked again."""
        with self._lock:
            self._busy.discard(connection)
            connection.used = True
            if not self._closed:
                self._idle[url.origin].append(connection)
                return
        connection.close()

    def drop(self, connection: DownloadConnection) -> None:
        """It cannot be used again."""
        with self._lock:
            self._busy.discard(connection)
        connection.close()

    def close(self) -> None:
        """Whoever reads from one of them gets an error."""
        with self._lock:
            self._closed = True
            for connection in self._busy:
                connection.shut()
            idle = [connection for each in self._idle.values() for connection in each]
            self._idle.clear()
        for connection in idle:
            connection.close()


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
