"""What of an input is read again when its import goes on: counted in bytes, not in seconds."""

import gzip
import os
import signal
from itertools import pairwise

import pytest

from snapshots import locations
from snapshots.engine.events import Committed
from snapshots.engine.plan.options import Options
from snapshots.engine.run.resume import resume_import
from tests.support.killed_imports import Made, check, make_file, schema_file, start
from tests.support.processes import PATIENCE

MIB = 1 << 20
WORKERS = 3
CHUNK = MIB
LOOKS = 4 * MIB
"""The input's first and last MiB, by which it is known, and its head, from which the dialect is
detected: whatever its size."""


@pytest.fixture
def made(tmp_path):
    """More than what is hashed before it is loaded."""
    made = make_file(tmp_path / "t.csv", 160_000, padding=" and more" * 50)
    assert made.path.stat().st_size > 64 * MIB
    return made


class Bytes:
    """How many bytes of files were read by `os.pread`."""

    def __init__(self, monkeypatch):
        self.count = 0
        self._pread = os.pread
        monkeypatch.setattr(os, "pread", self._counting)

    def _counting(self, fd, size, offset):
        data = self._pread(fd, size, offset)
        self.count += len(data)
        return data


def kill(database, made, tmp_path, fault):
    process = start(
        database, made, schema_file(tmp_path), tmp_path / "state", fault, chunk_size=str(CHUNK),
        SNAPSHOTS_WORKERS=str(WORKERS),
    )  # fmt: skip
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL


def committed(database):
    session = locations.target(database).connect(create=False)
    try:
        return session.execute(
            "SELECT start_offset, end_offset FROM snapshots_chunks ORDER BY start_offset"
        )
    finally:
        session.close()


def go_on(database, read):
    """The bytes that were read until the first chunk was committed, and in all."""
    first = []

    def listen(event):
        if isinstance(event, Committed) and not first:
            first.append(read.count)

    options = Options(workers=WORKERS, chunk_size=CHUNK)
    result = resume_import(1, locations.target(database), options, listen)
    assert result.outcome == "finished", result
    return first[0], read.count


@pytest.mark.parametrize("url", ["postgres_url", "sqlite_url"])
def test_a_plain_file_is_entered_in_its_middle(url, request, made, tmp_path, monkeypatch):
    database = request.getfixturevalue(url)
    kill(database, made, tmp_path, "before-commit:45")
    chunks = committed(database)
    size = made.path.stat().st_size
    done = sum(end - start for start, end in chunks)
    assert done > 30 * MIB
    first_gap = next(
        (end for (_, end), (start, _) in pairwise(chunks) if start > end),
        chunks[-1][1],
    )
    # Committed by one worker while another had not committed what came before.
    again = chunks[-1][1] - first_gap
    assert again <= WORKERS * (CHUNK + MIB)
    until_first, in_all = go_on(database, Bytes(monkeypatch))
    assert in_all <= size - first_gap + MIB + LOOKS
    assert until_first <= LOOKS + MIB + (2 * WORKERS + 3) * (CHUNK + MIB)
    check(database, made)


def test_a_compressed_file_is_unpacked_once_more_and_not_loaded_again(
    sqlite_url, tmp_path, monkeypatch
):
    plain = make_file(tmp_path / "t.csv", 200_000)
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(plain.path.read_bytes(), 1))
    made = Made(packed, plain.good, plain.bad, plain.blank)
    kill(sqlite_url, made, tmp_path, "before-commit:6")
    read = Bytes(monkeypatch)
    go_on(sqlite_url, read)
    size = packed.stat().st_size
    # Hashed, and unpacked; its head is looked at besides.
    assert read.count <= 2 * size + LOOKS
    check(sqlite_url, made)
