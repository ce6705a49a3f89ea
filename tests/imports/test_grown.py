"""Files that grow: only what is new of them is loaded, and every row of them is there once."""

import bz2
import gzip
import lzma
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

import snapshots
from snapshots._native import Hasher
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.input_files import rows
from tests.support.web_server import serving

HEADER = b"n,t\n"


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(HEADER + lines(1, 4))
    return path


def lines(start, end):
    return b"".join(b"%d,x%d\n" % (n, n) for n in range(start, end))


def add(path, data):
    with path.open("ab") as file:
        file.write(data)


def load(path, database, **options):
    return snapshots.load(path, database=database, **options)


def numbers(database, table="log"):
    return [n for (n,) in rows(database, f"SELECT n FROM {table} ORDER BY n, _line")]


def refused(path, database, **options):
    with pytest.raises(snapshots.SnapshotsError) as error:
        load(path, database, **options)
    return error.value


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
    from snapshots import locations

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


def test_options_that_say_otherwise(database, log):
    load(log, database, null_values=("x2",))
    add(log, lines(4, 5) + b"5,x2\n")
    error = refused(log, database, null_values=("x2", "x4"))
    assert (error.code, "null_values" in str(error)) == ("usage", True)
    # What is not given is the plan's.
    assert load(log, database).record.continues == 1
    assert rows(database, "SELECT n FROM log WHERE t IS NULL ORDER BY n") == [(2,), (5,)]


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


def test_the_rest_has_limits_of_its_own(database, log):
    load(log, database)
    add(log, lines(4, 8))
    assert load(log, database, limit=1).outcome == "limited"
    assert snapshots.resume(2, database=database).outcome == "finished"
    add(log, b"".join(b"bad %d\n" % n for n in range(4)))
    over = load(log, database, max_rejects=2)
    assert (over.exit_code, over.counts.rejected) == (4, 4)
    assert numbers(database) == [1, 2, 3, 4, 5, 6, 7]


def test_an_unfinished_part_goes_on_to_the_new_end(database, log):
    add(log, lines(4, 400))
    assert load(log, database, limit=100, chunk_size=512).outcome == "limited"
    add(log, lines(400, 420))
    done = load(log, database, chunk_size=512)
    assert (done.outcome, done.record.import_id) == ("finished", 1)
    assert numbers(database) == list(range(1, 420))
    add(log, lines(420, 600))
    load(log, database, limit=50)
    add(log, lines(600, 610))
    assert snapshots.resume(2, database=database).outcome == "finished"
    assert numbers(database) == list(range(1, 610))
    assert load(log, database).outcome == "already_imported"


def test_what_another_import_has_loaded_does_not_go_on(database, log):
    load(log, database)
    add(log, b"bad\nbad\n")
    assert load(log, database, max_rejects=0).exit_code == 4
    done = load(log, database, max_rejects=9)
    assert (done.record.import_id, done.record.continues, done.exit_code) == (3, 1, 3)
    with pytest.raises(snapshots.SnapshotsError, match="Import 3 has loaded what import 2"):
        snapshots.resume(2, database=database)
    add(log, lines(4, 6))
    assert load(log, database).record.continues == 3
    with pytest.raises(snapshots.SnapshotsError, match="has changed since import 2 began"):
        snapshots.resume(2, database=database)
    assert numbers(database) == [1, 2, 3, 4, 5]


def test_a_part_that_stands_no_more(database, log):
    load(log, database)
    add(log, lines(4, 5))
    load(log, database)
    rows(database, "UPDATE snapshots_imports SET state = 'cancelled' WHERE id = 1")
    error = refused(log, database)
    assert (error.code, "--grown all" in error.hint) == ("part_gone", True)
    assert load(log, database, grown="all").counts.loaded == 4


def test_a_dry_run_tells(database, log):
    load(log, database)
    add(log, lines(4, 6))
    said = []
    checked = load(log, database, dry_run=True, listener=said.append)
    assert (checked.outcome, checked.counts.loaded) == ("dry_run", 2)
    assert any("before line 5 is already loaded" in str(one) for one in said)
    assert numbers(database) == [1, 2, 3]


def test_verify_reads_the_part_of_each(database, log):
    load(log, database, chunk_size=16)
    add(log, lines(4, 40))
    load(log, database)
    add(log, lines(40, 41))
    for import_id, loaded in ((1, 3), (2, 36)):
        done = command("verify", str(import_id), "--database", database, cwd=log.parent)
        assert done.returncode == 0, done.stderr
        assert f"{loaded} rows equal" in done.stdout
        assert "the input has grown since" in done.stderr
    rows(database, "UPDATE log SET t = 'other' WHERE n = 20")
    assert command("verify", "2", "--database", database, cwd=log.parent).returncode == 8


def test_the_summary_says_how_many_rows_of_an_edited_input_stay(database, log):
    load(log, database)
    add(log, lines(4, 5))
    load(log, database)
    log.write_bytes(HEADER + lines(7, 8))
    asked = ("import", "log.csv", "--database", database, "--progress", "none")
    done = command(*asked, cwd=log.parent)
    # The first two had another name, and another path has the same file.
    assert done.returncode == 0, done.stderr
    log.write_bytes(HEADER + lines(8, 9))
    done = command(*asked, cwd=log.parent)
    assert "        1  rows of import 3 stay" in done.stdout
    log.write_bytes(HEADER + lines(9, 10))
    (result,) = objects(command(*asked, "--json", cwd=log.parent))
    assert (result["replaces"], result["replaced_rows"]) == (4, 1)


def test_several_at_once_load_the_rest_once(database, log):
    load(log, database)
    add(log, lines(4, 3000))

    def one(_):
        try:
            return load(log, database, chunk_size=1024).outcome
        except snapshots.SnapshotsError as error:
            return error.code

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(one, range(4)))
    assert outcomes.count("finished") == 1, outcomes
    assert numbers(database) == list(range(1, 3000))


def test_growing_while_several_load_it(database, log):
    load(log, database)

    def one(turn):
        add(log, b"%d,x\n" % (turn + 4))
        try:
            load(log, database)
        except snapshots.SnapshotsError as error:
            return error.code
        return ""

    with ThreadPoolExecutor(3) as pool:
        codes = set(pool.map(one, range(30)))
    assert codes <= {"", "import_busy", "input_changed", "ledger", "target"}
    for _ in range(3):
        load(log, database)
    assert sorted(numbers(database)) == list(range(1, 34))


@pytest.mark.parametrize("seed", range(4))
def test_at_random(database, tmp_path, seed):
    """Growth, rotation, and stops, against a list of the lines that were ever written."""
    rng = random.Random(seed)
    path = tmp_path / "log.csv"
    path.write_bytes(HEADER)
    written = 0
    for _ in range(40):
        step = rng.random()
        if step < 0.12:
            load(path, database, max_rejects="100%")
            path.write_bytes(HEADER + b"%d,begin\n" % written)
            written += 1
        else:
            for _ in range(rng.choice([1, 3, 50])):
                text = rng.choice([b"x", b'"two\nlines"', b'"a ""b"""', b""])
                add(path, b"%d,%s\n" % (written, text))
                written += 1
        limit = rng.choice([None, None, 20])
        load(path, database, limit=limit, chunk_size=rng.choice([64, 4096]))
    while load(path, database).outcome != "already_imported":
        pass
    assert sorted(numbers(database)) == list(range(written))


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
