"""The clock of the loader's machine is set while it loads, hours ahead and hours back."""

from pathlib import Path

import pytest

from tests.faults.harness import check, finish, make_file, schema_file, start, wait_for
from tests.test_resume import committed_chunks

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
"""It puts itself between a program and the clock; Debian's package is called faketime."""


@pytest.mark.soak
@pytest.mark.skipif(LIBRARY is None, reason="needs libfaketime")
@pytest.mark.parametrize("jumps", [("+7h", "-9h"), ("-9h", "+7h")])
@pytest.mark.parametrize("url", ["postgres_url", "mysql_url"])
def test_the_clock_is_set(url, request, tmp_path, jumps):
    database = request.getfixturevalue(url)
    made = make_file(tmp_path / "t.csv", 600_000)
    clock = tmp_path / "clock"
    clock.write_text("+0\n")
    process = start(
        database, made, schema_file(tmp_path), tmp_path / "state", chunk_size="32KB",
        LD_PRELOAD=str(LIBRARY), FAKETIME_TIMESTAMP_FILE=str(clock), FAKETIME_NO_CACHE="1",
        # That one no administrator can set either.
        DONT_FAKE_MONOTONIC="1",
    )  # fmt: skip
    for jump in jumps:
        before = committed_chunks(database)
        wait_for(lambda before=before: committed_chunks(database) > before + 2, 60)
        clock.write_text(f"{jump}\n")
    code, result, err = finish(process)
    assert code == 3, (err, result)
    check(database, made)
