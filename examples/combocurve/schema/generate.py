"""Makes wells and their daily productions up: the same ones each time, as CSV.

python generate.py --wells 5000 --days 40 --into /tmp/wells
snapshots --database postgresql://localhost/wells --no-lineage /tmp/wells/*.csv
"""

from __future__ import annotations

import argparse
import csv
import datetime
import random
from pathlib import Path

SOURCES = ("aries", "di", "ihs", "internal", "other", "phdwin")
COUNTIES = (("WASHINGTON", "TX"), ("REEVES", "TX"), ("LEA", "NM"), ("McKENZIE", "ND"))
FIRST_DAY = datetime.date(2024, 1, 1)
WELLS = ("id", "data_source", "chosen_id", "api14", "well_name", "county", "state",
         "first_prod_date", "lateral_length", "surface_latitude",
         "surface_longitude")  # fmt: skip
PRODUCTIONS = ("well_id", "day", "oil", "gas", "water", "hours_on")


def generate(folder: Path, wells: int, days: int, bad: int = 0) -> None:
    """Writes wells.csv and daily_productions.csv; every `bad`th well has no identifier."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(2024)  # noqa: S311 - data, no secret
    with (
        (folder / "wells.csv").open("w", newline="", encoding="utf-8") as well_file,
        (folder / "daily_productions.csv").open("w", newline="", encoding="utf-8") as day_file,
    ):
        well_rows, day_rows = csv.writer(well_file), csv.writer(day_file)
        well_rows.writerow(WELLS)
        day_rows.writerow(PRODUCTIONS)
        for number in range(1, wells + 1):
            well_rows.writerow(_well(number, chance, nameless=bool(bad) and number % bad == 0))
            oil = chance.uniform(50, 900)
            for day in range(days):
                day_rows.writerow(_day(number, day, oil * 0.99**day, chance))


def _well(number: int, chance: random.Random, *, nameless: bool) -> tuple[object, ...]:
    county, state = chance.choice(COUNTIES)
    api14 = f"0{chance.randrange(10**12):012d}0"
    return (
        number,
        chance.choice(SOURCES),
        "" if nameless else f"W{number:06d}",
        "" if nameless else api14,
        f"{county.title()} Unit {number}H",
        county,
        state,
        FIRST_DAY - datetime.timedelta(days=chance.randrange(2000)),
        f"{chance.uniform(3000, 15000):.2f}",
        f"{chance.uniform(28, 48):.7f}",
        f"{chance.uniform(-104, -96):.7f}",
    )


def _day(well: int, day: int, oil: float, chance: random.Random) -> tuple[object, ...]:
    shut_in = chance.random() < 0.02
    return (
        well,
        FIRST_DAY + datetime.timedelta(days=day),
        "0.000" if shut_in else f"{oil * chance.uniform(0.9, 1.1):.3f}",
        "" if shut_in else f"{oil * chance.uniform(1.5, 3):.3f}",
        f"{oil * chance.uniform(0.2, 0.8):.3f}",
        "0.00" if shut_in else "24.00",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Makes wells and their daily productions up.")
    parser.add_argument("--wells", type=int, default=5000)
    parser.add_argument("--days", type=int, default=40, help="of production for each well")
    parser.add_argument("--bad", type=int, default=0, help="every Nth well has no identifier")
    parser.add_argument("--into", type=Path, default=Path(), help="folder")
    given = parser.parse_args()
    generate(given.into, given.wells, given.days, given.bad)
