"""Connections with web servers, each to an address that the policy has checked."""

from __future__ import annotations

import socket
import ssl
import threading
from collections import defaultdict
from contextlib import suppress
from http.client import HTTPConnection
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from snapshots.errors import InputError
from snapshots.sources.remote import proxies, refusals
from snapshots.sources.remote.nested_tls import NestedTls

if TYPE_CHECKING:
    from snapshots.sources.remote.access import RemoteAccess
    from snapshots.sources.remote.urls import Url


class DownloadConnection(HTTPConnection):
    """One connection. If it is `used`, the server may have closed it meanwhile."""

    def __init__(self, url: Url, access: RemoteAccess, place: str) -> None:
        super().__init__(url.host, url.port, timeout=access.timeouts.stall)
        self.used = False
        self._access = access
        self._place = place
        self._tls = url.scheme == "https"
        self._proxy = access.route.proxy_for(f"{url.scheme}://{url.authority}")

    def connect(self) -> None:
        """Resolves the name, checks the addresses and connects; https verifies the server."""
        try:
            self.sock = self._dial()
            if self._tls:
                self.sock = self._secured(self.sock)
        except OSError as error:
            self.close()
            raise refusals.no_connection(error, self._place) from error
        except InputError as error:
            error.place = self._place
            raise
        self.sock.settimeout(self._access.timeouts.stall)

    def _secured(self, reached: socket.socket) -> Any:
        context = self._access.route.context()
        if isinstance(reached, ssl.SSLSocket):
            return NestedTls(reached, context, self.host)
        return context.wrap_socket(reached, server_hostname=self.host)

    def target(self, url: Url) -> tuple[str, dict[str, str]]:
        """What a request to a URL asks for here, and headers for a proxy that reads requests."""
        if self._proxy is None or self._tunnelled:
            return url.target, {}
        value = self._proxy.authorization
        headers = {} if value is None else {"Proxy-Authorization": value}
        return f"http://{url.authority}{url.target}", headers

    def shut(self) -> None:
        """Ends the connection, also while another thread waits for its bytes."""
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)

    @property
    def _tunnelled(self) -> bool:
        """Whether a proxy passes on bytes, to an address that we may have checked. What it reads
        itself goes where it wants."""
        proxy = self._proxy
        return proxy is not None and (
            self._tls or proxy.scheme.startswith("socks") or not self._access.policy.free
        )

    def _dial(self) -> socket.socket:
        """Connects to the server, or to a proxy that connects with it. The policy must allow all
        addresses of the server."""
        if self._proxy is None:
            return self._connected(self._checked())
        proxy = self._proxy
        # Otherwise the proxy could find another address than the one that was checked.
        host = self.host if self._access.policy.free else str(self._checked()[0][-1][0])
        try:
            found = socket.getaddrinfo(proxy.host, proxy.port, type=socket.SOCK_STREAM)
            connected = self._connected(found)
        except OSError as error:
            raise proxies.unreachable(proxy, error, self._place) from error
        if not self._tunnelled:
            return proxies.reached(proxy, connected, self._access.route.context)
        return proxies.tunnel(proxy, connected, host, self.port, self._access.route.context)

    def _checked(self) -> list[Any]:
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        for *_, place in found:
            address = ip_address(str(place[0]).partition("%")[0])
            self._access.policy.check_address(self.host, self.port, address)
        return found

    def _connected(self, found: list[Any]) -> socket.socket:
        """Connects to the first address that answers."""
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
        raise failure or OSError("the name has no address")


class ConnectionPool:
    """The idle and the busy connections with all servers. Thread-safe."""

    def __init__(self, access: RemoteAccess, place: str) -> None:
        self._access = access
        self._place = place
        self._lock = threading.Lock()
        self._idle: defaultdict[tuple[str, str, int], list[DownloadConnection]] = defaultdict(list)
        self._busy: set[DownloadConnection] = set()
        self._closed = False

    def take(self, url: Url) -> DownloadConnection:
        """A connection for one request: an idle one, or else a new one."""
        with self._lock:
            if self._closed:
                raise InputError("Reading was stopped.", place=self._place)
            idle = self._idle[url.origin]
            connection = idle.pop() if idle else DownloadConnection(url, self._access, self._place)
            self._busy.add(connection)
        return connection

    def give_back(self, connection: DownloadConnection, url: Url) -> None:
        """Takes a connection back whose answer was read to the end."""
        with self._lock:
            self._busy.discard(connection)
            connection.used = True
            if not self._closed:
                self._idle[url.origin].append(connection)
                return
        connection.close()

    def drop(self, connection: DownloadConnection) -> None:
        """Closes a connection that cannot be used again."""
        with self._lock:
            self._busy.discard(connection)
        connection.close()

    def close(self) -> None:
        """Closes all connections; threads that read from them get an error."""
        with self._lock:
            self._closed = True
            for connection in self._busy:
                connection.shut()
            idle = [connection for each in self._idle.values() for connection in each]
            self._idle.clear()
        for connection in idle:
            connection.close()
