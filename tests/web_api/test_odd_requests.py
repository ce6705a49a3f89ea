"""Requests that nobody makes by mistake: each is answered, and none as a defect of the service."""

import base64
import json
import re
import socket
from contextlib import suppress
from urllib.parse import quote

import pytest

from tests.web_api.served import served
from tests.web_api.test_problems import routes

JSON = {"Content_Type": "application/json"}
HEAD_BYTES = 64 * 1024
ODD_WORDS = """
    %00 a%00b %FF %C3%28 %ED%A0%80 %F4%90%80%80 % %zz %25 ..%2f.. // %20 %0A %0D%0AX:1 %1b%5b31m
    %E2%80%AE %EF%BF%BF %F0%9F%98%80 ' %22 é : true null nan inf 0x10 1_000 %D9%A1 %C2%B2 1e9 1e999
    -1 0 9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616
    -9223372036854775809 id:eq:9223372036854775808 id:eq: id:eq:1e400 id:null %00:eq:1
    name:eq:%00 name:eq:%ED%A0%80 name:lt:%FF at:eq:-0001-01-01 at:eq:10000-01-01
    at:eq:0001-01-01T00:00:00%2B14:00 at:eq:9999-12-31T23:59:59-14:00 amount:eq:nan
    amount:eq:1e99999 0001-01-01T00:00:00%2B14:00 9999-12-31T23:59:59.999999-14:00 0001-01-01
    9999-12-31 10000-01-01 0000-01-01 2026-02-30 2026-01-01T24:00:00 2026-W01 2026-01-01T00:00:60
    2026-01-01T00:00:00%2B23:59:59.9 WyJhIl0= W10= WzFlOTk5XQ== W05hTl0= WyJcdWQ4MDAiXQ==
    WyJcdTAwMDAiXQ== WzEsMiwzXQ== W3RydWVd WzEuNV0= W251bGxd W1sxXV0=
    WzEwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwXQ==
"""
ODD = (*ODD_WORDS.split(), "", "9" * 400, "9" * 5000, "id:eq:" + "9" * 400)
"""Values of parameters, as they are written in a URL."""
TEXTS = (
    "\ud800", "a\udfff", "\0", "\x1b[31m", "\u202e", "a\nb", "\uffff", "😀", "", " ", "\x80", "%00",
    "a" * 5000, "é" * 100, "..", "{0}", "%s",
)  # fmt: skip
NUMBERS = (
    True, 0, -1, 1.5, 1e300, float("nan"), float("inf"), 2**63, 2**64, 10**400, -(2**63) - 1,
)  # fmt: skip
VALUES = (
    *TEXTS, *NUMBERS, None, [], {}, [[]], ["\ud800"], {"\ud800": 1}, {"\0": "\0"}, [None], [{}],
    [10**400],
)  # fmt: skip


@pytest.fixture
def client(database, tmp_path):
    """With an import that has rows and rejects."""
    (tmp_path / "a.csv").write_text("id,name,at,amount\n1,x,2026-01-01 10:00:00,1.5\n2,y\n")
    with served(database, tmp_path, "--rate-limit", "0") as client:
        done = client.wait(client.submit(file="a.csv", max_rejects="100%"))
        assert done["records"]["loaded"] == 1, done
        yield client


def status(client, method, path, body=None, **headers):
    """Of an answer that is not waited for to end; it has no 500 and is a problem, or good."""
    connection, answer = client.open(method, path, body, **headers)
    with connection:
        if answer.status >= 400:
            assert answer.headers["content-type"].split(";")[0] in {
                "application/problem+json", "text/html",
            }, (method, path)  # fmt: skip
        return answer.status


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


def test_no_parameter_makes_a_defect(client):
    bad = []
    for method, path, operation in routes(client):
        there = path.format(import_id=1, name="b.csv", table="a")
        for one in operation.get("parameters", ()):
            for value in ODD:
                written = quote(value, safe="%:+=/")
                asked = f"{there}?{one['name']}={written}"
                if one["in"] == "path":
                    asked = path.replace(f"{{{one['name']}}}", written)
                    asked = asked.format(import_id=1, name="b.csv", table="a")
                if one["in"] in {"query", "path"} and status(client, method, asked) >= 500:
                    bad.append((method, asked[:200]))
    assert bad == []


def test_no_value_of_a_column_makes_a_defect(client):
    """In a condition, or as the place where a page begins."""
    bad = []
    for column in ("id", "name", "at", "amount", "_line"):
        for value in ODD:
            asked = f"/v1/tables/a/rows?where={column}:ge:{quote(value, safe='%:+=/')}"
            if status(client, "GET", asked) >= 500:
                bad.append(asked[:200])
        for value in VALUES:
            place = base64.urlsafe_b64encode(json.dumps([value, 1, 1]).encode()).decode()
            asked = f"/v1/tables/a/rows?sort={column}&after={place}"
            if status(client, "GET", asked) not in {200, 422}:
                bad.append((column, value))
    assert bad == []


def test_no_body_makes_a_defect(client):
    """Any value for any field, also for those within others."""
    schema = client.get("/v1/openapi.json").json["components"]["schemas"]
    fields = [*schema["NewImport"]["properties"], "\ud800", "\0", "x" * 5000]
    dialect = schema["Dialect"]["properties"]
    bad = []

    def give(path, body):
        # What Python writes for them is what others may send: NaN, and halves of characters.
        text = json.dumps(body).encode()
        if status(client, "POST", path, text, **JSON) >= 500:
            bad.append((path, text[:200]))

    for value in VALUES:
        for name in fields:
            give("/v1/imports", {"file": "none.csv", name: value})
        for name in dialect:
            give("/v1/imports", {"file": "none.csv", "dialect": {name: value}})
        for contract in (
            {"fields": value}, {"fields": [value]}, {"fields": [{"name": value}]},
            {"fields": [{"name": "a", "type": value}]},
            {"fields": [{"name": "a", "constraints": {"enum": [value]}}]},
            {"fields": [{"name": "a"}], "missingValues": [value]},
            {"fields": [{"name": "a"}], "primaryKey": [value], "title": value},
        ):  # fmt: skip
            give("/v1/imports", {"file": "none.csv", "contract": contract})
        give("/v1/imports/1/cancel", {"rows": value})
        give("/v1/imports/1/resume", {"max_rejects": value})
        give("/v1/imports", value)
    assert bad == []


def test_halves_of_characters_are_refused_wherever_they_stand(client):
    for body in (
        {"file": "a.csv", "contract": {"fields": [{"name": "\ud800"}]}},
        {"file": "a.csv", "contract": {"fields": [{"name": "a"}], "\udfff": 1}},
        {"file": "a.csv", "null_values": ["\ud83d"]},
        {"file": "a.csv", "table": "\udc00"},
        {"url": "https://example.org/\ud800.csv"},
        {"file": "a.csv", "\ud800": 1},
    ):
        answer = client.ask("POST", "/v1/imports", json.dumps(body).encode(), **JSON)
        assert (answer.status, answer.json["code"]) == (422, "invalid"), body
        assert answer.headers["content-type"] == "application/problem+json"


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


@pytest.mark.parametrize("host", [
    "evil@localhost", "localhost@evil", "user:pw@localhost", "localhost:80:80", "localhost/x",
    "localhost?x", "localhost#x", "local host", "localhost,evil", "[::1", "::1]", "[localhost]",
    "http://localhost", "localhost:x", "localhost\\@evil", "", "[::1]x", "127.0.0.1.evil",
])  # fmt: skip
def test_hosts_that_are_no_names(client, host):
    request = f"GET /v1/imports HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    assert raw(client, request) in {400, 421}


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


@pytest.mark.parametrize("kind", [
    "", "application/json; charset=utf-16", "application/json; charset=nope", "application/a+json",
    "text/plain", "multipart/form-data", "multipart/form-data; boundary=", "application/xml", ";;;",
    "multipart/form-data; boundary=" + "x" * 5000, "application/x-www-form-urlencoded", "\xff/\xfe",
    'multipart/form-data; boundary="\xff"', "application/json\t; x=" + "y" * 1000, "a/b/c",
])  # fmt: skip
def test_bodies_of_any_type(client, kind):
    bodies = (
        b"", b"{}", b"\xff\xfe{\x00}\x00", b"\x00\xd8", b"[" * 100_000, b'{"a":' * 500, b"null",
        b"1" * 5000, b'{"url": 1e999}', b"--x\r\n\r\n--x--", b"url=%00&table=%ED%A0%80",
        b"url=%FF&contract={",
        b"contract=" + b"[" * 100_000, b'contract={"fields":[{"name":"\\ud800"}]}&url=http://h/a',
        b'--x\r\nContent-Disposition: form-data; filename="\xff\x00"\r\n\r\na\r\n--x--\r\n',
    )  # fmt: skip
    for method, path in (
        ("POST", "/v1/imports"), ("POST", "/v1/imports/1/cancel"), ("POST", "/v1/files"),
        ("POST", "/imports"), ("POST", "/v1/imports/1/resume"), ("PUT", "/v1/files/d.csv"),
        ("DELETE", "/v1/files/d.csv"), ("GET", "/v1/imports"),
    ):  # fmt: skip
        for body in bodies:
            answered = status(client, method, path, body, Content_Type=kind)
            assert answered < 500, (method, path, body[:50])


def test_urls_that_can_never_be_read_are_refused_at_once(client):
    label = "a" * 300
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
        f"http://{label}.example/a.csv": "Check the host's name",
        f"http://{label}/a.csv": "Check the host's name",
        f"http://ü{label}/a.csv": "",
        "http://a..b/a.csv": "Check the host's name",
        f"http://{'a.' * 200}org/a.csv": "Check the host's name",
    }.items():
        answer = client.ask("POST", "/v1/imports", {"url": url})
        assert answer.status == 422, (url, answer)
        assert answer.json["code"] == "input"
        assert hint in answer.json["hint"], url
        form = f"url={quote(url, safe='')}".encode()
        kind = "application/x-www-form-urlencoded"
        assert status(client, "POST", "/imports", form, Content_Type=kind) == 422, url
    assert len(client.get("/v1/imports").json["imports"]) == 1


def test_times_at_the_ends_of_the_calendar(client):
    for name in ("since", "until"):
        for good in ("0001-01-01", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00-14:00"):
            assert client.get(f"/v1/imports?{name}={good}").status == 200, good
        for bad in ("0001-01-01T00:00:00%2B00:01", "9999-12-31T23:59:59-00:01", "0000-01-01"):
            answer = client.get(f"/v1/imports?{name}={bad}")
            assert (answer.status, answer.json["code"]) == (422, "invalid"), bad
