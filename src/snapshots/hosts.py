"""Checks names of hosts before anything resolves them."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

MOST_IN_A_LABEL: Final = 63
MOST_IN_A_NAME: Final = 253


def no_name(host: str) -> str | None:
    """Returns why no host can have this name; None if one may.

    A resolver would raise other errors than OSError for such a name.

    >>> no_name("example.org."), no_name("::1"), no_name("a..b")
    (None, None, 'its name has two dots side by side')
    """
    if literal(host) is not None:
        return None
    try:
        # As the resolver does it.
        name = host.removesuffix(".").encode("idna").decode("ascii")
    except UnicodeError:
        name = host.removesuffix(".")
    labels = name.split(".")
    if "" in labels:
        return "its name has two dots side by side" if name else "its name is empty"
    if any(len(label) > MOST_IN_A_LABEL for label in labels):
        return f"a part of its name has more than {MOST_IN_A_LABEL} letters"
    if len(name) > MOST_IN_A_NAME:
        return f"its name has more than {MOST_IN_A_NAME} letters"
    if not name.isascii() or "\0" in name:
        return "its name has characters that host names must not have"
    return None


def literal(host: str) -> Address | None:
    """Returns the address that is written in place of a name, in any way that a resolver
    understands; None if it is a name.

    >>> literal("0x7f.1"), literal("[::1]"), literal("example.org")
    (IPv4Address('127.0.0.1'), IPv6Address('::1'), None)
    """
    text = host.removeprefix("[").removesuffix("]").partition("%")[0]
    with suppress(ValueError):
        return ip_address(text)
    with suppress(OSError, ValueError):
        # Hexadecimal, octal, fewer than four numbers: as C has done it for ever.
        return IPv4Address(socket.inet_aton(text.removesuffix(".")))
    return None
