"""What is left of an input with numbered rows: rows that are loaded are not read again."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from snapshots.engine.input.reader import Reader, Remainder
from snapshots.errors import InputChanged
from snapshots.formats.formats import detected
from snapshots.formats.options import DialectOptions
from snapshots.ledger.entry import CommittedChunk
from snapshots.model import Counts
from snapshots.sources import open_source
from snapshots.sources.remote.access import RemoteAccess

ROWS = 5000


@pytest.fixture
def path(tmp_path):
    numbers = range(ROWS)
    table = pa.table({"id": pa.array(numbers), "name": [f"name {n}" for n in numbers]})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=700, compression="none")
    return tmp_path / "t.parquet"


@pytest.fixture
def source(path):
    found = open_source(str(path), RemoteAccess())
    yield found
    found.close()


@pytest.fixture
def dialect(source):
    return detected(source, DialectOptions()).dialect


def reading(source, dialect, remainder, **how):
    return list(Reader(source, dialect, 3000, remainder, "the hash is known", **how))


def chunks(source, dialect):
    pieces = reading(source, dialect, Remainder())
    ends = [*(piece.chunk.line for piece in pieces[1:]), ROWS + 1]
    return pieces, [
        CommittedChunk(
            start=piece.chunk.start,
            end=piece.chunk.end,
            start_line=piece.chunk.line,
            end_line=end,
            counts=Counts(),
            hash_state=None,
            hash=piece.chunk.digest(len(piece.chunk)),
            seconds=0.0,
            committed_at="",
        )
        for piece, end in zip(pieces, ends, strict=True)
    ]


def places(pieces):
    return [(one.chunk.start, one.chunk.line, bytes(one.chunk)) for one in pieces]


@pytest.mark.parametrize("left", [{0}, {1}, {9, 10}, {9, 12, 13}, {5, 21}])
def test_exactly_what_is_left_is_cut_again(source, dialect, left):
    pieces, committed = chunks(source, dialect)
    assert len(pieces) > 21
    done = [one for number, one in enumerate(committed) if number not in left]
    found = reading(source, dialect, Remainder.after(done))
    expected = [piece for number, piece in enumerate(pieces) if number in left]
    assert b"".join(data for *_, data in places(found)) == b"".join(
        data for *_, data in places(expected)
    )
    assert places(found)[0][:2] == places(expected)[0][:2]
    assert reading(source, dialect, Remainder.after(committed)) == []


def test_row_groups_before_are_not_read(path, source, dialect):
    pieces, committed = chunks(source, dialect)
    with path.open("r+b") as file:
        # The pages of the first row groups.
        file.seek(4)
        file.write(bytes(3000))
    done = committed[:12]
    found = reading(source, dialect, Remainder.after(done), may_change=True)
    assert places(found) == places(pieces[12:])


def test_the_last_loaded_chunk_is_compared(source, dialect):
    _, committed = chunks(source, dialect)
    done = [*committed[:11], replace(committed[11], hash=bytes(32))]
    with pytest.raises(InputChanged, match="have changed since they were loaded"):
        reading(source, dialect, Remainder.after(done))
