"""Measures imports before and after a change where the way to the server limits each connection.

python bench/last_chunks.py --versus OLDER/src --rows 120000 --runs 7 --rate 10e6 --workers 4

With `--rate 0` there is no limit. The two run in turn. The processor time of the limiter is in no
figure.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import sys
import time
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from imports import input_file  # noqa: E402
from process_cost import Cost, middle  # noqa: E402
from targets import Lane, Postgres  # noqa: E402

PIECE = 1 << 16


class Versions(Postgres):
    """PostgreSQL behind a limiter, loaded by one of two versions."""

    source = ""
    port = 0

    def environment(self) -> dict[str, str]:
        return {**super().environment(), **({"PYTHONPATH": self.source} if self.source else {})}

    def our_command(self, lane: Lane) -> list[str]:
        own, limited = f":{self.server.port}/", f":{self.port or self.server.port}/"
        program = [sys.executable, "-m", "snapshots"]
        return [*program, *(one.replace(own, limited) for one in super().our_command(lane)[1:])]


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rate: float) -> None:
    free = time.monotonic()
    try:
        while data := await reader.read(PIECE):
            if rate:
                free = max(free, time.monotonic()) + len(data) / rate
                await asyncio.sleep(free - time.monotonic())
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def _limit(port: int, rate: float, told: multiprocessing.Queue[int]) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pass(reader, far_writer, rate), _pass(far_reader, writer, 0))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=PIECE)
    told.put(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def limiter(port: int, rate: float, told: multiprocessing.Queue[int]) -> None:
    """Passes on what clients send to the server, so many bytes a second for each connection."""
    asyncio.run(_limit(port, rate, told))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--versus", required=True)
    parser.add_argument("--rows", type=int, default=700_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=10e6)
    parser.add_argument("--workers", type=int, default=4)
    given = parser.parse_args()
    costs: dict[str, list[Cost]] = {"before": [], "after": []}
    with Versions() as target, ExitStack() as stack:
        if given.rate:
            told: multiprocessing.Queue[int] = multiprocessing.Queue()
            work = (target.server.port, given.rate, told)
            process = multiprocessing.Process(target=limiter, args=work, daemon=True)
            process.start()
            stack.callback(process.kill)
            target.port = told.get(timeout=30)
        options = ("--workers", str(given.workers))
        lane = Lane("", input_file(given.rows), ours=True, loaded=given.rows, options=options)
        for _ in range(given.runs):
            for version, source in (("before", given.versus), ("after", "")):
                target.source = source
                costs[version].append(target.run(lane)[0])
    for version, each in costs.items():
        cost, seconds = middle(each), sorted(one.seconds for one in each)
        print(
            f"{version}: {cost.seconds:.2f} s ({seconds[0]:.2f} to {seconds[-1]:.2f}); processor:"
            f" {cost.client_cpu:.2f} s, server {cost.server_cpu or 0:.2f} s"
        )


if __name__ == "__main__":
    main()
