"""Files that grow, however they are written, and wherever their first part ended."""

import bz2
import gzip
import lzma

import pytest

import snapshots
from snapshots import locations
from tests.support.growing_log import HEADER, add, lines, load, log, numbers, own_state, refused
from tests.support.input_files import rows

__all__ = ["log", "own_state"]


@pytest.mark.parametrize(
    "cut", [b'4,"open', b"4,x", b"4,x\r"], ids=["within quotes", "within a field", "within CR LF"]
)
def test_a_part_that_ended_within_a_record(database, log, cut):
    add(log, cut)
    load(log, database)
    loaded = numbers(database)
    add(log, b'4"\n5,x\n')
    error = refused(log, database)
    assert error.code == "grown_inside_record"
    assert "--grown all" in error.hint
    assert numbers(database) == loaded
    assert [state for (state,) in rows(database, "SELECT state FROM snapshots_imports")] == [
        "finished"
    ]


def test_an_open_quote_far_before_the_end(database, tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(HEADER + b'1,"never closed\n' + lines(2, 2000))
    load(path, database, max_rejects="100%", chunk_size=1024)
    add(path, lines(2000, 2001) + b'2001,"now\n')
    assert refused(path, database).code == "grown_inside_record"
    add(path, b'2002,x"\n')
    assert refused(path, database).code == "grown_inside_record"


def test_a_quote_that_was_closed_wrongly_depends_on_no_end(database, tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(HEADER + b'1,"two\nlines"x\n' + lines(2, 5))
    load(path, database, max_rejects="100%")
    add(path, lines(5, 6))
    assert load(path, database).record.continues == 1


@pytest.mark.parametrize(
    ("first", "more", "options"),
    [
        (b"n,t\r\n1,x\r\n", b"2,x\r\n", {}),
        (b"n,t\r1,x\r", b"2,x\r", {}),
        (b"\xef\xbb\xbfn,t\n1,x\n", b"2,x\n", {}),
        (b'n,t\n1,"a\nb"\n', b'2,"c\nd"\n3,x\n', {}),
        ("n,t\n1,grün\n".encode("utf-16"), "2,blau\n".encode("utf-16-le"), {}),
        ("n,t\n1,grün\n".encode("latin-1"), "2,weiß\n".encode("latin-1"), {"encoding": "latin-1"}),
        (b"a title\n\nn,t\n1,x\n", b"# no\n2,x\n\n3,y\n", {"preamble": 2, "comment": "#"}),
        (b"1,x\n2,y\n", b"3,z\n", {"header": False}),
    ],
    ids=["crlf", "cr", "mark", "quoted", "utf-16", "latin-1", "title", "no header"],
)  # fmt: skip
def test_however_it_is_written(database, tmp_path, first, more, options):
    path, whole = tmp_path / "log.csv", tmp_path / "whole.csv"
    path.write_bytes(first)
    load(path, database, **options)
    add(path, more)
    tail = load(path, database, **options)
    assert tail.record.continues == 1, tail
    whole.write_bytes(first + more)
    types = snapshots.load(whole, database=database, again=True, all_text=True, **options)
    columns = _columns(database, "whole")
    same = "SELECT {}, _line FROM {} ORDER BY _line"
    texts = [
        [tuple(map(str, row)) for row in rows(database, same.format(", ".join(columns), table))]
        for table in ("log", "whole")
    ]
    assert texts[0] == texts[1] != []
    assert types.counts.loaded == len(texts[0])


def _columns(database, table):
    target = locations.target(database)
    session = target.connect(create=False)
    try:
        shape = target.inspect(session, target.table_name(table))
        return [one.name for one in shape.columns if not one.name.startswith("_")]
    finally:
        session.close()


def test_a_header_alone(database, log):
    load(log, database)
    log.write_bytes(HEADER)
    load(log, database)
    add(log, lines(7, 9))
    tail = load(log, database)
    assert (tail.record.continues, tail.counts.loaded) == (2, 2)
    add(log, b"")
    assert numbers(database) == [1, 2, 3, 7, 8]


def test_a_header_without_a_table(database, tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(HEADER)
    load(path, database)
    add(path, lines(1, 3))
    assert load(path, database).counts.loaded == 2
    assert numbers(database) == [1, 2]


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz"])
def test_compressed(database, tmp_path, ending):
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[ending]
    path = tmp_path / f"log.csv.{ending}"
    path.write_bytes(pack(HEADER + lines(1, 4)))
    load(path, database)
    # Packed anew as a whole, and then one more member.
    path.write_bytes(pack(HEADER + lines(1, 6)))
    assert load(path, database).counts.loaded == 2
    add(path, pack(lines(6, 8)))
    tail = load(path, database)
    assert (tail.counts.loaded, tail.record.continues) == (2, 2)
    assert numbers(database) == list(range(1, 8))
    # The same bytes, packed in another way.
    path.write_bytes(pack(HEADER + lines(1, 8)) + pack(b""))
    assert load(path, database).outcome == "already_imported"
