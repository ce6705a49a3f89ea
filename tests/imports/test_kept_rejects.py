"""The ledger keeps each reject as it stands in the input, whatever its bytes, and however many."""

import pytest

import snapshots
from snapshots._native import Chunk
from snapshots.ledger.chunk_rejects import ChunkRejects
from snapshots.model import Reject
from tests.native.values import converter
from tests.verify.loaded import execute

CREATE = "CREATE TABLE t (id int PRIMARY KEY, name varchar(20))"
RAW = "raw, byte_offset, line, column_name, code"


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def kept(database, what=RAW):
    """The ledger's rejects, as the database gives them."""
    rows = execute(database, f"SELECT {what} FROM snapshots_rejects ORDER BY byte_offset")
    return [
        tuple(bytes(one) if isinstance(one, memoryview) else one for one in row) for row in rows
    ]


def test_whatever_their_bytes(database, tmp_path):
    execute(database, CREATE)
    path = tmp_path / "a.csv"
    lines = [
        b"id,name",
        b"1,Ana",
        b"x\\\t'\",Bo",
        b"2,\xff\xfe\x80",
        b"3,\x00",
        "\u00e9\U0001f600,Cy".encode(),
        b"4",
        b"1,refused by the key",
    ]
    path.write_bytes(b"\n".join(lines) + b"\n")
    done = snapshots.load(
        path, database=database, table="t", max_rejects="100%", encoding="utf-8", quote=""
    )
    assert (done.counts.loaded, done.counts.rejected) == (1, 6)
    rejected = lines[2:]
    starts = [sum(len(line) + 1 for line in lines[:n]) for n in range(2, len(lines))]
    codes = [
        "not_an_integer", "invalid_encoding", "nul_character", "not_an_integer", "field_count",
        "refused_by_target",
    ]  # fmt: skip
    columns = ["id", None, None, "id", None, None]
    numbers = range(3, 9)
    assert kept(database) == list(zip(rejected, starts, numbers, columns, codes, strict=True))
    assert {code: codes.count(code) for code in codes} == done.rejects_by_code


def test_in_the_encoding_of_the_input(database, tmp_path):
    execute(database, CREATE)
    path = tmp_path / "a.csv"
    lines = ["id,name", "\u00e9,Ana", "1,\u00fc", "\u00e0\u00e0,Bo"]
    path.write_bytes("\n".join(lines).encode("latin-1") + b"\n")
    snapshots.load(path, database=database, table="t", max_rejects="100%", encoding="latin-1")
    assert kept(database, "raw, byte_offset") == [
        (lines[1].encode("latin-1"), 8),
        (lines[3].encode("latin-1"), 18),
    ]


def test_more_than_fit_into_a_block(database, tmp_path):
    """The rows of these rejects have several MB; each stands there once."""
    execute(database, CREATE)
    path = tmp_path / "a.csv"
    count = 30_000
    path.write_text("id,name\n" + "".join(f"x{n},{n}\n" for n in range(count)))
    done = snapshots.load(
        path, database=database, table="t", max_rejects="100%", chunk_size=64 * 1024
    )
    assert done.counts.rejected == count
    assert kept(database, "line, raw") == [(n + 2, f"x{n},{n}".encode()) for n in range(count)]


def test_objects_and_rows_are_the_same():
    data = Chunk.of(b"x\n1\n\xff\ny\n")
    block = converter("integer").convert(data, 0, 1, 1 << 20)
    rejects = ChunkRejects()
    rejects.add(block)
    refused = Reject(2, 2, None, "refused_by_target", "It is refused.", b"1")
    rejects.refused.append(refused)
    found = list(rejects)
    assert [one.byte_offset for one in found] == [0, 2, 4, 6]
    assert [one for one in found if one != refused] == [Reject(*one) for one in block.rejects()]
    assert rejects.codes() == {"not_an_integer": 2, "invalid_encoding": 1, "refused_by_target": 1}
    assert len(rejects) == 4
    assert [one.loaded for one in rejects.blocks("sqlite", 7)] == [3]
    with pytest.raises(ValueError, match="encoding"):
        next(rejects.blocks("json", 7))
