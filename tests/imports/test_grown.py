"""Files that grow: only what is new of them is loaded, and every row of them is there once."""

import pytest

from snapshots._native import Hasher
from tests.support.growing_log import HEADER, add, lines, load, log, numbers, own_state, refused
from tests.support.input_files import rows
from tests.support.web_server import serving

__all__ = ["log", "own_state"]


def test_only_the_rest_is_loaded(database, log):
    first = load(log, database)
    add(log, lines(4, 6) + b"bad\n")
    said = []
    tail = load(log, database, listener=said.append)
    assert (tail.record.import_id, tail.record.continues) == (2, 1)
    assert (tail.counts.records, tail.counts.loaded, tail.counts.rejected) == (3, 2, 1)
    assert tail.record.replaces is None
    assert any("before line 5 is already loaded (import 1, 3 rows)" in str(one) for one in said)
    expected = [(n, 1 if n < 4 else 2, n + 1) for n in range(1, 6)]
    assert rows(database, "SELECT n, _import_id, _line FROM log ORDER BY n") == expected
    reject = rows(database, "SELECT import_id, line, byte_offset FROM snapshots_rejects")
    assert reject == [(2, 7, log.read_bytes().index(b"bad"))]
    again = load(log, database)
    assert again.outcome == "already_imported"
    assert "imported as 2, which continues 1 (" in again.message
    assert first.record.content_hash != tail.record.content_hash


def test_a_hundred_growths_in_a_row(database, log):
    load(log, database)
    for growth in range(100):
        add(log, lines(4 + growth, 5 + growth))
        assert load(log, database).counts.loaded == 1
    assert numbers(database) == list(range(1, 104))
    assert rows(database, "SELECT COUNT(DISTINCT _line), MAX(_line) FROM log") == [(103, 104)]
    chunks = rows(database, "SELECT start_offset, end_offset FROM snapshots_chunks ORDER BY 1")
    assert [end for _, end in chunks] == [*(start for start, _ in chunks[1:]), log.stat().st_size]


def test_the_ways_to_ask_for(database, log):
    load(log, database)
    add(log, lines(4, 5))
    error = refused(log, database, grown="refuse")
    assert error.code == "input_grown"
    assert "--grown tail" in error.hint
    assert "--grown all" in error.hint
    assert numbers(database) == [1, 2, 3]
    every = load(log, database, grown="all")
    assert (every.record.continues, every.record.replaces, every.record.replaced_rows) == (
        None, 1, 3,
    )  # fmt: skip
    assert numbers(database) == [1, 1, 2, 2, 3, 3, 4]


def test_a_beginning_that_was_changed_by_one_byte_is_new(database, log):
    load(log, database)
    log.write_bytes(log.read_bytes().replace(b"x2", b"y2") + lines(4, 5))
    done = load(log, database)
    assert (done.counts.loaded, done.record.continues, done.record.replaces) == (4, None, 1)


def test_another_table_takes_all_of_it(database, log):
    load(log, database)
    add(log, lines(4, 5))
    assert load(log, database, table="other").counts.loaded == 4
    assert load(log, database, table="log").counts.loaded == 1


def test_a_table_that_is_gone_takes_all_of_it(database, log):
    load(log, database)
    rows(database, "DROP TABLE log")
    add(log, lines(4, 5))
    done = load(log, database)
    assert (done.counts.loaded, done.record.continues, done.record.replaces) == (4, None, None)


def test_a_table_that_was_emptied_takes_the_rest(database, log):
    load(log, database)
    rows(database, "DELETE FROM log")
    add(log, lines(4, 5))
    load(log, database)
    assert numbers(database) == [4]


def test_rotation(database, log):
    load(log, database)
    add(log, lines(4, 6))
    load(log, database)
    log.rename(log.with_name("log.csv.1"))
    log.write_bytes(HEADER + lines(10, 12))
    new = load(log, database)
    assert (new.record.continues, new.record.replaces, new.record.replaced_rows) == (None, 2, 5)
    add(log, lines(12, 20))
    assert load(log, database).record.continues == new.record.import_id
    assert load(log.with_name("log.csv.1"), database, table="log").outcome == "already_imported"
    assert numbers(database) == [*range(1, 6), *range(10, 20)]


def test_cut_short_and_grown_in_another_way(database, log):
    load(log, database)
    add(log, lines(4, 6))
    load(log, database)
    log.write_bytes(HEADER + lines(1, 4) + lines(7, 12))
    fork = load(log, database)
    assert (fork.record.continues, fork.record.replaces) == (1, 2)
    assert numbers(database) == [*range(1, 6), *range(7, 12)]


def test_the_longest_beginning_counts(database, log):
    short = log.read_bytes()
    add(log, lines(4, 9))
    load(log, database)
    log.write_bytes(short)
    load(log, database)
    log.write_bytes(HEADER + lines(1, 11))
    assert load(log, database).record.continues == 1


def test_one_file_by_several_names(database, log, monkeypatch):
    monkeypatch.chdir(log.parent)
    load("log.csv", database)
    add(log, lines(4, 5))
    load(log, database)
    add(log, lines(5, 6))
    monkeypatch.chdir(log.parent.parent)
    load(f"{log.parent.name}/log.csv", database)
    assert numbers(database) == [1, 2, 3, 4, 5]


def test_options_that_say_otherwise(database, log):
    load(log, database, null_values=("x2",))
    add(log, lines(4, 5) + b"5,x2\n")
    error = refused(log, database, null_values=("x2", "x4"))
    assert (error.code, "null_values" in str(error)) == ("usage", True)
    # What is not given is the plan's.
    assert load(log, database).record.continues == 1
    assert rows(database, "SELECT n FROM log WHERE t IS NULL ORDER BY n") == [(2,), (5,)]


@pytest.mark.parametrize("how", [{}, {"ranges": False}, {"body": "chunked", "etag": None}])
def test_what_a_url_has_gained(sqlite_url, how):
    """More than is read ahead, so that it is not known whole."""
    row = b"x" * 1000
    begin = HEADER + b"".join(b"%d,%s\n" % (n, row) for n in range(20_000))
    more = b"".join(b"%d,%s\n" % (n, row) for n in range(20_000, 20_100))
    with serving() as web:
        _, url = web.put("/log.csv", begin, **how)
        load(url, sqlite_url)
        web.put("/log.csv", begin + more, **{"etag": '"v2"', **how})
        tail = load(url, sqlite_url)
        assert (tail.record.continues, tail.counts.loaded) == (1, 100)
        assert load(url, sqlite_url).outcome == "already_imported"
    assert rows(sqlite_url, "SELECT COUNT(*), COUNT(DISTINCT n) FROM log") == [(20_100, 20_100)]


def test_a_large_file_is_hashed_from_where_it_was(sqlite_url, log):
    row = b"x" * 1000
    log.write_bytes(HEADER + b"".join(b"%d,%s\n" % (n, row) for n in range(80_000)))
    load(log, sqlite_url)
    for turn in range(3):
        add(log, b"%d,%s\n" % (80_000 + turn, row))
        tail = load(log, sqlite_url)
        assert tail.counts.loaded == 1
        assert tail.record.content_hash == content_hash(log)
    assert load(log, sqlite_url).outcome == "already_imported"


def content_hash(path):
    hasher = Hasher()
    hasher.update(path.read_bytes())
    return hasher.hexdigest()
