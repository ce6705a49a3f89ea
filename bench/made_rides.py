"""Writes CSV that looks like New York's ride records of January 2024, any amount of it.

The same seed gives the same bytes, and fewer rows are a prefix of more rows.
19,663,930 rows are what the real month has.

    python bench/made_rides.py --rows 3500000 rides.csv
    python bench/made_rides.py --bytes 500MB --dirty 0.01 - | head

Rows are put together from fragments that are drawn afresh for each block: writing them costs
little more than joining strings, and no two stretches of a file are alike.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

FULL_ROWS = 19_663_930
COLUMNS = (
    "hvfhs_license_num", "dispatching_base_num", "originating_base_num", "request_datetime",
    "on_scene_datetime", "pickup_datetime", "dropoff_datetime", "PULocationID", "DOLocationID",
    "trip_miles", "trip_time", "base_passenger_fare", "tolls", "bcf", "sales_tax",
    "congestion_surcharge", "airport_fee", "tips", "driver_pay", "shared_request_flag",
    "shared_match_flag", "access_a_ride_flag", "wav_request_flag", "wav_match_flag",
)  # fmt: skip
BLOCK_ROWS = 50_000
FRAGMENTS = 12_000
MONTH_BEGINS = datetime(2024, 1, 1)
MONTH_SECONDS = 31 * 86_400
LYFT_SHARE = 0.26
UBER_BASES = ("B03404", "B03404", "B03404", "B02764", "B02872", "B02887")
FLAGS = ("NNNNN",) * 16 + ("YNNNN", "YYNNN", "NNNNY", "NNNYY")
UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}


@dataclass(frozen=True)
class Block:
    """Whole rows, each with its line end."""

    data: bytes
    rows: int
    dirty: int


def blocks(
    rows: int, *, seed: int = 0, dirty: float = 0.0, quoted: bool = False
) -> Iterator[Block]:
    """`rows` rows; the share `dirty` of each block's rows is broken."""
    for index, first in enumerate(range(0, rows, BLOCK_ROWS)):
        lines = _lines(random.Random(f"{seed}:{index}"), first, '"' if quoted else "")
        encoded = [line.encode() for line in lines[: rows - first]]
        broken = _break(encoded, random.Random(f"{seed}:{index}:dirty"), dirty)
        encoded.append(b"")
        yield Block(b"\n".join(encoded), len(encoded) - 1, broken)


def header(*, quoted: bool = False) -> bytes:
    return ",".join(f'"{name}"' if quoted else name for name in COLUMNS).encode() + b"\n"


def dirty_rows(rows: int, share: float) -> int:
    """How many of so many rows are broken."""
    return sum(round(min(BLOCK_ROWS, rows - first) * share) for first in range(0, rows, BLOCK_ROWS))


def _lines(rng: random.Random, first_row: int, quote: str) -> list[str]:
    second = first_row % FULL_ROWS * MONTH_SECONDS // FULL_ROWS
    pools = (
        [_ride(rng, second, quote) for _ in range(FRAGMENTS)],
        [_trip(rng) for _ in range(FRAGMENTS)],
        [_money(rng) for _ in range(FRAGMENTS)],
        [",".join(f"{quote}{flag}{quote}" for flag in flags) for flags in FLAGS],
    )
    return list(
        map(",".join, zip(*(rng.choices(pool, k=BLOCK_ROWS) for pool in pools), strict=True))
    )


def _ride(rng: random.Random, second: int, quote: str) -> str:
    """Who drove, and the four times; Lyft names neither the base nor the arrival."""
    request = MONTH_BEGINS + timedelta(seconds=second + rng.randrange(3600))
    on_scene = request + timedelta(seconds=rng.randrange(30, 700))
    pickup = on_scene + timedelta(seconds=rng.randrange(5, 300))
    dropoff = pickup + timedelta(seconds=rng.randrange(120, 5000))
    if rng.random() < LYFT_SHARE:
        who = f"{quote}HV0005{quote},{quote}B03406{quote},"
        arrived = ""
    else:
        base = f"{quote}{rng.choice(UBER_BASES)}{quote}"
        who = f"{quote}HV0003{quote},{base},{base}"
        arrived = str(on_scene)
    return f"{who},{request},{arrived},{pickup},{dropoff}"


def _trip(rng: random.Random) -> str:
    miles = round(rng.lognormvariate(1.1, 0.85), rng.choice((2, 2, 3)))
    return f"{rng.randint(1, 265)},{rng.randint(1, 265)},{miles},{rng.randrange(120, 5000)}"


def _money(rng: random.Random) -> str:
    fare = round(rng.lognormvariate(2.9, 0.6), 2)
    tolls = rng.choice((0.0,) * 9 + (6.94, 11.19))
    congestion = rng.choice((0.0, 0.0, 0.0, 2.75))
    airport = rng.choice((0.0,) * 11 + (2.5,))
    tips = round(rng.uniform(1, 12), 2) if rng.random() < 0.18 else 0.0
    shares = (round(fare * share, 2) for share in (0.0275, 0.0888))
    pay = round(fare * rng.uniform(0.6, 0.95), 2)
    return ",".join(map(str, (fare, tolls, *shares, congestion, airport, tips, pay)))


def _break(lines: list[bytes], rng: random.Random, share: float) -> int:
    """Breaks a share of the lines in four ways in turn, none of which spoils another line."""
    chosen = rng.sample(range(len(lines)), dirty_rows(len(lines), share))
    for number, position in enumerate(chosen):
        fields = lines[position].split(b",")
        match number % 4:
            case 0:
                fields.pop()
            case 1:
                fields[3] = b"2024-01-32 25:61:00"
            case 2:
                fields[11] = b"12.5O"
            case _:
                fields[1] = b"B0\xff\xfe34"
        lines[position] = b",".join(fields)
    return len(chosen)


def write(
    path: str,
    *,
    rows: int = FULL_ROWS,
    size: int | None = None,
    seed: int = 0,
    dirty: float = 0.0,
    quoted: bool = False,
) -> tuple[int, int]:
    """Writes `rows` rows, or whole blocks up to `size` bytes; rows and dirty rows written."""
    written = broken = 0
    standard = path == "-"
    with nullcontext(sys.stdout.buffer) if standard else Path(path).open("wb") as out:
        length = out.write(header(quoted=quoted))
        for block in blocks(rows, seed=seed, dirty=dirty, quoted=quoted):
            if size is not None and length + len(block.data) > size:
                break
            length += out.write(block.data)
            written += block.rows
            broken += block.dirty
    return written, broken


def _size(text: str) -> int:
    number, unit = text[:-2], text[-2:].upper()
    return int(float(number) * UNITS[unit]) if unit in UNITS else int(text)


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes CSV that looks like ride records.")
    parser.add_argument("path", help="the file to write; - is standard output")
    parser.add_argument("--rows", type=int, default=FULL_ROWS)
    parser.add_argument("--bytes", type=_size, dest="size", help="at most, such as 500MB")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dirty", type=float, default=0.0, help="share of broken rows, as 0.01")
    parser.add_argument("--quoted", action="store_true", help="quote texts, as older files do")
    options = vars(parser.parse_args())
    try:
        written, broken = write(options.pop("path"), **options)
    except BrokenPipeError:
        sys.stderr.close()
        return
    print(f"{written} rows, {broken} of them dirty", file=sys.stderr)


if __name__ == "__main__":
    main()
