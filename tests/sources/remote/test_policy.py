"""What a service may be made to read by its clients: nothing that only it can reach."""

import socket
from collections import deque
from contextlib import closing
from ipaddress import IPv6Address, ip_address, ip_network

import pytest

from snapshots.errors import InputError
from snapshots.sources import open_source
from snapshots.sources.remote.access import RemoteAccess
from snapshots.sources.remote.policy import PublicOnly
from tests.sources.remote.conftest import DATA, HURRY
from tests.support.web_server import serving

PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"]
REFUSED = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "224.0.0.1",
    "255.255.255.255", "240.0.0.1", "198.18.0.1", "203.0.113.5",
    "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::8.8.8.8",
    "64:ff9b::a9fe:a9fe", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::",
    "2001:0:7f00:1::",
]  # fmt: skip


SPECIAL = """
    0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12
    192.0.0.0/24     192.0.0.0/29 192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/32
    192.0.0.171/32 192.0.2.0/24
    192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.88.99.2/32 192.168.0.0/16 192.175.48.0/24
    198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 255.255.255.255/32 224.0.0.0/4
    ::1/128 ::/128 ::ffff:0:0/112 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23
    2001::/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48
    2001:10::/28 2001:20::/28 2001:30::/28 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20
    5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8
"""
"""IANA's registries of special-purpose addresses, and multicast."""


@pytest.mark.parametrize("network", [*map(ip_network, SPECIAL.split())], ids=str)
def test_no_special_address_may_be_read(network):
    """Nor in any of the forms in which IPv6 writes an IPv4 address."""
    middle = network[network.num_addresses // 2]
    for address in {network[0], middle, network[-1]}:
        for form in (address, *(disguised(address) if address.version == 4 else ())):
            with pytest.raises(InputError, match="may not read from"):
                PublicOnly().check_address("example.org", 443, form)


def disguised(address):
    number = int(address)
    yield from (
        IPv6Address((0xFFFF << 32) + number),  # mapped
        IPv6Address((0xFFFF << 48) + number),  # translated
        IPv6Address(number),  # compatible
        IPv6Address((0x64FF9B << 96) + number),
        IPv6Address((0x64FF9B0001 << 80) + number),
        IPv6Address((0x2002 << 112) + (number << 80)),  # 6to4
        IPv6Address((0x20010000 << 96) + (number ^ 0xFFFFFFFF)),  # Teredo
        IPv6Address((0x20010000 << 96) + (number << 64)),
        IPv6Address((0x260047000000 << 80) + (0x5EFE << 32) + number),  # ISATAP
        IPv6Address((0x260047000000 << 80) + (0x2005EFE << 32) + number),
    )


def test_what_lies_beside_special_addresses_may_be_read():
    for text in (
        "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0",
        "192.167.255.255",         "198.17.255.255", "198.20.0.0", "223.255.255.255",
        "2001:200::1", "2001:db7:ffff::1",
        "2001:db9::1", "2003::1", "2400::1", "2600::1", "2a00::1", "3ffd::1",
    ):  # fmt: skip
        PublicOnly().check_address("example.org", 443, ip_address(text))


def service(*allowed, **how):
    how = {"timeouts": HURRY, "netrc": False, **how}
    return RemoteAccess(policy=PublicOnly(frozenset(allowed)), **how)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_may_be_read(address):
    for port in (80, 443):
        PublicOnly().check_address("example.org", port, ip_address(address))


@pytest.mark.parametrize("address", REFUSED)
def test_addresses_that_are_refused(address):
    with pytest.raises(InputError, match="may not read from"):
        PublicOnly().check_address("example.org", 443, ip_address(address))


@pytest.mark.parametrize("port", [22, 25, 5432, 6379, 8080])
def test_ports_that_are_refused(port):
    with pytest.raises(InputError, match=f"port {port}"):
        PublicOnly().check_address("example.org", port, ip_address("8.8.8.8"))


@pytest.mark.parametrize("name", ["/etc/passwd", "file:///etc/passwd", "-", "s3://bucket/a.csv"])
def test_only_the_web(name):
    with pytest.raises(InputError, match="Only http and https"):
        open_source(name, service())


def test_the_list(web):
    _, url = web.put("/a.csv", DATA)
    place = f"127.0.0.1:{web.port}"
    with closing(open_source(url, service(place))) as opened:
        assert b"".join(opened.read()) == DATA
    for other in ("127.0.0.1", f"127.0.0.1:{web.port + 1}", f"localhost:{web.port}"):
        with pytest.raises(InputError, match="may not read from") as caught:
            open_source(url, service(other))
        assert f"--allow-host {place}" in caught.value.hint
        assert caught.value.place == url
    assert len({request.path for request in web.requests}) == 1


@pytest.mark.parametrize("host", ["localhost", "0x7f.1", "2130706433", "127.1", "[::1]"])
def test_other_names_of_this_machine(host):
    with pytest.raises(InputError, match="may not read from"):
        open_source(f"http://{host}/a.csv", service())


def test_a_redirect_is_checked_like_the_first_request(web):
    with serving() as inner:
        _, secret = inner.put("/a.csv", DATA)
        _, url = web.put("/a.csv", b"", instead=deque([(302, {"Location": secret})]))
        with pytest.raises(InputError, match="may not read from"):
            open_source(url, service(f"127.0.0.1:{web.port}"))
        assert not inner.requests


def test_the_address_that_was_checked_is_connected_to(web, monkeypatch):
    """A name that is resolved twice could stand for another address the second time."""
    web.put("/a.csv", DATA)
    asked = []
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", web.port))]

    def resolved(host, *rest, **named):
        asked.append(host)
        assert len(asked) == 1
        return here

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    name = f"data.example:{web.port}"
    access = service(name, connections=1)
    with closing(open_source(f"http://{name}/a.csv", access)) as opened:
        assert next(opened.read()) == DATA[: 1 << 20]


def test_one_bad_address_of_a_name_is_enough(monkeypatch):
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))
        for address in ("8.8.8.8", "127.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(InputError, match="this machine itself"):
        open_source("http://data.example/a.csv", service())
