"""Measures reading by HTTP: against curl, with one connection and several, and whole imports
against the same file from the disk.

python bench/urls.py FILE.csv       # needs nginx and curl on PATH
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median

from snapshots.sources import open_source
from snapshots.sources.remote.access import RemoteAccess

FREE, LIMITED = 8097, 8096
LIMIT_MB = 20
CONFIGURATION = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off; sendfile on;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{free}; root {root}; }}
  server {{ listen 127.0.0.1:{limited}; root {root}; limit_rate {limit}; }}
}}
"""


@contextmanager
def nginx(root: Path, limit: str = f"{LIMIT_MB}m") -> Iterator[None]:
    """Serves a folder on two ports, on one of them with a limit for each connection."""
    if not shutil.which("nginx"):
        sys.exit("nginx is not on PATH")
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "nginx.conf"
        settings.write_text(
            CONFIGURATION.format(folder=folder, root=root, free=FREE, limited=LIMITED, limit=limit)
        )
        Path(folder).chmod(0o755)
        server = subprocess.Popen(["nginx", "-p", folder, "-c", str(settings)])
        time.sleep(0.5)
        try:
            yield
        finally:
            server.terminate()
            server.wait()


def curl(url: str) -> None:
    subprocess.run(["curl", "-sfo", "/dev/null", url], check=True)


def read(url: str, connections: int) -> None:
    with closing(open_source(url, RemoteAccess(connections=connections))) as source:
        for _ in source.read():
            pass


def load(name: str, folder: str, *more: str) -> None:
    """Into the SQLite file of a folder, once more."""
    subprocess.run(
        ["snapshots", "import", name, "--progress", "none", "--table", "rides", *more],
        check=True,
        cwd=folder,
        env={**os.environ, "SNAPSHOTS_STATE_DIR": folder},
        stdout=subprocess.DEVNULL,
    )


def seconds(work: Callable[[], None], runs: int) -> float:
    """The median, after one run that warms the caches."""
    work()
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures reading by HTTP.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    chosen = parser.parse_args()
    file = chosen.file.resolve()
    size = file.stat().st_size / 1e6
    free, limited = (f"http://127.0.0.1:{port}/{file.name}" for port in (FREE, LIMITED))
    lanes: dict[str, Callable[[], None]] = {
        "curl": lambda: curl(free),
        "1 connection": lambda: read(free, 1),
        "4 connections": lambda: read(free, 4),
        f"1 connection of {LIMIT_MB} MB/s": lambda: read(limited, 1),
        f"4 connections of {LIMIT_MB} MB/s": lambda: read(limited, 4),
        "import from the disk": lambda: load(str(file), folder, "--again"),
        "import by HTTP": lambda: load(free, folder, "--again"),
    }
    with nginx(file.parent), tempfile.TemporaryDirectory() as folder:
        # The table is there, so that no types have to be inferred.
        load(str(file), folder, "--limit", "1")
        for title, work in lanes.items():
            taken = seconds(work, chosen.runs)
            print(f"{title:32} {taken:8.2f} s {size / taken:10.0f} MB/s", flush=True)


if __name__ == "__main__":
    main()
