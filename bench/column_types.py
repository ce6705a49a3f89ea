"""How fast the kernel finds the types of columns, on one thread: MB of input a second.

    python bench/column_types.py [--rows 150000] [--repeat 7] [--versus OLDER/_native.abi3.so]

The input lies in memory, cut into chunks. Each figure is the best of the repetitions, by the
thread's own clock. With `--versus`, the kernel of another version takes its turn between them, and
its evidence must be the same.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any
from uuid import UUID

from made_rides import blocks
from snapshots import _native
from snapshots.formats.kernel_json import dialect_json
from snapshots.model import Dialect

CHUNK = 8 << 20
REAL = Path(__file__).parent.parent / "tests/data/rides"
PLAIN = Dialect(header=False)
WORDS = (
    "pen", "Straße", "order", "late", "blue", "returned", "of", "customer", "the", "Zoë", "box",
)  # fmt: skip

Row = Callable[[random.Random, int], list[str]]


def numbers(rng: random.Random, n: int) -> list[str]:
    """Keys, counts, prices, coordinates and a time of a clock in milliseconds."""
    return [
        str(10_000_000_000 + n),
        str(rng.randrange(10 ** rng.randrange(1, 7))),
        str(rng.randrange(-500, 500)),
        str(round(rng.lognormvariate(3, 1), 2)),
        str(round(rng.uniform(-180, 180), 6)),
        str(round(rng.uniform(-90, 90), 6)),
        str(1_704_067_200_000 + rng.randrange(10**9)),
        rng.choice(["", "0", "0.5", str(rng.randrange(100) / 10)]),
        str(rng.randrange(2)),
        repr(rng.uniform(0, 1)),
    ]


def zeros(_: random.Random, n: int) -> list[str]:
    """Every other one is a number that only a float is."""
    return [("1.5", "-0.0")[n % 2]]


def floats(rng: random.Random, n: int) -> list[str]:
    """Numbers with 16 or 17 digits, with an exponent, and now and then with one."""
    value = rng.uniform(0, 100)
    return [repr(value), f"{value:.5e}", "1e5" if n % 3 == 0 else str(n)]


def dates(rng: random.Random, n: int) -> list[str]:
    def day() -> str:
        return f"{rng.randint(1950, 2030)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"

    def clock() -> str:
        return f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}"

    return [
        str(n),
        day(),
        day(),
        f"{day()} {clock()}",
        f"{day()} {clock()}.{rng.randrange(10**6):06d}",
        f"{day()}T{clock()}Z",
        f"{day()} {clock()}.{rng.randrange(1000):03d}+00:00",
        clock(),
    ]


def texts(rng: random.Random, n: int) -> list[str]:
    return [
        f"C{n:07d}",
        rng.choice(WORDS),
        " ".join(rng.choices(WORDS, k=rng.randrange(1, 12))),
        rng.choice(["", "NL", "DE", "FR"]),
        str(UUID(int=rng.getrandbits(128))),
        rng.choice(["true", "false"]),
        f"{rng.choice(WORDS)}@example.org",
    ]


def wide(rng: random.Random, n: int) -> list[str]:
    """A survey: an answer of one digit, or none, to each of 300 questions."""
    return [str(n), *rng.choices(["1", "2", "3", "4", "5", "", "", "10"], k=300)]


def made(row: Row, rows: int, *, quote: str = "") -> bytes:
    rng = random.Random(26)
    between = f"{quote},{quote}"
    lines = (f"{quote}{between.join(row(rng, n))}{quote}\n" for n in range(rows))
    return "".join(lines).encode()


def real(name: str, rows: int) -> bytes:
    """Any number of rows of a real file, which has 1,000."""
    lines = (REAL / name).read_bytes().splitlines(keepends=True)[1:]
    return b"".join(random.Random(26).choices(lines, k=rows))


def rides(rows: int, **options: Any) -> bytes:
    return b"".join(block.data for block in blocks(rows, **options))


def objects(rows: int) -> tuple[bytes, Dialect]:
    names = ("id", "day", "at", "miles", "seconds", "shared", "note")
    rng = random.Random(26)

    def one(n: int) -> dict[str, object]:
        at = f"2024-01-{rng.randint(1, 28):02d} 13:{rng.randrange(60):02d}:11"
        miles, seconds = rng.randrange(3000) / 100, rng.randrange(60, 7200)
        note = None if n % 5 else f'driver {n % 1000} said "hello"'
        values = (n, at[:10], at, miles, seconds, rng.random() < 0.1, note)
        return dict(zip(names, values, strict=True))

    lines = (json.dumps(one(n), separators=(",", ":")) + "\n" for n in range(rows))
    dialect = Dialect(delimiter="", quote=None, syntax="objects", names=names)
    return "".join(lines).encode(), dialect


def inputs(rows: int) -> Iterator[tuple[str, bytes, Dialect]]:
    yield "rides", rides(rows), PLAIN
    yield "rides, quoted", rides(rows, quoted=True), PLAIN
    yield "rides, 1 % dirty", rides(rows, dirty=0.01), PLAIN
    yield "rides, real yellow", real("yellow_tripdatasample_2020-04.csv", rows), PLAIN
    yield "rides, real green", real("green_tripdatasample_2020-04.csv", rows), PLAIN
    yield "rides, real fhv", real("fhv_tripdatasample_2020-04.csv", rows), PLAIN
    yield "numbers", made(numbers, rows), PLAIN
    yield "1.5 and -0.0 in turn", made(zeros, rows), PLAIN
    yield "floats", made(floats, rows), PLAIN
    yield "dates", made(dates, rows), PLAIN
    yield "texts", made(texts, rows), PLAIN
    yield "texts, quoted", made(texts, rows, quote='"'), PLAIN
    yield "numbers, quoted", made(numbers, rows, quote='"'), PLAIN
    yield "wide", made(wide, rows // 25), PLAIN
    yield "JSON Lines", *objects(rows)


def other(path: str) -> Any:
    loader = ExtensionFileLoader("_native", path)
    spec = spec_from_loader("_native", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def cut(native: Any, data: bytes, dialect: str) -> list[Any]:
    splitter = native.Splitter(dialect, CHUNK)
    return [*splitter.feed(data), *splitter.finish()]


def scan(native: Any, chunks: list[Any], dialect: str, fields: int) -> tuple[float, str]:
    scanner = native.Scanner(dialect, fields)
    start = time.thread_time()
    for chunk in chunks:
        scanner.scan(chunk)
    return time.thread_time() - start, scanner.evidence()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=150_000)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--versus", help="the kernel of another version, to be measured in turn")
    parser.add_argument("--only", default="", help="only inputs whose name begins so")
    given = parser.parse_args()
    kernels = [*([other(given.versus)] if given.versus else []), _native]
    heads = ["before", "after", "ratio"] if given.versus else ["MB/s"]
    print(f"| input | MB | {' | '.join(heads)} |\n|---|---:|{'---:|' * len(heads)}")
    for name, data, plain in inputs(given.rows):
        if not name.startswith(given.only):
            continue
        dialect = dialect_json(plain)
        fields = len(plain.names) or data[: data.index(b"\n")].count(b",") + 1
        chunks = [cut(native, data, dialect) for native in kernels]
        seconds: list[list[float]] = [[] for _ in kernels]
        for _ in range(given.repeat):
            seen = set()
            for native, mine, taken in zip(kernels, chunks, seconds, strict=True):
                took, evidence = scan(native, mine, dialect, fields)
                taken.append(took)
                seen.add(evidence)
            assert len(seen) == 1, f"{name}: not the same evidence"
        speeds = [len(data) / 1e6 / min(taken) for taken in seconds]
        cells = [f"{speed:,.0f}" for speed in speeds]
        if given.versus:
            cells.append(f"{speeds[1] / speeds[0]:.2f}")
        print(f"| {name} | {len(data) / 1e6:.0f} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
