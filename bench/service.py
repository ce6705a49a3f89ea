"""Measures the service: a large file that nginx gives by HTTP, loaded by `snapshots serve` into
PostgreSQL, beside `snapshots import` of the same file from the disk.

python bench/service.py                   # the full month, 2.9 GB; needs nginx
python bench/service.py --rows 3500000 --runs 3
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.support.service_process import Client, served  # noqa: E402

import made_rides  # noqa: E402
import results  # noqa: E402
import urls  # noqa: E402
from imports import input_file, say  # noqa: E402
from process_cost import Cost, Failed, Meter, middle  # noqa: E402
from targets import CHECKSUM, TABLE, Lane, Postgres  # noqa: E402

HTTP = "`snapshots serve`, by HTTP"
RESUMED = "the same, cancelled at half and resumed"
LOOK_SECONDS = 0.25
MOST_MEMORY = 250e6
LEAST_RATIO = 0.9
MOST_SECONDS_TO_STOP = 2.0


@contextmanager
def service(target: Postgres) -> Iterator[Client]:
    """`snapshots serve` for a fresh database with the typed table, as an import finds it."""
    target.renew()
    target.sql(target.table(lineage=True))
    os.sync()
    host = f"127.0.0.1:{urls.FREE}"
    with (
        tempfile.TemporaryDirectory() as folder,
        served(
            target.url, Path(folder) / "files", "--allow-host", host, "--rate-limit", "0"
        ) as one,
    ):
        yield one


def until(client: Client, number: int, over: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Looks at an import until it is as wanted; never so often that looking costs anything."""
    while not over(shown := client.get(f"/v1/imports/{number}").json):
        if shown["state"] in {"failed", "interrupted"}:
            raise Failed(f"import {number} is {shown['state']}: {shown['error']}")
        time.sleep(LOOK_SECONDS)
    return shown


def require(target: Postgres, shown: dict[str, Any], expected: str) -> None:
    """The account balances, and the table holds what the local import has loaded."""
    records = shown["records"]
    if shown["state"] != "finished" or shown["progress"]["percent"] != 100:
        raise Failed(f"it is {shown['state']}, {shown['bytes']}")
    if records["total"] != records["loaded"] + records["rejected"] + records["skipped"]:
        raise Failed(f"the account does not balance: {records}")
    checksum = target.sql(CHECKSUM + TABLE).strip()
    if checksum != expected or int(checksum.split()[0]) != records["loaded"]:
        raise Failed(f"{checksum} is in the table, {expected} was loaded from the disk")


def load(target: Postgres, url: str, expected: str) -> Cost:
    """The whole file by HTTP, from the request to `finished`."""
    with service(target) as client:
        meter = Meter(client.process.pid, target.server_pid)
        number = client.submit(url=url, table=TABLE)
        shown = until(client, number, lambda one: one["state"] == "finished")
        cost = meter.stop()
    require(target, shown, expected)
    return cost


def cancel_and_resume(target: Postgres, url: str, expected: str) -> tuple[Cost, str]:
    """The same, cancelled at half; what both halves cost, and what to say of it."""
    with service(target) as client:
        meter = Meter(client.process.pid, target.server_pid)
        number = client.submit(url=url, table=TABLE)
        until(client, number, lambda one: (one["progress"]["percent"] or 0) >= 50)
        asked = time.perf_counter()
        client.ask("POST", f"/v1/imports/{number}/cancel")
        while (state := client.state(number)) == "running":
            time.sleep(LOOK_SECONDS / 10)
        to_stop = time.perf_counter() - asked
        first = meter.stop()
        half = client.get(f"/v1/imports/{number}").json
        kept = int(target.sql(f"SELECT count(*) FROM {TABLE}"))
        if state != "cancelled" or kept != half["loaded"]:
            raise Failed(f"it is {state} with {kept} rows in the table: {half}")
        if to_stop > MOST_SECONDS_TO_STOP:
            raise Failed(f"it took {to_stop:.2f} s to stop")
        meter = Meter(client.process.pid, target.server_pid)
        client.ask("POST", f"/v1/imports/{number}/resume")
        shown = until(client, number, lambda one: one["state"] == "finished")
        cost = first + meter.stop()
    require(target, shown, expected)
    return cost, (
        f"Cancelled at {half['bytes']['percent']} %, it stopped within {to_stop:.2f} s, with"
        f" {kept:,} rows in the table. Resumed, it finished: the account balanced, and the table"
        " held what the local import had loaded."
    )


def measure(target: Postgres, file: Path, rows: int, runs: int) -> tuple[list[results.Line], str]:
    """All three in turn, `runs` times."""
    url = f"http://127.0.0.1:{urls.FREE}/{file.name}"
    local = Lane("`snapshots import`, from the disk", file, ours=True, loaded=rows)
    costs: dict[str, list[Cost]] = {"local": [], "http": [], "resumed": []}
    note = ""
    with urls.nginx(file.parent):
        for _ in range(runs):
            cost, checksum = target.run(local)
            keep(costs["local"], local.title, cost)
            keep(costs["http"], HTTP, load(target, url, checksum))
            cost, note = cancel_and_resume(target, url, checksum)
            keep(costs["resumed"], RESUMED, cost)
    medians = {name: middle(each) for name, each in costs.items()}
    titles = {"local": local.title, "http": HTTP, "resumed": RESUMED}
    before = medians["local"].seconds
    size = file.stat().st_size
    lines = [
        results.Line(titles[name], cost, size, before / cost.seconds if name != "local" else None)
        for name, cost in medians.items()
    ]
    return lines, note


def keep(costs: list[Cost], title: str, cost: Cost) -> None:
    """And says so."""
    say(f"{title}: {cost.seconds:.2f} s, {cost.peak_rss / 1e6:.0f} MB")
    costs.append(cost)


def require_enough(lines: list[results.Line]) -> None:
    """What was promised."""
    most = max(line.cost.peak_rss for line in lines)
    if most > MOST_MEMORY:
        sys.exit(f"{most / 1e6:.0f} MB of memory are more than {MOST_MEMORY / 1e6:.0f}")
    if (lines[1].versus or 0) < LEAST_RATIO:
        sys.exit(f"{lines[1].versus:.2f} of the local speed is less than {LEAST_RATIO}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures loading by the service.")
    parser.add_argument("--rows", type=int, default=made_rides.FULL_ROWS)
    parser.add_argument("--runs", type=int, default=1)
    chosen = parser.parse_args()
    file = input_file(chosen.rows)
    command = shlex.join(["python", "bench/service.py", *sys.argv[1:]])
    with Postgres() as target:
        versions = f"{target.version()}, {results.our_version()}"
        lines, note = measure(target, file, chosen.rows, chosen.runs)
    size = file.stat().st_size / 1e9
    title = f"The service: {chosen.rows:,} rows ({size:.1f} GB) by HTTP from nginx (postgres)"
    results.keep(
        "service",
        results.Section(title, "disk / s", lines, chosen.runs, versions, command, (note,)),
    )
    require_enough(lines)


if __name__ == "__main__":
    main()
