"""The clock of the loader's machine is set while it loads, hours ahead and hours back."""

import mmap
import os
import shutil
import struct
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.killed_imports import check, make_file, schema_file, start
from tests.support.processes import go_on, held, let_end

HOUR = 3600
MINUTES = 10 * 60
"""Less than any jump, more than any import here takes."""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("cc"), reason="needs Linux and a C compiler"
)


class Clock:
    """What programs started with `variables` take for the time of day."""

    def __init__(self, folder, library):
        path = folder / "clock"
        path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self._shift = mmap.mmap(file.fileno(), 8)
        self.variables = {"LD_PRELOAD": str(library), "SHIFTED_CLOCK": str(path)}

    def shift(self, seconds):
        self._shift[:] = struct.pack("=q", seconds)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    made = tmp_path_factory.mktemp("clock") / "clock.so"
    source = Path(__file__).with_name("clock.c")
    subprocess.run(
        ["cc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", made, source, "-ldl"],
        check=True,
    )
    return made


@pytest.fixture
def clock(tmp_path, library):
    return Clock(tmp_path, library)


def test_the_clock_of_another_program_is_set(clock):
    clock.shift(-9 * HOUR)
    shown = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time(), time.monotonic())"],
        env={**os.environ, **clock.variables},
        capture_output=True,
        text=True,
        check=True,
    )
    day, interval = map(float, shown.stdout.split())
    assert abs(time.time() - 9 * HOUR - day) < MINUTES
    assert abs(time.monotonic() - interval) < MINUTES


@pytest.mark.parametrize("jumps", [(7, -9), (-9, 7)])
def test_the_clock_is_set(database, clock, tmp_path, jumps):
    made = make_file(tmp_path / "t.csv", 400_000)
    process = start(
        database, made, schema_file(tmp_path), tmp_path / "state", "after-commit:50:stops", "32KB",
        **clock.variables,
    )  # fmt: skip
    for hours in jumps:
        held(process)
        clock.shift(hours * HOUR)
        go_on(process)
    code, result, err = let_end(process)
    assert code == 3, (err, result)
    check(database, made)
    assert 0 < result["seconds"] < MINUTES
    # The ledger has the time of the database's machine, which with SQLite is the loader's.
    began, ended = (datetime.fromisoformat(result[name]) for name in ("started_at", "finished_at"))
    seen = jumps[-1] * HOUR if database.startswith("sqlite") else 0
    assert abs((ended - began).total_seconds() - seen) < MINUTES
