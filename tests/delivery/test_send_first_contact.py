"""A port where nothing answers in HTTP is found out at once; what is slow is waited for."""

import asyncio
import json
import ssl
import subprocess
import time

import pytest

from snapshots.cli.progress_lines import plain_line
from snapshots.engine.events import Progress
from snapshots.model import Counts
from snapshots.time_limits import FIRST_CONTACT_SECONDS
from tests.support import other_protocols
from tests.support.command import objects, snapshots
from tests.support.database_servers import free_port
from tests.support.http_server import Handler, response, serving
from tests.support.processes import BUSY

ROWS = 20


@pytest.fixture
def certificate(tmp_path):
    """A key, and a certificate that it has signed itself, in one file."""
    key, made, both = (tmp_path / name for name in ("key.pem", "made.pem", "both.pem"))
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", made,
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    both.write_text(key.read_text() + made.read_text())
    return both


def send(url, folder, *more):
    (folder / "a.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(1, ROWS + 1)))
    began = time.monotonic()
    done = snapshots("send", "a.csv", "--to", url, "--json", *more, cwd=folder)
    return done, time.monotonic() - began


def stopped(done, seconds):
    """With 6, soon, and nothing is rejected; message and hint."""
    assert done.returncode == 6, (done.stdout, done.stderr)
    assert seconds < FIRST_CONTACT_SECONDS + BUSY
    (result,) = objects(done)
    assert (result["loaded"], result["rejected"]) == (0, 0)
    assert 0 < result["pending"] <= ROWS
    assert "defect" not in result["hint"]
    return f"{result['message']} {result['hint']}"


@pytest.mark.parametrize(
    ("speak", "says"),
    [
        (other_protocols.silent, "accepts connections but sends nothing"),
        (other_protocols.ssh, "it is SSH"),
        (other_protocols.closing_at_once, "broke before an answer came"),
        (other_protocols.http2, "only HTTP/2"),
        (other_protocols.http2_if_asked, "only HTTP/2"),
    ],
    ids=["silent", "ssh", "closing", "http2", "http2 if asked"],
)
def test_what_does_not_speak_http_is_named(tmp_path, speak, says):
    with other_protocols.speaking(speak) as port:
        said = stopped(*send(f"http://127.0.0.1:{port}/rows", tmp_path))
    assert says in said


def test_a_port_for_tls(tmp_path, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with other_protocols.speaking(other_protocols.over_tls(context)) as port:
        said = stopped(*send(f"http://127.0.0.1:{port}/rows", tmp_path))
    assert "expects TLS at this port" in said
    assert "Begin the address with https://" in said


@pytest.mark.parametrize("speak", [other_protocols.silent, other_protocols.http2_if_asked])
def test_https_to_a_port_that_does_not_speak_it(tmp_path, speak):
    with other_protocols.speaking(speak) as port:
        stopped(*send(f"https://127.0.0.1:{port}/rows", tmp_path))


def test_nobody_there(tmp_path):
    said = stopped(*send(f"http://127.0.0.1:{free_port()}/rows", tmp_path))
    assert "cannot be reached" in said


def test_what_was_sent_to_a_silent_port_is_ambiguous_once_it_is_delivered(tmp_path, database):
    """It may have read and kept it."""
    with other_protocols.speaking(other_protocols.silent) as port:
        url = f"http://127.0.0.1:{port}/rows"
        more = ("--database", database, "--concurrency", 4)
        stopped(*send(url, tmp_path, *more))

    class Taking(Handler):
        def on_request(self, request, connection):
            return response(201)

    with serving(Taking(), port):
        done, _ = send(url, tmp_path, *more)
        assert done.returncode == 0, (done.stdout, done.stderr)
        (result,) = objects(done)
        assert (result["loaded"], result["ambiguous"]) == (ROWS, 4)


class Slow(Handler):
    """Takes long for rows, and answers to all else at once."""

    def on_request(self, request, connection):
        if request.method != "POST":
            return response(405)
        seconds = FIRST_CONTACT_SECONDS + 2
        write = connection.transport.write
        asyncio.get_running_loop().call_later(seconds, write, response(201))
        return None


def test_an_api_that_needs_long_for_its_first_answer_is_waited_for(tmp_path):
    with serving(Slow()) as running:
        done, _ = send(f"{running.url}/rows", tmp_path, "--batch", ROWS)
        assert done.returncode == 0, (done.stdout, done.stderr)
        (result,) = objects(done)
        assert (result["loaded"], result["ambiguous"]) == (ROWS, 0)


class Busy(Handler):
    """Fails for a while, with the token that it was given."""

    seconds = 5

    def __init__(self):
        self.until = None

    def on_request(self, request, connection):
        self.until = self.until or time.monotonic() + self.seconds
        if time.monotonic() > self.until:
            return response(201)
        return response(503, f"no room for {request.headers['authorization']}")


def test_the_last_failure_is_in_progress_and_log(tmp_path):
    more = ("--bearer-variable", "TOKEN")
    said = "HTTP 503: no room for ***"
    with serving(Busy()) as running:
        url = f"{running.url}/rows"
        (tmp_path / "a.csv").write_text("id\n1\n2\n")
        given = ("send", "a.csv", "--to", url, *more)
        done = snapshots(*given, "--progress", "json", cwd=tmp_path, TOKEN="token-secret")
        assert done.returncode == 0, done.stderr
        told = [json.loads(line) for line in done.stderr.splitlines()]
        failures = [one["failure"] for one in told if one["event"] == "progress"]
        assert failures.count(said) > 5
        assert failures[-1] is None
        running.handler.until = None
        given = (*given, "--again", "--log-format", "json")
        done = snapshots(*given, cwd=tmp_path, TOKEN="token-secret")
        assert done.returncode == 0, done.stderr
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        (line,) = [one for one in lines if one["event"] == "delivery_retrying"]
        assert (line["level"], line["failure"], line["requests"]) == ("warning", said, 2)
    assert "token-secret" not in done.stderr


def test_the_line_of_progress_has_it():
    progress = Progress(1, "a.csv", Counts(), 0, 10, 6.0, "HTTP 503: busy")
    assert plain_line(progress, "delivered").endswith(", trying again after: HTTP 503: busy")
