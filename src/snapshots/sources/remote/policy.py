"""Decides which servers may be asked: any for a command, few for the service.

Otherwise clients could make the service fetch what only its own network can reach. The checked
address is the one that is connected to, and each redirect is checked again.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import ClassVar, Final, Protocol

from msgspec import Struct

from snapshots.errors import InputError
from snapshots.hosts import Address, literal
from snapshots.redaction import authority, scheme_of
from snapshots.sources.remote.urls import HTTP, parse

_WEB_PORTS: Final = (80, 443)
_METADATA: Final = "it is a cloud's metadata address"
_HERE: Final = "it is this machine itself"
_LINK: Final = "it is a link-local address"
_MULTICAST: Final = "it is a multicast address"
_DISGUISED: Final = "it is an IPv4 address inside a gateway address"
_RESERVED: Final = "it is a private or reserved address"
_PUBLIC_V6: Final = ip_network("2000::/3")
"""Whatever lies outside is not given to anybody for use on the internet."""
_ISATAP: Final = (0x00005EFE, 0x02005EFE)
"""In the last eight bytes but four of an address: an IPv4 address follows."""
_SPECIAL: Final = tuple(
    (ip_network(network), why)
    for why, networks in (
        # Of clouds that keep theirs outside the link-local range.
        (_METADATA, "168.63.129.16/32 192.0.0.192/32 100.100.100.200/32 fd00:ec2::/32"),
        (_HERE, "127.0.0.0/8 0.0.0.0/8 ::1/128 ::/128"),
        (_LINK, "169.254.0.0/16 fe80::/10"),
        (_MULTICAST, "224.0.0.0/4 ff00::/8"),
        # NAT64, 6to4, Teredo and IPv4-compatible.
        (_DISGUISED, "64:ff9b::/96 64:ff9b:1::/48 2002::/16 2001::/32 ::/96 ::ffff:0:0:0/96"),
        # The rest of IANA's registries of special-purpose addresses: those that are reachable
        # serve the network itself (anycast of DNS and the like), and have no files.
        (
            _RESERVED,
            "10.0.0.0/8 100.64.0.0/10 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24"
            " 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15"
            " 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4"
            " 100::/64 100:0:0:1::/64 2001::/23 2001:db8::/32 2620:4f:8000::/48 3ffe::/16"
            " 3fff::/20 5f00::/16 fc00::/7 fec0::/10",
        ),
    )
    for network in networks.split()
)
"""The first that fits says why. Written down here, as Python's own list differs from version to
version: https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry.
"""


class AddressPolicy(Protocol):
    """Refuses inputs and addresses by raising InputError."""

    free: ClassVar[bool]
    """It allows every address: a proxy may find the address of a name."""

    def check_input(self, scheme: str, place: str) -> None:
        """Before an input is opened: `file` for a local one, else a URL's scheme, and its host
        or bucket."""

    def check_address(self, host: str, port: int, address: Address) -> None:
        """Checks every address of a host's name, before each connection."""


class Anywhere(Struct, frozen=True):
    """For the command line: its user may read whatever can be reached."""

    free: ClassVar[bool] = True

    def check_input(self, scheme: str, place: str) -> None:
        """See `AddressPolicy`."""

    def check_address(self, host: str, port: int, address: Address) -> None:
        """See `AddressPolicy`."""


class PublicOnly(Struct, frozen=True):
    """For URLs of clients: public addresses, the web's ports, and listed hosts."""

    free: ClassVar[bool] = False
    allowed: frozenset[str] = frozenset()
    """The listed hosts: `host` for ports 80 and 443, `host:port`, or `s3://bucket`; lower case."""

    def check_input(self, scheme: str, place: str) -> None:
        """Refuses local files, and buckets that are not listed: they open with our credentials."""
        if scheme not in HTTP and f"{scheme}://{place}".lower() not in self.allowed:
            raise InputError(
                "Only http and https URLs are read here.",
                place="" if scheme == "file" else f"{scheme}://{place}",
                hint="Use such a URL, or upload the file. To allow a bucket, the operator starts"
                " the service with --allow-host s3://NAME",
            )

    def check_url(self, url: str) -> None:
        """Before a URL is kept for later: one that can never be read is refused at once.

        Raises InputError. What its host's name stands for is seen when it is read.
        """
        scheme = scheme_of(url) or ""
        self.check_input(scheme, authority(url))
        if scheme not in HTTP:
            return
        to = parse(url)
        name = to.host.lower().rstrip(".")
        address = literal(to.host)
        if address is None and (name == "localhost" or name.endswith(".localhost")):
            address = ip_address("127.0.0.1")
        if address is not None:
            self.check_address(to.host, to.port, address)
        elif to.port not in _WEB_PORTS and not self._is_listed(name, to.port):
            raise _wrong_port(to.host, to.port)

    def _is_listed(self, name: str, port: int) -> bool:
        names = {name, _written(name)}
        with_port = {f"{one}:{port}" for one in names}
        return bool(self.allowed & (with_port | names if port in _WEB_PORTS else with_port))

    def check_address(self, host: str, port: int, address: Address) -> None:
        """See `AddressPolicy`."""
        if self._is_listed(host.lower().rstrip("."), port):
            return
        if port not in _WEB_PORTS:
            raise _wrong_port(host, port)
        if why := _not_public(address):
            raise _refused(host, port, why)


def _not_public(address: Address) -> str | None:
    """Why an address is not public; None: it is."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return _not_public(address.ipv4_mapped)
    for network, why in _SPECIAL:
        if address in network:
            return why
    if isinstance(address, IPv4Address):
        return None
    if address not in _PUBLIC_V6:
        return _RESERVED
    return _DISGUISED if int(address) >> 32 & 0xFFFFFFFF in _ISATAP else None


def _wrong_port(host: str, port: int) -> InputError:
    return _refused(host, port, f"port {port} is neither 80 nor 443")


def _refused(host: str, port: int, why: str) -> InputError:
    return InputError(
        f"The service may not read from the host {host}: {why}.",
        hint="To allow it, the operator starts the service with --allow-host"
        f" {_written(host)}:{port}",
    )


def _written(host: str) -> str:
    """An address as it is written before a port: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host
