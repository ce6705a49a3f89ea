"""Computes what smaller chunks at the end of an input would save: `python bench/last_chunks.py`.

Some cores are shared equally by one reader and several workers. Nothing is loaded: the costs are
arguments, so that a machine that is busy with other work gives the same answer.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

CHUNK = 8.0
LEAST = 1.0
"""Megabytes of the largest and the smallest chunk."""
STARTED = 0.5
"""Seconds of an import before its first chunk and after its last one."""
STEP = 0.002
SIZES = ((16, 24), (45, 55), (95, 105), (495, 505))


@dataclass(frozen=True)
class Costs:
    """Seconds of processor time, and what can be used at once."""

    cores: int
    workers: int
    megabyte: float
    """Of a worker and its server."""
    read: float
    """Of the reader, for a megabyte."""
    commit: float
    width: float
    """The cores that a worker and its server use together."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--workers", type=int, default=3)
    given = parser.parse_args()
    print("| commit, ms | cores of one worker | MB | seconds saved |\n|---:|---:|---|---:|")
    for commit in (0.001, 0.004):
        for width in (1.0, 1.5):
            costs = Costs(given.cores, given.workers, 0.035, 0.003, commit, width)
            for least, most in SIZES:
                sizes = [size / 2 for size in range(2 * least, 2 * most, 2)]
                before = sum(STARTED + seconds(equal(size), costs) for size in sizes)
                after = sum(STARTED + seconds(halved(size, costs), costs) for size in sizes)
                saved = 1 - after / before
                print(f"| {1000 * commit:.0f} | {width} | {least}-{most} | {saved:.1%} |")


def equal(size: float) -> list[float]:
    """The chunks of an input as they are."""
    whole = int(size // CHUNK)
    rest = size - whole * CHUNK
    return [CHUNK] * whole + ([rest] if rest else [])


def halved(size: float, costs: Costs) -> list[float]:
    """Chunks that halve once less than one for each worker is left."""
    chunks = []
    while size > 0:
        one = CHUNK
        while one > LEAST and size < costs.workers * one:
            one /= 2
        chunks.append(min(one, size))
        size -= one
    return chunks


def seconds(chunks: list[float], costs: Costs) -> float:
    """How long it takes to load them."""
    left, waiting, loading = list(chunks), list[float](), list[float]()
    reading: tuple[float, float] | None = None
    now = 0.0
    while left or waiting or loading or reading:
        if reading is None and left and len(waiting) < costs.cores:
            chunk = left.pop(0)
            reading = (chunk * costs.read, chunk)
        while waiting and len(loading) < costs.workers:
            loading.append(waiting.pop(0) * costs.megabyte + costs.commit)
        wanted = (reading is not None) + costs.width * len(loading)
        share = min(1.0, costs.cores / wanted) * STEP
        if reading is not None:
            reading = (reading[0] - share, reading[1])
            if reading[0] <= 0:
                waiting.append(reading[1])
                reading = None
        loading = [one for one in (it - costs.width * share for it in loading) if one > 0]
        now += STEP
    return now


if __name__ == "__main__":
    main()
