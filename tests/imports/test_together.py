"""Small files that are imported together: each is an import of its own, as if it had come alone."""

import os
import resource
import threading
from contextlib import closing
from pathlib import Path

import pytest

import snapshots
from snapshots import locations
from snapshots._native import PanicException
from snapshots.engine.events import Committed, Failed, ImportResult, Opened, Progress, Started
from snapshots.engine.plan.options import Options
from snapshots.engine.run import together
from snapshots.engine.run.importer import Importer
from snapshots.engine.run.many_inputs import import_each
from snapshots.errors import ConnectionLost, SnapshotsError
from tests.conftest import fresh
from tests.support.input_files import rows

SHOWN = (
    "input", "table_name", "state", "records", "loaded", "rejected", "skipped", "chunks",
    "replaces", "continues", "content_hash", "fingerprint", "size", "error_code", "created_table",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def committed(monkeypatch):
    """The sizes of the groups that were committed."""
    sizes = []
    real = together.import_group

    def counting(*arguments):
        done = real(*arguments)
        sizes.append(len(done))
        return done

    monkeypatch.setattr(together, "import_group", counting)
    return sizes


@pytest.fixture
def other_database(database, request):
    """An empty one of the same kind."""
    yield from fresh(request.node.callspec.params["database"], request)


def ids(first, count=5):
    return "id,name\n" + "".join(f"{n},name {n}\n" for n in range(first, first + count))


def write(folder, **texts):
    folder.mkdir(exist_ok=True)
    names = []
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text)
        names.append(str(folder / f"{name}.csv"))
    return names


def run(database, names, alone=False, listener=None, **options):
    """Imports the inputs, together where that can be, or one after the other."""
    heard = []
    target = locations.target(database)
    with closing(Importer(target, Options(**options), listener or heard.append)) as importer:
        if not alone:
            found = list(import_each(names, importer))
        else:
            found = []
            for name in names:
                try:
                    found.append((name, importer.import_input(name)))
                except SnapshotsError as error:
                    found.append((name, error))
    return found, heard


def outcomes(found):
    return [getattr(one, "outcome", type(one).__name__) for _, one in found]


def ledger(database, folder):
    """What the ledger has of the imports, without times."""
    with closing(locations.target(database).connect(create=False)) as session:
        imports = session.execute(f"SELECT {', '.join(SHOWN)} FROM snapshots_imports ORDER BY id")
        chunks = session.execute(
            "SELECT start_offset, end_offset, start_line, end_line, records, loaded, rejected,"
            " skipped, hash, hash_state, fence FROM snapshots_chunks ORDER BY import_id"
        )
        rejects = session.execute(
            "SELECT byte_offset, line, column_name, code, reason, raw FROM snapshots_rejects"
            " ORDER BY import_id, byte_offset"
        )
    shown = [(str(row[0]).replace(str(folder), ""), *row[1:]) for row in imports]
    return shown, chunks, rejects


def kinds(heard):
    wanted = (Opened, Started, Committed, ImportResult, Failed)
    return [type(event).__name__ for event in heard if isinstance(event, wanted)]


MIXED = {
    "a": ids(0),
    "b": ids(5),
    "c": "id,name\n5,five\nx,no number\n7,seven\n\n",
    "d": ids(20, 0),
    "e": "id;name\n30;semicolon\n31;another\n",
    "f": "id,name\n40,Zürich\n41,København\n",
    "g": ids(5),  # as b
    "h": "id,nom\n1,other column\n",
    "i": "",
    "j": ids(50),
    "k": '\ufeffid,name\n60,"a ""b"" \nc"\n61,\n',
    "l": ids(70, 3),
    "m": "id,name\n80,eighty\n81,x,too many\n",
    "n": ids(90),
}


def test_what_comes_of_it_is_the_same_as_one_by_one(database, other_database, tmp_path, committed):
    """Rejects, other delimiters, equal files, unreadable ones: the ledgers and the tables agree."""
    ways = []
    for url, alone in ((database, False), (other_database, True)):
        folder = tmp_path / ("alone" if alone else "together")
        found, _ = run(url, write(folder, **MIXED), alone, table="t")
        everything = ledger(url, folder)
        table = sorted(rows(url, "SELECT id, name, _line FROM t"))
        ways.append((outcomes(found), everything, table))
    assert ways[0] == ways[1]
    assert len(committed) > 1


def test_a_group_tells_what_single_imports_tell(database, other_database, tmp_path, committed):
    ways = []
    for url, alone in ((database, False), (other_database, True)):
        names = write(tmp_path / "in", a=ids(0), b=ids(5), c="id,name\nx,bad\n1,good\n", d=ids(9))
        _, heard = run(url, names, alone, table="t")
        told = {}
        for event in heard:
            name = getattr(event, "input", None) or getattr(event, "given", None)
            if not isinstance(event, (Committed, Progress)):
                told.setdefault(name, []).append((type(event).__name__, getattr(event, "text", "")))
        ways.append(told)
    assert ways[0] == ways[1]
    assert committed == [3]


def test_it_is_told_of_an_input_before_anything_of_it_is_committed(database, tmp_path):
    names = write(tmp_path / "in", a=ids(0), b=ids(5), c=ids(10))
    seen = {}

    def listener(event):
        if isinstance(event, Opened):
            seen[event.input] = len(snapshots.history(database)) if seen else 0

    run(database, names, listener=listener, table="t")
    assert list(seen.values()) == [0, 1, 1]


def with_a_key(database):
    with closing(locations.target(database).connect()) as session:
        session.command("CREATE TABLE t (id integer PRIMARY KEY, name varchar(50))")


def test_a_refused_row_costs_its_own_record_alone(database, tmp_path, committed):
    with_a_key(database)
    names = write(tmp_path / "in", a=ids(0), b=ids(3), c=ids(8), d=ids(13))
    found, heard = run(database, names, table="t")
    assert [(one.counts.loaded, one.counts.rejected) for _, one in found] == [
        (5, 0), (3, 2), (5, 0), (5, 0),
    ]  # fmt: skip
    assert kinds(heard).count("Opened") == kinds(heard).count("ImportResult") == len(names)
    assert kinds(heard).count("Failed") == 0
    assert sorted(rows(database, "SELECT id FROM t")) == [(n,) for n in range(18)]


def test_one_file_that_is_refused_leaves_the_others_in_groups(database, tmp_path, committed):
    with_a_key(database)
    texts = {f"f{n:02}": ids(5 * n) for n in range(60)}
    texts["f33"] = ids(0, 2) + "1000,own\n"
    found, _ = run(database, write(tmp_path / "in", **texts), table="t")
    assert outcomes(found) == ["finished"] * 60
    assert [one.record.import_id for _, one in found] == sorted(
        one.record.import_id for _, one in found
    )
    assert sum(committed) >= 57
    assert len(committed) < 12
    assert rows(database, "SELECT COUNT(*) FROM t") == [(296,)]


def test_where_all_are_refused_few_groups_are_tried(database, tmp_path, monkeypatch):
    with_a_key(database)
    tried = []
    real = together.import_group

    def counting(ledger, members, *others):
        tried.append(len(members))
        return real(ledger, members, *others)

    monkeypatch.setattr(together, "import_group", counting)
    texts = {f"f{n:02}": f"id,name\n0,same\n{n + 1},own\n" for n in range(150)}
    found, _ = run(database, write(tmp_path / "in", **texts), table="t")
    assert sum(one.counts.rejected for _, one in found) == 149
    assert rows(database, "SELECT COUNT(*) FROM t") == [(151,)]
    assert len(tried) <= 12


def test_more_rejects_than_allowed_stop_that_import_alone(database, tmp_path):
    bad = "id,name\n" + "x,bad\n" * 5
    names = write(tmp_path / "in", a=ids(0), b=ids(5), c=bad, d=ids(10))
    found, heard = run(database, names, table="t", max_rejects="2")
    assert outcomes(found) == ["finished", "finished", "failed", "finished"]
    assert kinds(heard).count("Opened") == kinds(heard).count("ImportResult") == len(names)
    assert rows(database, "SELECT COUNT(*) FROM t") == [(15,)]


def test_a_stop_leaves_every_file_whole_or_untouched(database, tmp_path):
    names = write(tmp_path / "in", **{f"f{n}": ids(5 * n) for n in range(10)})
    stop, heard = threading.Event(), []

    def listener(event):
        heard.append(event)
        if isinstance(event, ImportResult) and event.given == names[3]:
            stop.set()

    target = locations.target(database)
    with closing(Importer(target, Options(table="t"), listener, stop)) as importer:
        list(import_each(names, importer))
    opened = kinds(heard).count("Opened")
    assert opened == kinds(heard).count("ImportResult") + kinds(heard).count("Failed")
    loaded = sum(record.loaded for record in snapshots.history(database))
    assert rows(database, "SELECT COUNT(*) FROM t") == [(loaded,)]
    found, _ = run(database, names, table="t")
    assert rows(database, "SELECT COUNT(*) FROM t") == [(50,)]
    assert {one.outcome for _, one in found} <= {"finished", "already_imported"}


def test_a_file_that_changes_while_its_group_loads_is_loaded_as_it_is_then(
    database, tmp_path, monkeypatch
):
    names = write(tmp_path / "in", a=ids(0), b=ids(5), c=ids(10))
    real = together.import_group

    def changing(*arguments):
        (tmp_path / "in" / "c.csv").write_text(ids(100, 2))
        return real(*arguments)

    monkeypatch.setattr(together, "import_group", changing)
    found, _ = run(database, names, table="t")
    assert outcomes(found) == ["finished"] * 3
    assert sorted(rows(database, "SELECT id FROM t")) == [
        *((n,) for n in range(10)), (100,), (101,),
    ]  # fmt: skip


def test_an_input_that_another_process_has_begun_meanwhile_is_not_loaded_twice(
    database, tmp_path, monkeypatch
):
    names = write(tmp_path / "in", a=ids(0), b=ids(5), c=ids(10))
    real = together.import_group

    def late(*arguments):
        monkeypatch.setattr(together, "import_group", real)
        run(database, names[2:], alone=True, table="t")
        return real(*arguments)

    monkeypatch.setattr(together, "import_group", late)
    found, _ = run(database, names, table="t")
    assert outcomes(found) == ["finished", "finished", "already_imported"]
    assert rows(database, "SELECT COUNT(*) FROM t") == [(15,)]


def test_rows_that_refer_to_rows_of_a_later_file_are_rejects_all_the_same(database, tmp_path):
    with closing(locations.target(database).connect()) as session:
        session.command(
            "CREATE TABLE t (id integer PRIMARY KEY, parent integer,"
            " FOREIGN KEY (parent) REFERENCES t (id))"
        )
    names = write(tmp_path / "in", a="id,parent\n1,\n", b="id,parent\n2,3\n", c="id,parent\n3,1\n")
    found, _ = run(database, names, table="t")
    assert [(one.counts.loaded, one.counts.rejected) for _, one in found] == [
        (1, 0),
        (0, 1),
        (1, 0),
    ]


@pytest.mark.parametrize("option", [{"again": True}, {"mode": "replace"}, {"limit": 3}])
def test_options_that_need_more_go_the_ordinary_way(database, tmp_path, committed, option):
    names = write(tmp_path / "in", **{"t_2024-01-01": ids(0), "t_2024-01-02": ids(5)})
    found, _ = run(database, names, table="t", **option)
    assert len(found) == 2
    assert not committed


def test_the_counter_behind_the_ledger_is_set_first(database, tmp_path):
    """Somebody has brought rows of the ledger back: their numbers are taken."""
    run(database, write(tmp_path / "in", a=ids(0)), table="t")
    with closing(locations.target(database).connect()) as session:
        session.command("UPDATE snapshots_imports SET id = 5000 WHERE id = 1")
        session.command("UPDATE snapshots_chunks SET import_id = 5000 WHERE import_id = 1")
    names = write(tmp_path / "in", b=ids(5), c=ids(10), d=ids(15))
    found, _ = run(database, names, table="t")
    assert [one.record.import_id for _, one in found] == [5001, 5002, 5003]


def test_a_broken_file_among_many_is_named(database, tmp_path):
    names = write(tmp_path / "in", a=ids(0), b=ids(5), c=ids(10))
    names.insert(2, str(tmp_path / "in" / "gone.csv"))
    found, _ = run(database, names, table="t")
    assert outcomes(found) == ["finished", "finished", "InputError", "finished"]


def test_groups_of_two_processes_do_not_wait_for_each_other(database, tmp_path):
    """Each has its files in another order."""
    url = database
    run(url, write(tmp_path / "in", first=ids(0)), table="t")
    names = write(tmp_path / "in", **{f"f{n:02}": ids(5 * n + 5) for n in range(40)})
    found = {}

    def work(which, some):
        found[which], _ = run(url, some, table="t")

    threads = [
        threading.Thread(target=work, args=(0, names)),
        threading.Thread(target=work, args=(1, names[::-1])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 2
    assert rows(url, "SELECT COUNT(*) FROM t") == [(205,)]


def test_what_cannot_be_told_of_one_is_told_of_the_others(database, tmp_path, monkeypatch):
    """The connection is lost when all are committed: each has a result or an error of its own."""
    first = write(tmp_path, **{f"b{n}": ids(n * 5) for n in range(2)})
    run(database, first, table="t")
    names = write(tmp_path, **{f"a{n}": ids(n * 5 + 100) for n in range(6)})
    real, broken = together.Run.tell_done, []

    def tell(self, done, plan, known):
        if known.identity.name == names[2]:
            broken.append(known.identity.name)
            raise ConnectionLost("gone")
        return real(self, done, plan, known)

    monkeypatch.setattr(together.Run, "tell_done", tell)
    found, heard = run(database, names, table="t")
    assert broken == [names[2]]
    assert [name for name, _ in found] == names
    assert outcomes(found) == [*["finished"] * 2, "ConnectionLost", *["finished"] * 3]
    assert [event.input for event in heard if isinstance(event, Failed)] == [names[2]]
    assert outcomes(run(database, names, table="t")[0]) == ["already_imported"] * 6


def test_a_stop_within_a_group_leaves_no_file_without_its_result(database, tmp_path, committed):
    run(database, write(tmp_path, b0=ids(0)), table="t")
    names = write(tmp_path, **{f"a{n}": ids(n * 5 + 100) for n in range(6)})
    stop, heard = threading.Event(), []

    def listener(event):
        heard.append(event)
        if isinstance(event, Started) and event.input == names[1]:
            stop.set()

    target = locations.target(database)
    with closing(Importer(target, Options(table="t"), listener, stop)) as importer:
        found = list(import_each(names, importer))
    assert sum(committed) == 6
    assert outcomes(found) == ["finished"] * 6
    assert not [event for event in heard if isinstance(event, Failed)]


def test_a_name_that_comes_twice_is_imported_once(database, tmp_path, committed):
    run(database, write(tmp_path, b0=ids(0)), table="t")
    one, two = write(tmp_path, a=ids(100), c=ids(200))
    found, heard = run(database, [one, one, two, one], table="t")
    assert sorted(outcomes(found)) == ["already_imported"] * 2 + ["finished"] * 2
    assert kinds(heard).count("Opened") == 4
    assert committed == [2]


def test_files_are_closed_before_their_results_are_given(
    database, tmp_path, monkeypatch, committed
):
    """Whoever gets a result may remove the file; and others need the descriptors."""
    run(database, write(tmp_path, b0=ids(0)), table="t")
    names = write(tmp_path, **{f"a{n}": ids(n * 5 + 100) for n in range(6)})
    opened = []
    real = together.open_plain
    monkeypatch.setattr(
        together, "open_plain", lambda *given: opened.append(real(*given)) or opened[-1]
    )
    with closing(
        Importer(locations.target(database), Options(table="t"), lambda _: None)
    ) as importer:
        for name, _ in import_each(names, importer):
            assert all(one.descriptor < 0 for one in opened if one.identity.name == name)
    assert len(opened) == 6
    assert sum(committed) == 6


def test_where_no_more_files_can_be_opened_each_goes_alone(database, tmp_path):
    run(database, write(tmp_path, b0=ids(0)), table="t")
    names = write(tmp_path, **{f"a{n:02}": ids(n * 5 + 100) for n in range(40)})
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with closing(
        Importer(locations.target(database), Options(table="t"), lambda _: None)
    ) as importer:
        importer.import_input(names[0])
        used = max(int(one.name) for one in Path("/dev/fd").iterdir())
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 24, hard))
        try:
            found = list(import_each(names[1:], importer))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert outcomes(found) == ["finished"] * 39


@pytest.mark.parametrize("kind", [PanicException, MemoryError, OSError])
def test_what_goes_wrong_while_a_file_is_opened_is_its_own(database, tmp_path, monkeypatch, kind):
    run(database, write(tmp_path, b0=ids(0)), table="t")
    names = write(tmp_path, **{f"a{n}": ids(n * 5 + 100) for n in range(6)})
    real = together.identify

    def identify(source):
        if source.identity.name == names[3]:
            raise kind("broken")
        return real(source)

    monkeypatch.setattr(together, "identify", identify)
    assert outcomes(run(database, names, table="t")[0]) == ["finished"] * 6


def test_a_file_that_is_called_like_standard_input_is_not_read_as_it(
    database, tmp_path, monkeypatch
):
    run(database, write(tmp_path, b0=ids(0)), table="t")
    names = write(tmp_path, **{f"a{n}": ids(n * 5 + 100) for n in range(3)})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-").write_text("not this")
    (tmp_path / "stream").write_text("id,name\n900,piped\n")
    before = os.dup(0)
    with (tmp_path / "stream").open("rb") as piped:
        os.dup2(piped.fileno(), 0)
    try:
        found, _ = run(database, [*names, "-"], table="t")
    finally:
        os.dup2(before, 0)
        os.close(before)
    assert [one.counts.loaded for _, one in found] == [5, 5, 5, 1]
