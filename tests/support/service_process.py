"""`snapshots serve` as a process, and a client of it."""

import json
import os
import re
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection

from tests.support import snapshots_process
from tests.support.processes import PATIENCE, wait_for

OVER = {"finished", "failed", "cancelled", "undone"}


@dataclass
class Answer:
    status: int
    headers: dict
    data: bytes

    @property
    def json(self):
        return json.loads(self.data)

    @property
    def lines(self):
        return [json.loads(line) for line in self.data.splitlines()]


@dataclass
class Client:
    """Each request on a connection of its own; the headers go with all of them."""

    port: int
    process: subprocess.Popen
    headers: dict = field(default_factory=dict)

    def ask(self, method, path, body=None, **headers):
        connection, answer = self.open(method, path, body, **headers)
        with connection:
            return Answer(answer.status, dict(answer.headers.items()), answer.read())

    def open(self, method, path, body=None, **headers):
        """The connection, to be closed, and an answer that is not read yet."""
        sent = {**self.headers, **{name.replace("_", "-"): text for name, text in headers.items()}}
        if isinstance(body, dict | list):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = _Connection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, path, body, sent, encode_chunked=hasattr(body, "__next__"))
        return connection, connection.getresponse()

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def submit(self, key=None, **wanted):
        """The number of the import that is asked for."""
        headers = {"Idempotency_Key": key} if key else {}
        answer = self.ask("POST", "/v1/imports", wanted, **headers)
        assert answer.status == 202, answer
        assert answer.headers["location"] == f"/v1/imports/{answer.json['import_id']}"
        return answer.json["import_id"]

    def state(self, number):
        return self.get(f"/v1/imports/{number}").json["state"]

    def wait(self, number, *states, seconds=PATIENCE):
        """The import, once it is in such a state."""
        wait_for(lambda: self.state(number) in (states or OVER), seconds)
        return self.get(f"/v1/imports/{number}").json

    def stop(self, sent=signal.SIGTERM):
        """The exit code."""
        self.process.send_signal(sent)
        return self.process.wait(PATIENCE)


class _Connection(HTTPConnection):
    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def database_beside(folder):
    """Not among the uploads, which clients may replace."""
    beside = folder.with_name(f"{folder.name}-database")
    beside.mkdir()
    return f"sqlite:///{beside}/s.db"


@contextmanager
def served(database, folder, *options, **variables):
    """The service; killed at the end if it still lives."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    environment |= {"SNAPSHOTS_STATE_DIR": str(folder / "state"), **variables}
    log = folder.with_name(f"{folder.name}.log")
    with log.open("w+") as out:
        arguments = ["serve", "--database", database, "--files", folder, "--port", "0", *options]
        process = snapshots_process.start(arguments, env=environment, stderr=out)
        try:
            wait_for(lambda: _port(log) or process.poll() is not None)
            assert _port(log), log.read_text()
            yield Client(_port(log), process)
        finally:
            process.kill()
            process.wait()
            assert "SNAPSHOTS_FAULT" in variables or "Traceback" not in log.read_text()
            assert "geheim77" not in log.read_text()


def _port(log):
    found = re.search(r"^serving .*:(\d+)/$", log.read_text(), re.MULTILINE)
    return int(found[1]) if found else None


def routes(client):
    """Each operation of the service, as its document has it: method, path, and what it says."""
    for path, methods in client.get("/v1/openapi.json").json["paths"].items():
        yield from ((method.upper(), path, one) for method, one in methods.items())
