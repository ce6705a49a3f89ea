"""`snapshots list`: what fits the terminal, which imports it takes, and whom it asks."""

import json
import socket
import sqlite3
import time

import pytest
from click.shell_completion import ShellComplete

from snapshots.cli.main import cli
from snapshots.cli.screen_width import shortened, width_of
from tests.support.command import objects, snapshots
from tests.support.database_servers import other_database

LONG = "a_folder_with_a_long_name/2026/the_orders_of_the_northern_region_2026-02-28.csv"
WIDE = "データ/注文書の一覧表_二〇二六年二月.csv"


@pytest.fixture
def folder(tmp_path):
    """Three imports: one with rejects, and two whose names are long."""
    (tmp_path / "a_folder_with_a_long_name" / "2026").mkdir(parents=True)
    (tmp_path / "データ").mkdir()
    (tmp_path / LONG).write_text("id,name\n1,Ann\n2\n" + "3,Cy\n" * 30)
    (tmp_path / WIDE).write_text("id,name\n4,Dan\n")
    (tmp_path / "a.csv").write_text("id,name\n5,Eve\n")
    for name in (LONG, WIDE, "a.csv"):
        done = snapshots("import", name, "--database", "here.db", cwd=tmp_path)
        assert done.returncode in (0, 3), done.stderr
    return tmp_path


def listed(folder, *options, **environment):
    done = snapshots("list", *options, cwd=folder, **environment)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("width", [50, 80, 120])
def test_a_list_fits(folder, width):
    done = listed(folder, COLUMNS=str(width))
    head, *rows = done.stdout.splitlines()
    assert max(map(width_of, (head, *rows))) <= width
    assert head.split()[:4] == ["id", "state", "input", "table"]
    assert [row.split()[0] for row in rows] == ["1", "2", "3"]
    assert "database" not in head
    assert done.stderr.count("here.db") == 1, "said once"
    for row in rows[:2]:
        assert "…" in row
    assert " 1  " in rows[0], "rejects are never left out"


def test_a_pipe_gets_everything(folder):
    done = listed(folder, COLUMNS="")
    head, first, second, _ = done.stdout.splitlines()
    assert "seconds" in head
    assert LONG in first
    assert WIDE in second


def test_several_databases_are_told_apart(folder):
    (folder / "sub").mkdir()
    snapshots("import", "a.csv", "--database", "sub/here.db", cwd=folder)
    done = listed(folder, COLUMNS="100")
    assert done.stdout.splitlines()[0].endswith("database")
    assert "sub/here.db" in done.stdout.splitlines()[-1]
    full = listed(folder, COLUMNS="")
    assert f"sqlite:///{folder}/sub/here.db" in full.stdout


def test_a_text_is_shortened_in_the_middle_by_what_it_takes_on_a_screen():
    for text in (LONG, WIDE, "é" * 30, "短" * 9):
        for width in range(1, 30):
            short = shortened(text, width)
            assert width_of(short) <= width
            assert short == text or "…" in short
    assert shortened(LONG, 21) == "a_folder_w…6-02-28.csv"[:10] + "…" + LONG[-10:]


def test_filters_take_what_they_say(folder, database):
    for name, text in (("x.csv", "id\n1\n"), ("y.csv", "id\n2\n"), ("z.csv", "id\nq\n")):
        (folder / name).write_text(text)
    at = ("--database", database)
    snapshots("import", "x.csv", "--table", "t", *at, cwd=folder)
    snapshots("import", "y.csv", *at, cwd=folder)
    snapshots("import", "z.csv", "--table", "t", "--stop-on-error", *at, cwd=folder)

    def ids(*options):
        done = snapshots("list", *at, "--json", *options, cwd=folder)
        assert done.returncode == 0, done.stderr
        return [one["import_id"] for one in objects(done)]

    assert ids() == [1, 2, 3]
    assert ids("--limit", "2") == [2, 3], "the newest, in the same order"
    assert ids("--table", "t") == [1, 3]
    assert ids("--state", "failed") == [3]
    assert ids("--state", "failed", "--state", "finished", "--limit", "1") == [3]
    assert ids("--state", "interrupted") == []
    assert ids("--since", "1h", "--table", "y") == [2]
    assert ids("--since", "2999-01-01") == []
    none = snapshots("list", *at, "--table", "nix", cwd=folder)
    assert (none.stdout, none.stderr) == ("", "no import matches\n")


def test_an_import_whose_process_is_gone_is_interrupted(folder):
    with sqlite3.connect(folder / "here.db") as session:
        session.execute(
            "UPDATE snapshots_imports SET state = 'running', owner = 'nowhere:1:x',"
            " heartbeat_at = '2020-01-01T00:00:00.000Z' WHERE id = 1"
        )

    def ids(*options):
        return [one["import_id"] for one in objects(listed(folder, "--json", *options))]

    assert ids("--state", "interrupted") == [1]
    assert ids("--state", "running") == []
    assert ids("--state", "interrupted", "--state", "finished", "--limit", "2") == [2, 3]


@pytest.mark.parametrize("when", ["yesterday", "2026-13-01", "2x", "", "-1d", "999999w"])
def test_what_is_no_time_is_refused(folder, when):
    done = snapshots("list", "--since", when, cwd=folder)
    assert done.returncode == 2
    assert "12h" in done.stderr


def test_filters_do_not_go_with_files(folder):
    done = snapshots("list", "a.csv", "--limit", "3", cwd=folder)
    assert done.returncode == 2
    assert "you named files" in done.stderr


@pytest.fixture
def silent():
    """A server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def dropping():
    """An address whose packets are lost: its queue of connections is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        yield port
        for one in waiting:
            one.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def know(folder, *databases):
    path = folder / "state" / "databases.json"
    known = json.loads(path.read_text())["databases"]
    path.write_text(json.dumps({"databases": [*known, *databases]}))


def timed(*arguments, cwd, **environment):
    begun = time.monotonic()
    done = snapshots(*arguments, cwd=cwd, **environment)
    return done, time.monotonic() - begun


@pytest.fixture
def unreachable(folder, silent, dropping):
    """All ways in which a database can fail to answer."""
    silent_ones = [
        f"postgresql://ana@127.0.0.1:{silent}/s", f"mysql://ana@127.0.0.1:{silent}/s",
        f"postgresql://ana@127.0.0.1:{dropping}/d", f"mysql://ana@127.0.0.1:{dropping}/d",
    ]  # fmt: skip
    refusing = [f"postgresql://ana@127.0.0.1:{free_port()}/r", "sqlite:////no/such/folder/x.db"]
    gone = [f"sqlite:///{folder}/deleted.db"]
    know(folder, *silent_ones, *refusing, *gone)
    return silent_ones, refusing, gone


def test_a_list_waits_two_seconds_for_all_databases_together(folder, unreachable):
    silent_ones, refusing, gone = unreachable
    done, seconds = timed("list", "--json", cwd=folder)
    assert done.returncode == 0
    assert len(objects(done)) == 3
    assert 1.9 < seconds < 6, "the machine may be busy; one after the other would take 40 s"
    first, second, third = done.stderr.splitlines()
    assert first.startswith("4 databases did not answer within 2 s: ")
    assert all(name in first for name in silent_ones)
    assert second.startswith("2 databases could not be asked: ")
    assert all(name in second for name in refusing)
    assert third.startswith(f"1 known database does not exist any more: {gone[0]}; forget it with")


def test_not_imported_is_said_only_if_all_have_answered(folder, unreachable):
    (folder / "new.csv").write_text("id\n77\n")
    done, seconds = timed("list", "a.csv", "new.csv", cwd=folder)
    assert seconds < 6
    known, unknown = done.stdout.splitlines()
    assert known.startswith("a.csv: imported: import 3")
    assert unknown.startswith("new.csv: unclear; it may be in a database that did not answer: ")
    assert all(name in unknown for name in (*unreachable[0], *unreachable[1]))
    assert done.returncode == 6
    told = objects(snapshots("list", "new.csv", "--json", cwd=folder))
    assert told[0]["presence"] == "unclear"
    clear = snapshots("list", "new.csv", "--database", "here.db", cwd=folder)
    assert (clear.stdout, clear.returncode) == ("new.csv: not imported\n", 0)


def test_nobody_answered_is_not_nothing_was_imported(folder, silent):
    (folder / "here.db").unlink()
    know(folder, f"postgresql://127.0.0.1:{silent}/s")
    done = snapshots("list", cwd=folder)
    assert done.returncode == 6
    assert "nothing was imported" not in done.stderr


@pytest.mark.parametrize("command", ["show", "rejects", "resume", "verify"])
def test_a_number_is_clear_only_if_all_have_answered(folder, silent, command):
    know(folder, f"postgresql://127.0.0.1:{silent}/s")
    done, seconds = timed(command, "1", cwd=folder)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"127.0.0.1:{silent}" in done.stderr
    assert f"--database sqlite:///{folder}/here.db" in done.stderr
    assert "snapshots forget" in done.stderr
    assert seconds < 6


@pytest.mark.parametrize("command", ["show", "rejects", "resume", "verify"])
def test_a_number_of_several_databases_is_not_guessed(folder, command):
    snapshots("import", "a.csv", cwd=folder)
    done = snapshots(command, "1", cwd=folder)
    assert done.returncode == 2
    assert "2 databases have an import 1" in done.stderr
    assert f"--database sqlite:///{folder}/snapshots.db" in done.stderr
    assert snapshots("show", "3", cwd=folder).returncode == 0, "one database alone has it"
    assert snapshots("show", "4", cwd=folder).returncode == 1


def test_a_server_that_refuses_and_a_database_that_was_dropped(tmp_path, postgres_server):
    url = other_database(postgres_server.url(), "never_made")
    wrong = url.replace("never_made", "postgres")
    (tmp_path / "a.csv").write_text("id\n1\n")
    snapshots("import", "a.csv", cwd=tmp_path)
    without = [one.partition("://")[2].rpartition("@")[2] for one in (url, wrong)]
    know(tmp_path, f"postgresql://snapshots@{without[0]}", f"postgresql://nobody@{without[1]}")
    done, seconds = timed("list", "--json", cwd=tmp_path, PGPASSWORD=postgres_server_password(url))
    assert seconds < 6
    assert len(objects(done)) == 1
    assert "nobody@" in done.stderr
    assert "never_made" in done.stderr
    assert postgres_server_password(url) not in done.stderr


def postgres_server_password(url):
    from urllib.parse import unquote, urlsplit

    return unquote(urlsplit(url).password or "")


def test_a_database_is_forgotten_by_any_of_its_names(folder, silent):
    names = [
        "postgresql://ana@db.example:5432/sales", "mysql://ana@db.example:3306/sales",
        "postgresql://127.0.0.1:5432/a", "postgresql://127.0.0.1:5432/b",
    ]  # fmt: skip
    know(folder, *names)
    path = folder / "state" / "databases.json"

    def forget(text):
        done = snapshots("forget", text, cwd=folder)
        return done, json.loads(path.read_text())["databases"]

    done, left = forget("127.0.0.1:5432")
    assert (done.returncode, len(left)) == (2, 5)
    assert "postgresql://127.0.0.1:5432/a, postgresql://127.0.0.1:5432/b" in done.stderr
    done, left = forget("127.0.0.1:5432/b")
    assert (done.returncode, names[3] in left) == (0, False)
    done, left = forget("postgresql://bob:s3cret@db.example:5432/sales")
    assert (done.returncode, names[0] in left) == (0, False)
    assert "s3cret" not in done.stderr
    done, left = forget("db.example:3306")
    assert (done.returncode, names[1] in left) == (0, False)
    done, left = forget("here.db")
    assert (done.returncode, left) == (0, [names[2]])
    assert (folder / "here.db").exists(), "the database itself stays"
    done, left = forget("postgresql://x:s3cret@127.0.0.1:5432/c")
    assert (done.returncode, left) == (2, [names[2]])
    assert f"Did you mean {names[2]}?" in done.stderr
    assert "s3cret" not in done.stderr
    assert objects(snapshots("forget", names[2], "--json", cwd=folder)) == [{"database": names[2]}]
    assert "import something first" in snapshots("forget", "x", cwd=folder).stderr


def test_shells_complete_known_databases(folder, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(folder / "state"))
    shell = ShellComplete(cli, {}, "snapshots", "_SNAPSHOTS_COMPLETE")
    found = [one.value for one in shell.get_completions(["forget"], "sqlite")]
    assert found == [f"sqlite:///{folder}/here.db"]
    assert shell.get_completions(["forget"], "postgres") == []
