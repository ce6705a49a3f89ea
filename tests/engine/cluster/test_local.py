"""What processes load is what threads load: every row, reject and byte."""

import gzip
from itertools import pairwise

import pytest

import snapshots
from snapshots import locations
from tests.support.killed_imports import make_file, schema_file
from tests.support.web_server import serving

CHUNK = 16_000


@pytest.fixture
def web():
    with serving() as web:
        yield web


def account(url, number, table):
    """What an import has left: rows, rejects, and where its chunks lie; and its hash."""
    session = locations.target(url).connect(create=False)
    try:
        rows = session.execute(f"SELECT * FROM {table} ORDER BY _line")
        names = "byte_offset, line, column_name, code, reason, raw"
        rejects = session.execute(
            f"SELECT {names} FROM snapshots_rejects WHERE import_id = {number} ORDER BY line"
        )
        ((digest, size, records),) = session.execute(
            f"SELECT content_hash, size, records FROM snapshots_imports WHERE id = {number}"
        )
        chunks = session.execute(
            "SELECT start_offset, end_offset FROM snapshots_chunks"
            f" WHERE import_id = {number} ORDER BY start_offset"
        )
    finally:
        session.close()
    assert all(a[1] == b[0] for a, b in pairwise(chunks))
    return [row[:-2] + row[-1:] for row in rows], rejects, digest, size, records, chunks


@pytest.mark.parametrize(
    "how",
    ["file", "url", "gzip", "utf-16"],
)
def test_processes_leave_what_threads_leave(tmp_path, postgres_url, web, how):
    made = make_file(tmp_path / "plain.csv", 6000)
    data = made.path.read_bytes()
    if how == "gzip":
        data = gzip.compress(data)
    elif how == "utf-16":
        data = data.decode().encode("utf-16")
    path = tmp_path / "rides.csv"
    path.write_bytes(data)
    source = str(path)
    if how == "url":
        _, source = web.put("/rides.csv", data)
    given = {
        "database": postgres_url,
        "chunk_size": CHUNK,
        "again": True,
        "contract": schema_file(tmp_path),
    }
    apart = snapshots.load(source, table="apart", cluster="local", workers=2, **given)
    here = snapshots.load(source, table="here", **given)
    assert (apart.outcome, apart.counts) == (here.outcome, here.counts)
    assert apart.counts.rejected == len(made.bad)
    assert account(postgres_url, apart.record.import_id, "apart") == account(
        postgres_url, here.record.import_id, "here"
    )
