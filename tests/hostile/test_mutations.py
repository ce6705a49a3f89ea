"""Files with changed bytes, 500 of each format: each is loaded and balances, or fails with a sentence.

Where a format is a zip archive of others, half of the changes are made in its members.
"""

import io
import json
import os
import random
import subprocess
import sys
import zipfile

import pytest

from tests.data_makers.parquet_files import every_type, orders, written
from tests.support.input_files import data

MUTATIONS = 500
SOME = 50
PROGRAM = """
import sys
import snapshots
from snapshots.errors import SnapshotsError

for number, path in enumerate(sys.argv[2:]):
    try:
        done = snapshots.load(path, database=sys.argv[1], table=f"t{number}", max_rejects="100%")
    except SnapshotsError as error:
        assert error.message and "\\n" not in error.message, error
        print("refused")
        continue
    counts = done.counts
    assert counts.records == counts.loaded + counts.rejected + counts.skipped, counts
    assert done.outcome in ("finished", "failed"), done
    if done.outcome == "failed":
        assert done.message, done
    print(done.outcome)
"""


def mutated(data, rng):
    """The bytes with a few changes, mostly where numbers rule the reading."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        footer = rng.random() < 0.5
        at = (
            rng.randrange(max(len(data) - 2000, 0), len(data))
            if footer
            else rng.randrange(len(data))
        )
        kind = rng.randrange(4)
        if kind == 0:
            changed[at % len(changed)] = rng.randrange(256)
        elif kind == 1:
            changed[at % len(changed)] ^= 1 << rng.randrange(8)
        elif kind == 2:
            del changed[at : at + rng.randint(1, 20)]
        else:
            changed[at:at] = rng.randbytes(rng.randint(1, 20))
    return bytes(changed)


def in_a_member(archive, rng):
    """An archive that is whole, with changes in one of its members."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(packed, "w") as new:
        names = old.namelist()
        chosen = rng.choice([name for name in names if old.read(name)])
        for name in names:
            kept = old.read(name)
            new.writestr(name, mutated(kept, rng) if name == chosen else kept)
    return packed.getvalue()


def parquet(folder):
    how = [{}, {"compression": "none"}, {"use_dictionary": False}, {"compression": "zstd"}]
    return [
        written(folder / "t.parquet", table, **way).read_bytes()
        for table in (orders(400), every_type())
        for way in how
    ]


def archive(_):
    rows = "id,name\n" + "".join(f"{n},name {n}\n" for n in range(300))
    made = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", method) as file:
            file.writestr("in/a.csv", rows)
        made.append(packed.getvalue())
    return made


def json_lines(_):
    rows = [{"id": n, "name": f"é{n}", "in": {"a": [n, None]}, "x": n / 7} for n in range(300)]
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    return [lines.encode(), json.dumps(rows).encode(), json.dumps(rows, indent=1).encode()]


def workbook(_, kind):
    return [data(f"workbooks/accounts.{kind}").read_bytes()]


SEEDS = {
    "parquet": parquet,
    "zip": archive,
    "jsonl": json_lines,
    "xlsx": lambda folder: workbook(folder, "xlsx"),
    "ods": lambda folder: workbook(folder, "ods"),
    "xls": lambda folder: workbook(folder, "xls"),
}
SLOW = ("xlsx", "ods", "xls")
"""Each workbook is read in a process of its own: all of them are changed in `make soak`."""


def cases():
    for kind in SEEDS:
        for part in range(MUTATIONS // SOME):
            late = kind in SLOW and part
            yield pytest.param(kind, part, marks=[pytest.mark.soak] if late else [])


@pytest.mark.parametrize(("kind", "part"), list(cases()))
def test_changed_bytes(sqlite_url, tmp_path, kind, part):
    rng = random.Random(part)
    kept = SEEDS[kind](tmp_path)
    paths = []
    for number in range(SOME):
        path = tmp_path / f"{number}.{kind}"
        seed = rng.choice(kept)
        inside = zipfile.is_zipfile(io.BytesIO(seed)) and rng.random() < 0.5
        path.write_bytes(in_a_member(seed, rng) if inside else mutated(seed, rng))
        paths.append(path)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, sqlite_url, *map(str, paths)],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ,
    )
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:], done.stdout[-300:])
    outcomes = done.stdout.split()
    assert len(outcomes) == SOME
    assert "panicked" not in done.stderr
