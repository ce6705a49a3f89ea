"""Servers and networks that fail: read on where that is right, and say why where it is not."""

import random
import socket
from collections import deque
from contextlib import closing

import pytest
from msgspec.structs import replace

from snapshots.errors import InputChanged, InputError
from snapshots.sources import open_source
from snapshots.sources.remote.access import RemoteAccess
from tests.sources.remote.conftest import DATA, HURRY
from tests.support.web_server import certificate, serving

MIB = 1 << 20
RANGES = pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no-ranges"])


def all_of(source):
    return b"".join(source.read())


def collect(source, given):
    for piece in source.read():
        given += piece


def refused(url, **how):
    """The error that opening and reading ends in."""
    access = RemoteAccess(**{"timeouts": HURRY, "netrc": False, **how})
    with pytest.raises(InputError) as caught, closing(open_source(url, access)) as opened:
        all_of(opened)
    return caught.value


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("body", ["length", "chunked"])
@RANGES
def test_connections_cut_at_random_bytes(web, source, ranges, body, seed):
    rng = random.Random(seed)
    most = MIB if ranges else len(DATA)
    cuts = deque(rng.choice([0, 1, rng.randrange(most)]) for _ in range(20))
    # The first answer is the one that decides; a server that cuts it three times is given up.
    cuts.appendleft(None)
    _, url = web.put(
        "/a.csv", DATA, ranges=ranges, body=body, cuts=cuts, reset=bool(seed % 2), modified=None
    )
    patient = replace(HURRY.retry, most_failures=99)
    timeouts = replace(HURRY, retry=patient, cuts=99, tries_to_open=99)
    assert all_of(source(url, timeouts=timeouts)) == DATA


def test_what_came_before_the_break_is_given(web, source):
    """Also where nothing more will come: whoever accounts for records has them all."""
    _, url = web.put("/a.csv", DATA[: 3 * MIB + 5], ranges=False, announced=len(DATA))
    given = bytearray()
    with pytest.raises(InputError, match="bytes early"):
        collect(source(url), given)
    assert given == DATA[: 3 * MIB + 5]


def test_an_object_that_is_cut_on_the_way(web, source):
    thing, url = web.put("/a.csv", DATA)
    opened = source(url, connections=1)
    thing.data, thing.announced = DATA[: 3 * MIB + 5], len(DATA)
    given = bytearray()
    with pytest.raises(InputError, match="fewer bytes than it announced"):
        collect(opened, given)
    assert given == DATA[: 3 * MIB + 5]


def test_a_length_that_is_too_long_without_ranges(web):
    _, url = web.put("/a.csv", DATA, ranges=False, announced=len(DATA) + 1000)
    error = refused(url)
    assert error.message == "The server's answer ends 1000 bytes early."
    assert error.retryable
    assert len(web.requests) == HURRY.cuts


def test_a_length_that_nothing_can_have(web):
    _, url = web.put("/a.csv", DATA, ranges=False, announced=10**30)
    assert refused(url).message == "The server announces an impossible length."


def test_a_length_that_is_too_short_hides_the_rest(web, source):
    """HTTP ends an answer where its length says: the rest is not the object's."""
    _, url = web.put("/a.csv", DATA, ranges=False, announced=2 * MIB)
    assert all_of(source(url)) == DATA[: 2 * MIB]


@RANGES
def test_an_object_that_changes_on_the_way(web, source, ranges):
    thing, url = web.put("/a.csv", DATA, ranges=ranges, cuts=deque([None, None, MIB]))
    opened = source(url)
    thing.etag = '"v2"'
    thing.cuts = deque([2 * MIB])
    if ranges:
        with pytest.raises(InputChanged, match="ETag"):
            all_of(opened)
    else:
        # The answer that is under way is of one version, whatever comes later.
        assert all_of(opened) == DATA
        with pytest.raises(InputChanged, match="ETag"):
            all_of(opened)


def test_a_change_that_only_the_bytes_show(web, source):
    thing, url = web.put(
        "/a.csv", DATA, ranges=False, etag=None, modified=None, cuts=deque([2 * MIB])
    )
    opened = source(url)
    thing.data = DATA[:500] + b"7" + DATA[501:]
    with pytest.raises(InputChanged, match="differ when read again"):
        all_of(opened)


def test_another_length_is_another_object(web, source):
    thing, url = web.put("/a.csv", DATA)
    opened = source(url)
    thing.data = DATA + b"1,2\n"
    with pytest.raises(InputChanged, match="bytes before"):
        all_of(opened)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_failure_that_passes(web, source, status):
    thing, url = web.put("/a.csv", DATA, instead=deque([(status, {"Retry-After": "0"})] * 2))
    opened = source(url)
    thing.instead.extend([(status,)] * 3)
    assert all_of(opened) == DATA


def test_a_server_is_waited_for_as_long_as_it_asks(web, source):
    web.put("/a.csv", DATA, instead=deque([(503, {"Retry-After": "1"})]))
    assert all_of(source(web.url("/a.csv"))) == DATA


@pytest.mark.parametrize(
    ("status", "headers", "message", "hint"),
    [
        (429, {"Retry-After": "3600"}, "busy (429)", "wait 3600 s"),
        (503, {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}, "busy (503)", "asks to wait"),
        (500, {}, "internal error (500)", "later"),
        (401, {}, "requires a login (401)", "netrc"),
        (403, {}, "denies access (403)", "signed"),
        (404, {}, "Nothing exists at this URL (404)", "Check"),
        (410, {}, "Nothing exists at this URL (410)", "Check"),
        (418, {}, "status 418", "curl"),
        (503, {"Retry-After": "\N{SUPERSCRIPT TWO}"}, "busy (503)", "later"),
    ],
)
def test_statuses(web, status, headers, message, hint):
    _, url = web.put("/a.csv", DATA, instead=deque([(status, headers)] * 9))
    error = refused(url)
    assert message in error.message
    assert hint in error.hint
    assert error.place == url
    assert error.retryable == (status in {429, 500, 503})


@RANGES
def test_a_server_that_stalls(web, source, ranges):
    thing, url = web.put("/a.csv", DATA, ranges=ranges, stops_at=2 * MIB + 10)
    opened = source(url, timeouts=replace(HURRY, stall=0.5), connections=1)
    pieces = opened.read()
    got = bytearray()
    for piece in pieces:
        got += piece
        if len(got) >= 2 * MIB + 10:
            thing.stops_at = None
    # Without ranges the stalled answer is begun again, so that it is the second that goes on.
    assert got == DATA


def test_a_server_that_stays_silent(web):
    _, url = web.put("/a.csv", DATA, stops_at=0)
    error = refused(url, timeouts=replace(HURRY, stall=0.2, tries_to_open=2))
    assert "sent nothing for too long" in error.message


def test_no_server_and_no_host():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "No server listens" in refused(f"http://127.0.0.1:{port}/a.csv").message
    assert "host name is unknown" in refused("http://nowhere.invalid/a.csv").message


def test_what_does_not_speak_http(web):
    _, url = web.put("/a.csv", DATA)
    assert "TLS" in refused(url.replace("http:", "https:")).message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_once(web, source, status):
    web.put("/b.csv", DATA)
    web.put("/a.csv", b"", instead=deque([(status, {"Location": "/b.csv"})] * 9))
    assert all_of(source(web.url("/a.csv"))) == DATA
    assert [request.path for request in web.requests].count("/a.csv") == 1


def test_a_place_that_runs_out_is_asked_for_again(web, source):
    old, _ = web.put("/b.csv", DATA)
    web.put("/c.csv", DATA)
    links = deque([(302, {"Location": "/b.csv?sig=1"}), (302, {"Location": "/c.csv?sig=2"})])
    _, url = web.put("/a.csv", b"", instead=links)
    opened = source(url, connections=1)
    old.instead.append((403,))
    assert all_of(opened) == DATA
    assert web.requests[-1].path == "/c.csv?sig=2"


def test_redirects_without_end(web):
    _, url = web.put("/a.csv", b"", instead=deque([(302, {"Location": "/a.csv"})] * 99))
    assert "redirects more than 10 times" in refused(url).message
    assert len(web.requests) == 11


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "ftp://example.org/a", "gopher://x", "http://[::1/", "//a:x/"]
)
def test_redirects_to_other_protocols(web, to):
    _, url = web.put("/a.csv", b"", instead=deque([(302, {"Location": to})]))
    assert "not http or https" in refused(url).message


def test_credentials_stay_with_their_server(web, source):
    with serving() as other:
        _, target = other.put("/b.csv", DATA)
        redirect = deque([(302, {"Location": target})])
        web.put("/a.csv", b"", instead=redirect)
        assert all_of(source(web.url("/a.csv", login="ana:pw@"))) == DATA
        assert "Authorization" in web.requests[0].headers
        assert not any("Authorization" in request.headers for request in other.requests)


def test_a_login_in_the_url(web, source):
    web.put("/a.csv", DATA, login="ana@example.org:p/w")
    opened = source(web.url("/a.csv", login="ana%40example.org:p%2Fw@"))
    assert all_of(opened) == DATA
    assert opened.identity.name == web.url("/a.csv")


def test_a_login_from_netrc(web, source, tmp_path, monkeypatch):
    web.put("/a.csv", DATA, login="ana:pw")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ana password pw\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert all_of(source(web.url("/a.csv"), netrc=True)) == DATA
    assert "(401)" in refused(web.url("/a.csv")).message, "a service has no netrc"


def test_a_damaged_netrc(web, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 pasword hidden\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    error = refused(web.url("/a.csv"), netrc=True)
    assert "cannot be read" in error.message
    assert "hidden" not in str(error) + error.hint


def test_certificates(tmp_path, source, monkeypatch):
    context, trusted = certificate(tmp_path)
    with serving(context) as web:
        _, url = web.put("/a.csv", DATA)
        assert "certificate is not trusted" in refused(url).message
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        assert all_of(source(url)) == DATA
        assert "certificate" in refused(url.replace("127.0.0.1", "localhost")).message
        plain = deque([(302, {"Location": "http://example.org/a.csv"})])
        web.put("/b.csv", b"", instead=plain)
        assert "from https to http" in refused(web.url("/b.csv")).message


@pytest.mark.parametrize("said", ["bytes 5-9/10", f"bytes 0-9/{'9' * 5000}", "bytes 0-9/*", ""])
def test_a_range_that_was_not_asked_for(web, said):
    thing, url = web.put("/a.csv", DATA)
    thing.headers = {"Content-Range": said}
    thing.ranges = False
    handler = web._server.RequestHandlerClass
    send = handler.send_response
    handler.send_response = lambda self, status, message=None: send(self, 206, message)
    assert "a different range" in refused(url).message
