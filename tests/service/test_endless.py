"""A very large object by HTTP, made as it is read, into PostgreSQL by a service that is killed on
the way: memory stays as it is, what is said of percent and time left is right, nothing is lost.

SNAPSHOTS_SOAK_GB says how large, 30 by default; it needs half as much room in the temporary folder.
"""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.faults.test_memory import resident
from tests.support.database_servers import PostgresServer
from tests.support.endless_file_server import FIELDS, ROWS, Endless
from tests.support.input_files import rows
from tests.support.service_process import served

GIGABYTES = float(os.environ.get("SNAPSHOTS_SOAK_GB", "30"))
KILLS = 3
FIRST_PERCENT = 5.0
"""Before that, a time left is a guess."""
TOLERANCE = 0.2
LAST_SECONDS = 3.0
LOOK_SECONDS = 0.25
MOST_MEGABYTES = 250


@dataclass
class Look:
    """What the service said at a moment."""

    at: float
    """Seconds that it was worked on; while nobody works, time stands still."""
    percent: float
    left: float | None
    megabytes: int


@dataclass
class Watched:
    """All looks at one import, through the lives of the services that load it."""

    looks: list[Look] = field(default_factory=list)
    worked: float = 0.0
    last: dict = field(default_factory=dict)

    def life(self, client, until_percent):
        """Watches until there is so much of it, or it is over."""
        began = None
        while True:
            shown = client.get("/v1/imports/1").json
            now = time.monotonic()
            done = shown["progress"]["done"]
            more = done > self.last.get("bytes", {}).get("done", 0)
            if began is None and more and shown["state"] != "interrupted":
                began = now
            self.last = shown
            assert shown["state"] not in {"failed", "cancelled"}, shown
            if began is not None:
                eta = shown["eta"]
                self.looks.append(
                    Look(
                        self.worked + now - began,
                        shown["progress"]["percent"],
                        eta and eta["seconds"],
                        resident(client.process.pid),
                    )
                )
            if shown["state"] == "finished" or (shown["progress"]["percent"] or 0) >= until_percent:
                break
            time.sleep(LOOK_SECONDS)
        self.worked += time.monotonic() - (began or time.monotonic())


@contextmanager
def endless(size):
    """The web server, and its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.endless_file_server", str(size)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def off(watched, said_and_true):
    """By what share figures were wrong, from 5 % on; the worst last. Of the last seconds none."""
    pairs = [said_and_true(look) for look in watched.looks if look.percent >= FIRST_PERCENT]
    return sorted(abs(said - true) / true for said, true in pairs if true > LAST_SECONDS)


def require_right(name, shares):
    """Nine of ten within a fifth: what else a machine does, nobody can know beforehand."""
    worst, most = shares[-1], shares[len(shares) * 9 // 10]
    within = sum(share <= TOLERANCE for share in shares) / len(shares)
    print(
        f"{name}: {within:.1%} of {len(shares)} figures within {TOLERANCE:.0%}; worst {worst:.1%}"
    )
    assert most <= TOLERANCE, (name, shares[::10])


def require_whole(database, thing):
    """Every record in its bucket, every row there once, with its values."""
    sums = "SELECT state, records, loaded, rejected, skipped FROM snapshots_imports"
    blocks = thing.blocks
    expected = [("finished", blocks * (ROWS + 2), thing.good, blocks, blocks)]
    assert rows(database, sums) == expected
    assert rows(database, "SELECT COUNT(*) FROM snapshots_rejects") == [(blocks,)]
    whole = (ROWS, ROWS * (ROWS - 1) // 2, sum(n * n for n in range(ROWS)))
    found = rows(
        database,
        "SELECT COUNT(*), MIN(block), MAX(block), SUM(CASE WHEN (n, once, square) ="
        f" {whole} THEN 1 ELSE 0 END) FROM (SELECT block, COUNT(*) AS n,"
        " SUM(row) AS once, SUM(row * row) AS square FROM endless GROUP BY block) AS each",
    )
    assert found == [(blocks, 10**8, 10**8 + blocks - 1, blocks)]


def tenths(watched):
    """The most megabytes in each tenth."""
    most = [0] * 10
    for look in watched.looks:
        tenth = min(int(look.percent // 10), 9)
        most[tenth] = max(most[tenth], look.megabytes)
    return most


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
def test_a_very_large_object_through_three_kills(tmp_path):
    thing = Endless.of(int(GIGABYTES * 1e9))
    files, watched = tmp_path / "files", Watched()
    with PostgresServer() as server, endless(thing.size) as url:
        allow = ("--allow-host", url.split("/")[2], "--rate-limit", "0")
        for life in range(1, KILLS + 2):
            with served(server.url(), files, *allow) as client:
                if life == 1:
                    client.submit(url=url, contract=FIELDS, table="endless")
                watched.life(client, life * 100 / (KILLS + 1))
        took = watched.worked
        print(
            f"{thing.size / 1e9:.1f} GB in {took:.0f} s, {thing.size / 1e6 / took:.0f} MB/s; MB"
            f" in each tenth {tenths(watched)}"
        )
        for look in watched.looks[:: max(1, len(watched.looks) // 40)]:
            print(
                f"{look.at:7.1f} s {look.percent:5.1f} % {look.left} s left: {took - look.at:.1f}"
            )
        require_whole(server.url(), thing)
    require_right("percent", off(watched, lambda look: (look.percent / 100 * took, look.at)))
    require_right("time left", off(watched, lambda look: (look.left or 0.0, took - look.at)))
    assert max(tenths(watched)) <= min(MOST_MEGABYTES, tenths(watched)[0] + 40), tenths(watched)
