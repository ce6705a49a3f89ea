"""Deliveries that are killed, an API that remembers what it was sent, and a checker of both."""

import asyncio
import json
import os
import random
import subprocess
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from snapshots import locations
from snapshots.engine.delivery.group_commit import WINDOW
from tests.support import snapshots_process
from tests.support.bodies import rows_of
from tests.support.http_server import Handler, response
from tests.support.movies_sink import Sink
from tests.support.movies_sink_process import ROOT
from tests.support.processes import PATIENCE, limiting, wait_for

CONCURRENCY = 8
METHODS = ("POST", "PUT", "PATCH", "DELETE")


class Holding(Handler):
    """Before another handler: takes only so many requests, and then keeps silent until told. So a
    delivery cannot come to its end before what a test does in the middle of it."""

    most = None
    """Requests that are taken; None: all of them."""

    def on_request(self, request, connection):
        if request.method != "GET" and self.most is not None and self.total >= self.most:
            self._loop = asyncio.get_running_loop()
            self._silent_to.append((request, connection))
            return None
        return super().on_request(request, connection)

    def go_on(self):
        """Takes what has come meanwhile, and all that follows."""
        self.most = None
        if self._silent_to:
            self._loop.call_soon_threadsafe(self._take)

    def _take(self):
        waiting = self._silent_to[:]
        self._silent_to.clear()
        for request, connection in waiting:
            if not connection.transport.is_closing():
                connection.transport.write(self.on_request(request, connection))

    @cached_property
    def _silent_to(self):
        return []


class _Rows(Handler):
    """Takes rows whose `id` is their line; now and then it refuses for a moment, as APIs do."""

    methods = None

    def __init__(self, trouble=0.1, seed=3):
        self.taken = Counter()
        self.keys = defaultdict(set)
        self.total = 0
        self._trouble = trouble
        self._random = random.Random(seed)

    def on_request(self, request, connection):
        if self._random.random() < self._trouble:
            return response(503)
        rows = rows_of(request)
        if any(row["amount"] == 666 for row in rows):
            return response(400, "an amount of evil")
        for row in rows:
            # Where a file says how each row is sent, that follows from its line.
            assert self.methods is None or request.method == self.methods[row["id"] % 4]
            self.taken[row["id"]] += 1
            self.keys[row["id"]].add(request.key)
        self.total += 1
        return response(201)


class Api(Holding, _Rows):
    """The API of most deliveries here."""


class ByMethod(Api):
    """The same for rows that say how they are sent."""

    methods = METHODS


class HeldSink(Holding, Sink):
    """The movies sink."""

    @property
    def total(self):
        return self.posts[201]


class MoviesSink(HeldSink):
    """The same, and the line of each movie, with which its title ends."""

    def __init__(self):
        super().__init__(seed=5)
        self.taken = Counter()
        self.keys = defaultdict(set)

    def _keep(self, request):
        line = int(json.loads(request.body)["title"].rpartition("#")[2])
        self.taken[line] += 1
        self.keys[line].add(request.key)


@dataclass
class Rows:
    """A file whose every record's fate is known, by its line."""

    path: Path
    good: set[int] = field(default_factory=set)
    bad: dict[int, str] = field(default_factory=dict)
    """With the code that each is rejected with."""
    refused: set[int] = field(default_factory=set)
    blank: int = 0
    contract: dict = field(default_factory=lambda: CONTRACT)

    @property
    def sendable(self):
        return sorted(self.good | self.refused)

    @property
    def codes(self):
        """How often each code of a reject is to be expected."""
        refused = {"refused_by_target": len(self.refused)} if self.refused else {}
        return Counter(self.bad.values()) | Counter(refused)


def make_rows(path, records, seed=1, contract=None):
    """id,name,amount: 1 % bad amounts, some that the API refuses, blank lines, quoted line ends.
    With a contract of one's own also `how`, the method of each."""
    rows = Rows(path, contract=contract or CONTRACT)
    rng = random.Random(seed)
    line = 2
    with path.open("w", newline="") as file:
        file.write(f"id,name,amount{',how' if contract else ''}\n")
        for _ in range(records):
            how = f",{METHODS[line % 4]}" if contract else ""
            roll = rng.random()
            if roll < 0.005:
                file.write("\n")
                rows.blank += 1
            elif roll < 0.015:
                file.write(f"{line},bad,12x{how}\n")
                rows.bad[line] = "not_a_number"
            elif roll < 0.02:
                file.write(f"{line},evil,666{how}\n")
                rows.refused.add(line)
            elif roll < 0.04:
                file.write(f'{line},"two\nlines",1.5{how}\n')
                rows.good.add(line)
                line += 1
            else:
                file.write(f"{line},name {line},{line % 100}.25{how}\n")
                rows.good.add(line)
            line += 1
    return rows


def make_movies(path, movies, times):
    """The file of movies so many times over, each with a title of its own: its line."""
    schema = json.loads((ROOT / "examples" / "movies" / "schema.json").read_text("utf-8"))
    rows = Rows(path, contract=schema)
    header, *lines = movies.read_text("utf-8").splitlines()
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{header}\n")
        for number, line in enumerate(lines * times, 2):
            fields = line.split(";")
            if not line:
                rows.blank += 1
            elif len(fields) != 10:
                rows.bad[number] = "field_count"
            elif "\N{REPLACEMENT CHARACTER}" in line:
                rows.bad[number] = "pattern_mismatch"
            else:
                title = fields[2].strip('"')
                fields[2] = f"{title} #{number}"
                rows.good.add(number)
            file.write(";".join(fields) + "\n")
    return rows


CONTRACT = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "name", "type": "string"},
        {"name": "amount", "type": "number"},
    ]
}
NESTED = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "about.name", "x-source": "name"},
        {"name": "about.value.amount", "x-source": "amount", "type": "number"},
        {"name": "how"},
    ]
}


def start(
    database, rows, url, folder, fault="", batch=1, limits=None, concurrency=CONCURRENCY, more=()
):
    """A delivery of the file, as a process of its own."""
    contract = folder / "schema.json"
    contract.write_text(json.dumps(rows.contract))
    environment = {**os.environ, "SNAPSHOTS_STATE_DIR": str(folder / "state")}
    environment.pop("SNAPSHOTS_FAULT", None)
    if fault:
        environment["SNAPSHOTS_FAULT"] = fault
    arguments = [
        "send", rows.path, "--to", url, "--database", database, "--contract", contract,
        "--concurrency", concurrency, "--json", "--progress", "none", "--batch", batch, *more,
    ]  # fmt: skip
    return snapshots_process.start(
        arguments,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limiting(limits),
    )


def settled(database, rows, import_id=1):
    """The lines that the ledger says are decided."""
    session = locations.target(database).connect(create=False)
    try:
        chunks = session.execute(
            "SELECT start_line, end_line, pending, sent FROM snapshots_chunks WHERE import_id = ?",
            (import_id,),
        )
    finally:
        session.close()
    found = set()
    for begin, end, pending, sent in chunks:
        lines = [line for line in rows.sendable if begin <= line < end]
        if pending == 0:
            found.update(lines)
            continue
        for run in filter(None, sent.split(",")):
            first, _, last = run.partition("-")
            found.update(lines[int(first) : int(last or first) + 1])
    return found


class Killer:
    """Kills one delivery again and again, and sees to it that nothing settled is sent again."""

    def __init__(self, database, rows, running, folder, *, batch=1, seed=7, more=(), front=str):
        """`more`: further options. `front` gives the URL that leads to another."""
        self._database = database
        self._rows = rows
        self._running = running
        self._api = running.handler
        self._folder = folder
        self._batch = batch
        self._random = random.Random(seed)
        self._more = more
        self._url = front(running.url)
        self.kills = 0

    def _start(self):
        url = self._url.removesuffix("/rows") + "/rows"
        more = {"batch": self._batch, "more": self._more}
        return start(self._database, self._rows, url, self._folder, **more)

    def kill_after(self, requests, most):
        """Lets it go on for about so many requests; False if it was at its end before.

        However late it is killed beside other work, it is answered to no more than `most`."""
        process = self._start()
        goal = self._api.total + requests
        self._api.most = self._api.total + most
        wait_for(lambda: self._api.total >= goal or process.poll() is not None)
        if process.poll() is not None:
            out, err = process.communicate()
            assert process.returncode == 3, (out, err)
            return False
        process.kill()
        process.communicate()
        self.kills += 1
        # What is still in the sockets was sent before.
        wait_for(lambda: not self._running.connections)
        self._api.go_on()
        return True

    def run(self, kills, most):
        """Kills it so often at random; then lets it end."""
        known = Counter()
        for _ in range(kills):
            requests = self._random.randint(1, most)
            if not self.kill_after(requests, requests + most // 4):
                break
            self._nothing_settled_was_sent_again(known)
            known = {line: self._api.taken[line] for line in settled(self._database, self._rows)}
        process = self._start()
        out, err = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err, err
        self._nothing_settled_was_sent_again(known)
        return process.returncode, json.loads(out.strip().splitlines()[-1])

    def _nothing_settled_was_sent_again(self, known):
        again = {line for line, times in known.items() if self._api.taken[line] != times}
        assert not again, f"sent again although they were confirmed: {sorted(again)[:10]}"


def check(rows, api, result, kills, batch=1):
    """Every good row at least once, twice only within the window, the account is the file's."""
    assert set(api.taken) == rows.good, "rows lost or too many"
    twice = sum(times - 1 for times in api.taken.values())
    assert twice <= kills * WINDOW * CONCURRENCY * batch
    assert all(len(keys) == 1 for keys in api.keys.values()), "a row was sent under two keys"
    assert (result["state"], result["pending"]) == ("finished", 0)
    assert (result["loaded"], result["skipped"]) == (len(rows.good), rows.blank)
    assert result["rejects_by_code"] == rows.codes
    return twice
