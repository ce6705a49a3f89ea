"""Measures answers of the service while 1,000 imports wait and one is being loaded. Needs wrk.

python bench/status.py                        # PostgreSQL and SQLite
python bench/status.py --targets postgres --seconds 20
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.support.database_servers import PostgresServer  # noqa: E402
from tests.support.service_process import Client, served  # noqa: E402

import made_rides  # noqa: E402
import results  # noqa: E402

QUEUED = 1000
ROWS = 12_000_000
CONNECTIONS = 2
PATHS = ("/v1/imports/1", "/v1/imports?limit=50", "/healthz")
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """A server of our own, or a file."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/status.db"
        return
    with PostgresServer() as server:
        yield server.url()


def milliseconds(output: str, share: str) -> float:
    """One of the quantiles that wrk prints."""
    found = re.search(rf"^ +{share}% +([\d.]+)(us|ms|s)$", output, re.MULTILINE)
    if found is None:
        raise SystemExit(output)
    return float(found[1]) * _UNITS[found[2]]


def ask(client: Client, path: str, seconds: int) -> str:
    """What wrk has found, as a line of a table."""
    done = subprocess.run(
        ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s", "--latency",
         f"http://127.0.0.1:{client.port}{path}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rate = re.search(r"Requests/sec: +([\d.]+)", done.stdout)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    if rate is None or wrong:
        raise SystemExit(done.stdout)
    quantiles = " | ".join(f"{milliseconds(done.stdout, share):.1f}" for share in ("50", "99"))
    return f"| `GET {path}` | {float(rate[1]):,.0f} | {quantiles} |"


def loaded(client: Client) -> int:
    return int(client.get("/v1/imports/1").json["records"])


def measure(kind: str, seconds: int, file: Path) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as files,
        database(kind, Path(folder)) as url,
    ):
        uploads = Path(files)
        (uploads / "rides.csv").symlink_to(file)
        options = ("--rate-limit", "0", "--queue", "2000")
        with served(url, uploads, *options, "--workers", "0") as client:
            client.submit(file="rides.csv")
            for n in range(QUEUED):
                client.submit(file=f"later{n}.csv")
        with served(url, uploads, *options) as client:
            while not loaded(client):
                time.sleep(0.1)
            lines = ["| request | requests/s | p50 ms | p99 ms |", "|---|---:|---:|---:|"]
            for path in PATHS:
                before = loaded(client)
                lines.append(ask(client, path, seconds))
                if client.state(1) != "running" or loaded(client) == before:
                    raise SystemExit("the import was not running all the time: give more --rows")
            asked = time.monotonic()
            client.ask("POST", "/v1/imports/1/cancel")
            while client.state(1) != "cancelled":
                time.sleep(0.02)
            seconds_to_stop = time.monotonic() - asked
    took = f"The import was cancelled at the end: it stopped within {seconds_to_stop:.2f} s."
    print("\n".join(lines), took, sep="\n\n", flush=True)
    results.keep(
        f"status-{kind}",
        results.Table(
            f"Answers while an import runs and {QUEUED:,} wait ({kind})",
            lines,
            1,
            results.our_version(),
            f"python bench/status.py --targets {kind}",
            (f"wrk with {CONNECTIONS} connections, on the same cores as all else.", took),
        ),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures answers of a service at work.")
    parser.add_argument("--targets", default="postgres,sqlite")
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--file", type=Path, help="A large CSV file, instead of a made one.")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = chosen.file or Path(folder) / "rides.csv"
        if chosen.file is None:
            made_rides.write(str(file), rows=chosen.rows)
        for kind in chosen.targets.split(","):
            measure(kind, chosen.seconds, file.resolve())


if __name__ == "__main__":
    main()
