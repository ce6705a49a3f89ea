"""What comes over a connection and is no good HTTP, or no request that makes sense: each has an
answer that says so.
"""

import re
import socket
from contextlib import suppress
from itertools import product
from urllib.parse import quote

from tests.web.api.test_odd_requests import status
from tests.web.api.test_problems import client

__all__ = ["client"]

HEAD_BYTES = 64 * 1024


def raw(client, request):
    """The status line's number, of bytes as they are; None where the connection just ends."""
    with socket.create_connection(("127.0.0.1", client.port), timeout=60) as connection:
        with suppress(OSError):
            connection.sendall(request)
        answer = b""
        with suppress(OSError):
            while b"\r\n\r\n" not in answer and (piece := connection.recv(65536)):
                answer += piece
    found = re.match(rb"HTTP/1.1 (\d+) ", answer)
    return int(found[1]) if found else None


def test_what_is_no_good_http(client):
    """As bytes: what no client library would send."""
    head = b"GET /v1/imports HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    post = b"POST /v1/imports HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    chunked = post + b"Transfer-Encoding: chunked\r\n\r\n"
    for request, expected in {
        head + b"\r\n": {200},
        head + b"Host: 127.0.0.1\r\n\r\n": {400},
        head + b"Host: evil.example.com\r\n\r\n": {400},
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n": {400},
        b"GET /v1/imports HTTP/1.1\r\n\r\n": {400, 421},
        b"GET /v1/imports HTTP/1.0\r\n\r\n": {400, 421},
        b"HELO\r\n\r\n": {400},
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03": {400},
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": {400},
        b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n": {400, 404},
        b"GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n": {400},
        b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n": {400, 404},
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n": {400, 404, 405},
        b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n": {400, 404, 405},
        b"GET http://evil.example/v1/imports HTTP/1.1\r\nHost: localhost\r\n\r\n": {200, 400, 421},
        b"GET //evil.example/v1/imports HTTP/1.1\r\nHost: localhost\r\n\r\n": {400, 404},
        b"BREW /v1/imports HTTP/1.1\r\nHost: localhost\r\n\r\n": {400, 405},
        head + b"Idempotency-Key: \xff\r\n\r\n": {200, 400, 422},
        head + b"Authorization: Basic \xff\xfe\r\n\r\n": {200, 400, 401},
        head + b"X: a\r\n b\r\n\r\n": {200, 400},
        head + b"X\x00: a\r\n\r\n": {400},
        head + b"X: a\x00b\r\n\r\n": {400},
        head + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n": {200, 400},
        head + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n": {200, 400},
        post + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}": {400},
        post + b"Content-Length: \xb2\r\n\r\n": {400},
        post + b"Content-Length: -1\r\n\r\n": {400},
        post + b"Content-Length: 99999999999999999999999\r\n\r\n": {400, 413},
        post + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": {400},
        post + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n": {400, 422},
        post + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}": {400, 415, 422},
        post + b"Expect: nothing\r\nContent-Length: 2\r\n\r\n{}": {400, 417, 422},
        chunked + b"zz\r\n{}\r\n0\r\n\r\n": {400},
        chunked + b"ffffffffffffffffff\r\n{}\r\n0\r\n\r\n": {400},
        chunked + b"2\r\n{}XX0\r\n\r\n": {400},
        chunked + b"0\r\n\r\n": {422},
        chunked + b"2\r\n{}\r\n0\r\nHost: evil\r\nAuthorization: Bearer x\r\n\r\n": {422},
    }.items():
        assert raw(client, request) in expected, request


HOSTS = (
    "evil@localhost", "localhost@evil", "user:pw@localhost", "localhost:80:80", "localhost/x",
    "localhost?x", "localhost#x", "local host", "localhost,evil", "[::1", "::1]", "[localhost]",
    "http://localhost", "localhost:x", "localhost\\@evil", "", "[::1]x", "127.0.0.1.evil",
)  # fmt: skip


def test_hosts_that_are_no_names(client):
    for host in HOSTS:
        request = f"GET /v1/imports HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        assert raw(client, request) in {400, 421}, host


def test_a_head_that_is_too_long(client):
    """One line or many, in one piece or in many, with an end or without."""
    begin = b"GET /v1/imports HTTP/1.1\r\nHost: localhost\r\n"
    line = b"X-A: " + b"a" * 1000 + b"\r\n"
    assert raw(client, begin + line * 60 + b"\r\n") == 200
    for request in (
        begin + b"X-A: " + b"a" * HEAD_BYTES + b"\r\n\r\n",
        begin + line * 70 + b"\r\n",
        begin + b"a:\r\n" * 20_000 + b"\r\n",
        begin + line * 70,
        begin + b"X-A: " + b"a" * 4 * HEAD_BYTES,
        begin + b"X" * 2 * HEAD_BYTES + b": 1\r\n\r\n",
        b"GET /" + b"a" * 2 * HEAD_BYTES + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        begin.replace(b" HTTP", b"?table=" + b"a" * HEAD_BYTES + b" HTTP") + b"\r\n",
        begin + line * 20_000,
    ):
        assert raw(client, request) == 431, request[:100]
    chunked = b"POST /v1/imports HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    endless = chunked + b"2\r\n{}\r\n0\r\nX: " + b"a" * 4 * HEAD_BYTES
    assert raw(client, endless) in {400, 422, 431}


def test_a_long_head_is_answered_as_everything_else(client):
    answer = client.get("/v1/imports", X_A="a" * HEAD_BYTES)
    assert (answer.status, answer.json["code"]) == (431, "head_too_large")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get("/v1/imports").status == 200


def test_requests_that_follow_each_other_on_a_connection(client):
    """A body is no head, however much of it comes in one piece with the next request."""
    body = b"x" * 50_000
    put = b"PUT /v1/files/c.csv HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n" + body
    last = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", client.port), timeout=60) as connection:
        connection.sendall(put * 5 + last)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    found = re.findall(rb"HTTP/1.1 (\d+) ", answer)
    assert found == [b"201"] * 5 + [b"200"]


KINDS = (
    "", "application/json; charset=utf-16", "application/json; charset=nope", "application/a+json",
    "text/plain", "multipart/form-data", "multipart/form-data; boundary=", "application/xml", ";;;",
    "multipart/form-data; boundary=" + "x" * 5000, "application/x-www-form-urlencoded", "\xff/\xfe",
    'multipart/form-data; boundary="\xff"', "application/json\t; x=" + "y" * 1000, "a/b/c",
)  # fmt: skip
BODIES = (
    b"", b"{}", b"\xff\xfe{\x00}\x00", b"\x00\xd8", b"[" * 100_000, b'{"a":' * 500, b"null",
    b"1" * 5000, b'{"url": 1e999}', b"--x\r\n\r\n--x--", b"url=%00&table=%ED%A0%80",
    b"url=%FF&contract={",
    b"contract=" + b"[" * 100_000, b'contract={"fields":[{"name":"\\ud800"}]}&url=http://h/a',
    b'--x\r\nContent-Disposition: form-data; filename="\xff\x00"\r\n\r\na\r\n--x--\r\n',
)  # fmt: skip
TAKING = (
    ("POST", "/v1/imports"), ("POST", "/v1/imports/1/cancel"), ("POST", "/v1/files"),
    ("POST", "/imports"), ("POST", "/v1/imports/1/resume"), ("PUT", "/v1/files/d.csv"),
    ("DELETE", "/v1/files/d.csv"), ("GET", "/v1/imports"),
)  # fmt: skip


def test_bodies_of_any_type(client):
    for (method, path), kind, body in product(TAKING, KINDS, BODIES):
        answered = status(client, method, path, body, Content_Type=kind)
        assert answered < 500, (method, path, kind, body[:50])


def test_urls_that_can_never_be_read_are_refused_at_once(client):
    label = "a" * 300
    before = client.get("/v1/imports").json["imports"]
    for url, hint in {
        "http://127.0.0.1/a.csv": "--allow-host 127.0.0.1:80",
        "http://10.1.2.3/a.csv": "--allow-host 10.1.2.3:80",
        "https://192.0.0.9/a.csv": "--allow-host 192.0.0.9:443",
        "http://0x7f.1/a.csv": "--allow-host 0x7f.1:80",
        "http://2130706433/a.csv": "--allow-host 2130706433:80",
        "http://0177.0.0.1/a.csv": "--allow-host 0177.0.0.1:80",
        "http://127.1./a.csv": "--allow-host 127.1.:80",
        "http://localhost/a.csv": "--allow-host localhost:80",
        "http://a.localhost./a.csv": "--allow-host a.localhost.:80",
        "https://[::1]/a.csv": "--allow-host [::1]:443",
        "https://[::ffff:169.254.169.254]/a.csv": "--allow-host [::ffff:169.254.169.254]:443",
        "https://[fe80::1%25eth0]/a.csv": "--allow-host",
        "http://example.org:8080/a.csv": "--allow-host example.org:8080",
        "http://8.8.8.8:22/a.csv": "--allow-host 8.8.8.8:22",
        "ftp://example.org/a.csv": "upload the file",
        "s3://bucket/a.csv": "--allow-host s3://",
        f"http://{label}.example/a.csv": "Check the host name",
        f"http://{label}/a.csv": "Check the host name",
        f"http://ü{label}/a.csv": "",
        "http://a..b/a.csv": "Check the host name",
        f"http://{'a.' * 200}org/a.csv": "Check the host name",
    }.items():
        answer = client.ask("POST", "/v1/imports", {"url": url})
        assert answer.status == 422, (url, answer)
        assert answer.json["code"] == "input"
        assert hint in answer.json["hint"], url
        form = f"url={quote(url, safe='')}".encode()
        kind = "application/x-www-form-urlencoded"
        assert status(client, "POST", "/imports", form, Content_Type=kind) == 422, url
    assert client.get("/v1/imports").json["imports"] == before
