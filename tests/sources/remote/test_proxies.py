"""URLs that are read through proxies, with certificates; and the guard, which stays as tight."""

import socket
import threading
from contextlib import ExitStack, contextmanager

import pytest

from snapshots.errors import InputError
from snapshots.route import Route
from snapshots.sources.remote.policy import PublicOnly
from tests.sources.remote.conftest import DATA
from tests.support.certificates import Certificates
from tests.support.proxy_servers import Front, Microsocks, Squid, Tinyproxy, TlsSquid


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def begun():
    with ExitStack() as stack:
        yield stack.enter_context


@pytest.mark.servers
@pytest.mark.parametrize("login", [False, True])
@pytest.mark.parametrize("kind", [Tinyproxy, Squid, TlsSquid, Microsocks])
def test_all_bytes_come_through_a_proxy(web, source, begun, kind, login, monkeypatch, tmp_path):
    made = Certificates(tmp_path)
    proxy = begun(kind(made, login=login))
    monkeypatch.setenv("SNAPSHOTS_CA", str(made.ca))
    _, url = web.put("/a.csv", DATA)
    monkeypatch.setenv("HTTP_PROXY", proxy.url())
    assert b"".join(source(url).read()) == DATA
    monkeypatch.delenv("HTTP_PROXY")
    monkeypatch.setenv("SNAPSHOTS_PROXY", proxy.url("socks5h" if kind is Microsocks else ""))
    assert b"".join(source(url).read()) == DATA
    proxy.close()
    assert b"".join(source(url, route=Route("none")).read()) == DATA
    with pytest.raises(InputError, match=r"The proxy .* cannot be reached"):
        source(url)


@pytest.mark.servers
@pytest.mark.parametrize("kind", [None, Tinyproxy, Squid, TlsSquid, Microsocks])
def test_certificates_of_an_own_authority(web, source, begun, kind, tmp_path):
    made = Certificates(tmp_path)
    web.put("/rows", DATA)
    front = begun(Front(made, f"http://127.0.0.1:{web.port}", client=True))
    proxy = begun(kind(made)).url() if kind else "none"
    ours = {"ca": str(made.ca), "cert": str(made.client), "cert_key": str(made.client_key)}
    opened = source(front.url("tls1"), route=Route(proxy, **ours))
    assert b"".join(opened.read()) == DATA
    with pytest.raises(InputError, match="certificate"):
        source(front.url("tls1"), route=Route(proxy))


@contextmanager
def recording(answer):
    """The address of a proxy that answers the same to everything, and what it was asked."""
    asked = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                asked.append(connection.recv(4096))
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "10.0.0.1", "[::1]", "169.254.169.254"])
def test_the_service_reads_nothing_private_through_a_proxy(source, host, scheme):
    with recording(REFUSED) as (proxy, asked):
        how = {"policy": PublicOnly(), "route": Route(proxy)}
        with pytest.raises(InputError, match="may not read from"):
            source(f"{scheme}://{host}/a.csv", **how)
    assert asked == []


@pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("https", 443)])
def test_a_proxy_gets_the_address_that_was_checked_and_not_the_name(
    source, monkeypatch, scheme, port
):
    """It could find another one for the name."""
    real = socket.getaddrinfo

    def found(host, *more, **how):
        return real("93.184.215.14" if host == "data.example.org" else host, *more, **how)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with recording(REFUSED) as (proxy, asked):
        how = {"policy": PublicOnly(), "route": Route(proxy)}
        with pytest.raises(InputError, match=r"proxy .* it answers 403"):
            source(f"{scheme}://data.example.org/a.csv", **how)
    assert asked
    assert all(one.startswith(b"CONNECT 93.184.215.14:%d " % port) for one in asked)
    assert not any(b"example" in one for one in asked)


def test_no_secret_of_a_proxy_is_shown(source):
    with recording(b"HTTP/1.1 407 Who?\r\n\r\n") as (proxy, _):
        address = proxy.replace("//", "//me:s3cret-word@")
        with pytest.raises(InputError, match="407") as caught:
            source("https://example.org/a.csv", route=Route(address))
    assert "s3cret" not in f"{caught.value} {caught.value.hint} {Route(address)!r}"
