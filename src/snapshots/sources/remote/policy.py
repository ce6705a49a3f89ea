"""Which servers may be asked: everyone for a user at his own machine, few for a service.

A client of a service could otherwise have it fetch what only its own network can reach.
The address that was judged is the one that is connected to, at every redirect anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, Protocol, TypeAlias

from snapshots.errors import InputError
from snapshots.sources.remote.urls import HTTP

Address: TypeAlias = IPv4Address | IPv6Address

_WEB_PORTS: Final = (80, 443)
_WRAPPED: Final = tuple(
    map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96"))
)
"""NAT64, 6to4, Teredo and IPv4-compatible: an IPv4 address that only a gateway sees."""
_METADATA: Final = frozenset(map(ip_address, ("168.63.129.16", "192.0.0.192")))
"""Of clouds that keep theirs outside the link-local range."""


class AddressPolicy(Protocol):
    """Refuses by raising InputError."""

    def check_input(self, scheme: str, place: str) -> None:
        """Before an input is opened: `file` for a local one, else a URL's scheme, and its host
        or bucket."""

    def check_address(self, host: str, port: int, address: Address) -> None:
        """Before each connection, for every address that the host's name stands for."""


@dataclass(frozen=True, slots=True)
class Anywhere:
    """For the command line, whose user may reach what he can reach."""

    def check_input(self, scheme: str, place: str) -> None:
        """See `AddressPolicy`."""

    def check_address(self, host: str, port: int, address: Address) -> None:
        """See `AddressPolicy`."""


@dataclass(frozen=True, slots=True)
class PublicOnly:
    """For URLs from strangers: public addresses, the web's ports, and what is on the list."""

    allowed: frozenset[str] = frozenset()
    """`host` for ports 80 and 443, `host:port`, or `s3://bucket`; in small letters."""

    def check_input(self, scheme: str, place: str) -> None:
        """No local files; of object stores, which are opened as this service, listed ones."""
        if scheme not in HTTP and f"{scheme}://{place}".lower() not in self.allowed:
            raise InputError(
                "Only http and https URLs are read here.",
                place="" if scheme == "file" else f"{scheme}://{place}",
                hint="A bucket can be allowed by whoever runs the service: --allow-host s3://NAME",
            )

    def check_address(self, host: str, port: int, address: Address) -> None:
        """See `AddressPolicy`."""
        name = host.lower().rstrip(".")
        listed = f"{name}:{port}" in self.allowed or (port in _WEB_PORTS and name in self.allowed)
        if listed:
            return
        if port not in _WEB_PORTS:
            raise _refused(host, port, f"port {port} is not one of the web's, 80 and 443")
        if why := _not_public(address):
            raise _refused(host, port, why)


def _not_public(address: Address) -> str | None:
    """Why an address is none of the public internet's."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return _not_public(address.ipv4_mapped)
    reasons = (
        (address in _METADATA, "it is a cloud's metadata address"),
        (address.is_loopback or address.is_unspecified, "it is this machine itself"),
        (address.is_link_local, "it is a link-local address"),
        (address.is_multicast, "it is a multicast address"),
        (_wrapped(address), "it is an IPv4 address in the disguise of a gateway"),
        (_reserved(address), "it is a private or reserved address"),
    )
    return next((why for holds, why in reasons if holds), None)


def _reserved(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address.is_site_local:
        return True
    return not address.is_global or address.is_reserved


def _wrapped(address: Address) -> bool:
    return isinstance(address, IPv6Address) and any(address in network for network in _WRAPPED)


def _refused(host: str, port: int, why: str) -> InputError:
    return InputError(
        f"The host {host} may not be read: {why}.",
        hint=f"Whoever runs the service can allow it: --allow-host {host}:{port}",
    )
