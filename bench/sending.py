"""`snapshots send` against its own HTTP client alone, with a local nginx that answers 201.

    python bench/sending.py --rows 200000 --runs 3

The bare client sends the same constant body as often as there are rows; the delivery reads, checks
and converts a CSV file, makes keys, and keeps its books in a SQLite file.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from measure import run

NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/log crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ return 201; }} }}
}}
"""
BODY = b'{"id":123456,"name":"name 123456","amount":56.25,"at":"2024-01-01T00:00:56"}'


def bare(url: str, requests: int, concurrency: int) -> None:
    """The client alone."""
    from snapshots.targets.http import HttpSettings, run
    from snapshots.targets.http.transport import Transport

    async def send() -> None:
        transport = Transport(HttpSettings(url=url, concurrency=concurrency))
        left = iter(range(requests))

        async def work() -> None:
            for _ in left:
                await transport.send(BODY, "0123456789abcdef0123456789abcdef")

        await asyncio.gather(*(work() for _ in range(concurrency)))
        transport.close()

    run(send())


def make(path: Path, rows: int) -> None:
    with path.open("w") as file:
        file.write("id,name,amount,at\n")
        for n in range(rows):
            file.write(f"{n},name {n},{n % 1000}.25,2024-01-01 00:00:{n % 60:02d}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--bare", metavar="URL", help="be the bare client")
    chosen = parser.parse_args()
    if chosen.bare:
        bare(chosen.bare, chosen.rows, chosen.concurrency)
        return
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as free:
        folder, port = Path(name), free.getsockname()[1]
        free.close()
        (folder / "conf").write_text(NGINX.format(folder=folder, port=port))
        nginx = shutil.which("nginx")
        if nginx is None:
            sys.exit("nginx is needed")
        server = subprocess.Popen([nginx, "-p", name, "-c", str(folder / "conf")])
        try:
            measure(chosen, folder, f"http://127.0.0.1:{port}/rows")
        finally:
            server.terminate()
            server.wait()


def measure(chosen: argparse.Namespace, folder: Path, url: str) -> None:
    make(folder / "rows.csv", chosen.rows)
    time.sleep(0.5)
    shape = ["--rows", str(chosen.rows), "--concurrency", str(chosen.concurrency)]
    commands = {
        "bare client": [sys.executable, __file__, "--bare", url, *shape],
        "snapshots send": [
            sys.executable, "-m", "snapshots", "send", str(folder / "rows.csv"), "--to", url,
            "--concurrency", str(chosen.concurrency), "--database", f"sqlite:///{folder}/home.db",
            "--again", "--progress", "none",
        ],
    }  # fmt: skip
    costs = {name: [] for name in commands}
    for _ in range(chosen.runs):
        for name, command in commands.items():
            costs[name].append(run(command))
    rates = {}
    for name, found in costs.items():
        rates[name] = chosen.rows / median(cost.seconds for cost in found)
        cpu = median(cost.client_cpu for cost in found)
        peak = max(cost.peak_rss for cost in found) / 1e6
        print(f"{name:16}{rates[name]:>9,.0f} requests/s{cpu:>8.2f} s CPU{peak:>8.0f} MB")
    print(f"ratio {rates['snapshots send'] / rates['bare client']:.2f}")


if __name__ == "__main__":
    main()
