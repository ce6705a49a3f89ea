"""Who is let in, from where, how often, and with how much."""

import base64
import re
import socket
import subprocess
import sys
import time

import pytest

from tests.support.service_process import database_beside, served
from tests.support.snapshots_process import run

JSON = {"Content_Type": "application/json"}


def new_token(path, name, scope="write"):
    done = run(["token", name, "--scope", scope, "--tokens", path])
    assert not done.returncode, done.stderr
    return done.stdout.decode().strip()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A service that can be reached from elsewhere, and its file of tokens."""
    folder = tmp_path_factory.mktemp("guarded")
    tokens = folder / "tokens"
    folder.joinpath("secrets").write_text("\n".join(
        [new_token(tokens, "ana"), new_token(tokens, "grafana", "read")]
    ))  # fmt: skip
    options = ("--workers", "0", "--host", "0.0.0.0", "--tokens", str(tokens))
    with served(database_beside(folder), folder, *options, "--rate-limit", "0") as client:
        yield client, tokens, *folder.joinpath("secrets").read_text().split()


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    folder = tmp_path_factory.mktemp("local")
    options = ("--workers", "0", "--server-name", "csv.example.org", "--max-upload", "1MB")
    with served(database_beside(folder), folder, *options, "--rate-limit", "0") as client:
        yield client


def test_without_a_token_nobody_gets_in_from_elsewhere(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "snapshots", "serve", "--host", "0.0.0.0", "--port", "0",
         "--database", database_beside(tmp_path)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "snapshots token NAME --tokens FILE" in done.stderr


def test_a_token_is_needed_and_its_scope_counts(guarded):
    client, tokens, writer, reader = guarded
    refused = client.get("/v1/imports")
    assert (refused.status, refused.json["code"]) == (401, "unauthorized")
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert client.get("/").headers["www-authenticate"].startswith("Basic")
    unknown = client.get("/v1/imports", Authorization=f"Bearer {reader}x")
    assert (unknown.status, unknown.json["detail"]) == (401, "The token is not valid.")
    assert client.get("/v1/imports", Authorization=f"Bearer {reader}").status == 200
    login = base64.b64encode(f"whoever:{reader}".encode()).decode()
    assert client.get("/metrics", Authorization=f"Basic {login}").status == 200
    new = {"file": "a.csv"}
    denied = client.ask("POST", "/v1/imports", new, Authorization=f"Bearer {reader}")
    assert (denied.status, denied.json["code"]) == (403, "forbidden")
    assert client.ask("POST", "/v1/imports", new, Authorization=f"Bearer {writer}").status == 202
    for path in ("/healthz", "/readyz"):
        assert client.get(path).json == {"status": "ok"}
    kept = tokens.read_text()
    assert writer not in kept
    assert reader not in kept
    assert tokens.stat().st_mode & 0o777 == 0o600


def test_a_token_that_is_taken_out_counts_no_more(guarded):
    client, tokens, *_ = guarded
    third = new_token(tokens, "third")
    assert client.get("/v1/imports", Authorization=f"Bearer {third}").status == 200
    lines = tokens.read_text().splitlines(keepends=True)
    tokens.write_text("".join(line for line in lines if not line.startswith("third")))
    assert client.get("/v1/imports", Authorization=f"Bearer {third}").status == 401


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example.com", 421),
        ("[::1", 421),
        ("[zz]", 421),
        ("csv.example.org", 200),
        ("LOCALHOST:1", 200),
        ("[::1]", 200),
    ],
)
def test_the_host_must_be_one_of_ours(local, host, status):
    answer = local.get("/v1/imports", Host=host)
    assert answer.status == answer.json.get("status", 200) == status


def test_pages_of_others_change_nothing(local):
    own = f"http://127.0.0.1:{local.port}"
    others = ("https://evil.example.com", "null", "http://[::1", "http://[zz]")
    for origin, status in (*((other, 403) for other in others), (own, 202)):
        answer = local.ask("POST", "/v1/imports", {"file": "a.csv"}, Origin=origin)
        assert answer.status == status, origin


def test_a_body_has_its_limit(local):
    big = b'{"file": "' + b"x" * (1 << 20) + b'"}'
    assert local.ask("POST", "/v1/imports", big, **JSON).status == 413
    chunked = local.ask("POST", "/v1/imports", iter([big]), **JSON, Transfer_Encoding="chunked")
    assert (chunked.status, chunked.json["code"]) == (413, "too_large")
    assert local.ask("PUT", "/v1/files/limit.csv", b"x" * (1 << 20)).status == 201
    assert local.ask("PUT", "/v1/files/b.csv", b"x" * ((1 << 20) + 1)).status == 413
    pieces = (b"x" * 65536 for _ in range(17))
    late = local.ask("PUT", "/v1/files/b.csv", pieces, Transfer_Encoding="chunked")
    assert late.status == 413
    names = {one["name"] for one in local.get("/v1/files").json["files"]}
    assert "limit.csv" in names
    assert "b.csv" not in names


def test_json_that_is_nested_too_deeply(local):
    assert local.ask("POST", "/v1/imports", b"[" * 200_000, **JSON).status in {400, 422}


def test_every_answer_has_its_headers(local):
    for path in ("/v1/imports", "/nowhere", "/healthz", "/docs"):
        headers = local.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["content-security-policy"].startswith("default-src 'none'"), path
        assert headers["x-frame-options"] == "DENY"
        assert "server" not in headers
    assert local.get("/v1/imports").headers["cache-control"] == "no-store"


def test_head_is_get_without_the_body(local):
    for path in ("/v1/imports", "/healthz", "/", "/docs", "/v1/nowhere"):
        got, head = local.get(path), local.ask("HEAD", path)
        assert (head.status, head.data) == (got.status, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
    assert local.ask("HEAD", "/v1/events").status == 405


def test_who_asks_too_often_has_to_wait(tmp_path):
    options = ("--workers", "0", "--rate-limit", "0.5")
    with served(database_beside(tmp_path), tmp_path, *options) as client:
        answers = [client.get("/v1/imports") for _ in range(4)]
        assert answers[0].status == 200
        assert answers[-1].status == 429
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert client.get("/healthz").status == 200


@pytest.mark.parametrize(
    "url",
    [
        "https://ana:geheim77@example.org/a.csv",
        "https://example.org/a.csv?X-Amz-Signature=geheim77",
        "file:///etc/geheim77",
        "ftp://example.org/geheim77",
        "s3://geheim77/a.csv",
        "/etc/geheim77",
        "http://[::1/a.csv",
        "http://[zz]/a.csv",
        "s3://[zz/a.csv",
        "http://example.org:99999/a.csv",
        "http://exa mple.org/a.csv",
    ],
)
def test_urls_that_are_not_taken(local, url):
    answer = local.ask("POST", "/v1/imports", {"url": url})
    assert answer.status == 422
    if "://ana" in url or "Amz" in url:
        assert b"geheim77" not in answer.data


@pytest.mark.parametrize("name", ["../l.db", "/etc/passwd", ".hidden", "a/b", "", "a\0b"])
def test_no_file_outside_the_folder_can_be_imported(local, name):
    assert local.ask("POST", "/v1/imports", {"file": name}).status == 422


def test_a_request_that_is_no_http_says_nothing_of_us(local):
    with socket.create_connection(("127.0.0.1", local.port), timeout=120) as connection:
        connection.sendall(b"HELO\r\n\r\n")
        answer = connection.recv(1000)
    assert re.match(rb"HTTP/1.1 400", answer)
    assert b"python" not in answer.lower()


def head_in_pieces(port, piece, pause, most):
    """What comes for a head that does not end, and the seconds and bytes until it came."""
    began, sent = time.monotonic(), 0
    with socket.create_connection(("127.0.0.1", port), timeout=pause) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        while time.monotonic() - began < most:
            try:
                connection.sendall(piece)
                sent += len(piece)
                answer = connection.recv(1000)
            except TimeoutError:
                continue
            except OSError:
                answer = b""
            return answer, time.monotonic() - began, sent
    raise AssertionError("it is waited for for ever")


def test_a_head_that_does_not_end_is_not_waited_for(local):
    answer, seconds, _ = head_in_pieces(local.port, b"X-A: a\r\n", 0.5, most=30)
    assert answer == b""
    assert seconds > 5


def test_a_head_has_its_limit(local):
    _, _, sent = head_in_pieces(local.port, b"X-A: " + b"a" * 8000 + b"\r\n", 0.05, most=120)
    assert sent < 1 << 20


def test_whoever_connects_and_says_nothing_is_not_waited_for(local):
    with socket.create_connection(("127.0.0.1", local.port), timeout=120) as connection:
        assert connection.recv(100) == b""
    assert local.get("/healthz").status == 200
