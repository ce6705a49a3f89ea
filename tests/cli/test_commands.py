"""The commands as a user types them, on the embedded default."""

import bz2
import gzip
import lzma
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.support.command import objects, snapshots
from tests.support.input_files import data

A = "id,name\n1,Ann\n2,Bob\n"
B = "id,name\n3,Cy\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text(A)
    (tmp_path / "data" / "b.csv").write_text(B)
    return tmp_path


def test_import_into_the_embedded_default(folder):
    done = snapshots("import", "data/a.csv", "data/b.csv", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "2 records = 2 loaded + 0 rejected + 0 skipped" in done.stdout
    assert (folder / "snapshots.db").exists()


def test_no_subcommand_imports(folder, database):
    done = snapshots("--database", database, "data/a.csv", "data/b.csv", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    first, second = objects(done)
    assert (first["input"], first["table"], first["loaded"]) == ("data/a.csv", "a", 2)
    assert (second["table"], second["loaded"]) == ("b", 1)
    wanted = {
        "import_id", "input", "content_hash", "database", "table", "state", "records", "loaded",
        "rejected", "skipped", "bytes", "started_at", "finished_at", "seconds",
    }  # fmt: skip
    assert wanted <= set(first)
    assert first["bytes"] == len(A)
    listed = objects(snapshots("list", "--database", database, "--json", cwd=folder))
    assert [entry["import_id"] for entry in listed] == [1, 2]
    assert wanted <= set(listed[0])


def test_options_may_come_before_the_command(folder):
    snapshots("import", "data/a.csv", cwd=folder)
    done = snapshots("--database", "sqlite:///snapshots.db", "list", "--json", cwd=folder)
    assert [entry["input"] for entry in objects(done)] == ["data/a.csv"]


def test_all_given_are_already_imported(folder):
    snapshots("import", "data/a.csv", cwd=folder)
    again = snapshots("import", "data/a.csv", cwd=folder)
    assert again.returncode == 5
    assert "Already imported as 1" in again.stdout
    both = snapshots("import", "data/a.csv", "data/b.csv", cwd=folder)
    assert both.returncode == 0


@pytest.mark.parametrize(
    ("ending", "pack"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)],
)
def test_compressed_files(tmp_path, ending, pack):
    (tmp_path / f"a.csv{ending}").write_bytes(pack(A.encode()))
    done = snapshots("import", f"a.csv{ending}", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (result,) = objects(done)
    assert (result["table"], result["loaded"]) == ("a", 2)
    assert result["bytes"] == len(pack(A.encode()))


def test_standard_input(tmp_path):
    done = snapshots("import", "-", "--table", "t", "--json", cwd=tmp_path, stdin=A.encode())
    assert done.returncode == 0, done.stderr
    assert objects(done)[0]["loaded"] == 2
    again = snapshots("import", "-", "--table", "t", cwd=tmp_path, stdin=A.encode())
    assert again.returncode == 5
    nameless = snapshots("import", "-", cwd=tmp_path, stdin=B.encode())
    assert nameless.returncode == 2
    assert "--table" in nameless.stderr


def test_globs_and_folders(folder):
    assert len(objects(snapshots("import", "data/*.csv", "--json", cwd=folder))) == 2
    assert snapshots("import", "data", cwd=folder).returncode == 5


def test_rejects_in_every_format(folder):
    (folder / "c.csv").write_bytes(b"id,name\n1,a\n2\n3,\xff\xfe\n")
    done = snapshots("import", "c.csv", "-e", "utf-8", "--json", cwd=folder)
    assert done.returncode == 3, done.stderr
    (result,) = objects(done)
    assert result["rejects_by_code"] == {"field_count": 1, "invalid_encoding": 1}
    number = str(result["import_id"])
    jsonl = objects(snapshots("rejects", number, "--format", "jsonl", cwd=folder))
    assert [(r["line"], r["byte_offset"], r["code"]) for r in jsonl] == [
        (3, 12, "field_count"),
        (4, 14, "invalid_encoding"),
    ]
    assert jsonl[0]["raw"] == "2"
    assert jsonl[1]["raw"] == "3,\\xff\\xfe"
    table = snapshots("rejects", number, cwd=folder).stdout
    assert "field_count" in table
    assert "line 3, byte 12" in table
    as_csv = snapshots("rejects", number, "--format", "csv", cwd=folder).stdout
    assert as_csv.splitlines()[0] == "line,byte_offset,column,code,reason,raw"


def test_list_tells_of_files(folder):
    snapshots("import", "data/a.csv", cwd=folder)
    (folder / "renamed.csv").write_text(A)
    (folder / "edited").mkdir()
    (folder / "edited" / "a.csv").write_text(A + "9,Eve\n")
    done = snapshots(
        "list", "data/a.csv", "renamed.csv", "edited/a.csv", "data/b.csv", "--json", cwd=folder
    )
    assert [status["presence"] for status in objects(done)] == [
        "imported", "imported", "changed", "unknown",
    ]  # fmt: skip
    text = snapshots("list", "edited/a.csv", cwd=folder).stdout
    assert "not imported; a file of this name is, with other content" in text


def test_list_without_database_answers_for_all(folder, database):
    snapshots("import", "data/a.csv", cwd=folder)
    snapshots("import", "data/a.csv", "--database", database, cwd=folder)
    # Passwords are not remembered: they come from the usual places.
    password = unquote(urlsplit(database).password or "")
    usual = {"PGPASSWORD": password, "MYSQL_PWD": password}
    listed = objects(snapshots("list", "--json", cwd=folder, **usual))
    assert len(listed) == 2
    assert len({entry["database"] for entry in listed}) == 2


def test_show(folder):
    snapshots("import", "data/a.csv", cwd=folder)
    (detail,) = objects(snapshots("show", "1", "--json", cwd=folder))
    assert detail["chunks"][0]["loaded"] == 2
    assert "columns:" in snapshots("show", "1", cwd=folder).stdout
    assert snapshots("show", "99", cwd=folder).returncode == 1


def test_dry_run_writes_nothing(folder):
    (folder / "c.csv").write_text("id,name\n1,a\n2\n")
    done = snapshots("import", "c.csv", "--dry-run", cwd=folder)
    assert done.returncode == 3, done.stderr
    assert "2 records = 1 loaded + 1 rejected + 0 skipped" in done.stdout
    assert "line 3" in done.stdout
    assert not (folder / "snapshots.db").exists()


def test_limit_then_the_rest(folder):
    done = snapshots("import", "data/a.csv", "--limit", "1", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    (result,) = objects(done)
    assert (result["outcome"], result["loaded"]) == ("limited", 1)
    (rest,) = objects(snapshots("resume", "1", "--json", cwd=folder))
    assert (rest["outcome"], rest["loaded"], rest["import_id"]) == ("finished", 2, 1)


def test_stop_on_error_loads_nothing_behind_it(folder):
    (folder / "c.csv").write_text("id,name\n1,a\n2\n3,c\n")
    done = snapshots("import", "c.csv", "--stop-on-error", "--json", cwd=folder)
    assert done.returncode == 4
    (result,) = objects(done)
    assert (result["records"], result["loaded"], result["rejected"]) == (2, 1, 1)
    (rest,) = objects(snapshots("resume", "1", "--max-rejects", "5", "--json", cwd=folder))
    assert (rest["state"], rest["loaded"], rest["rejected"]) == ("finished", 2, 1)


def test_env_file_and_variables(folder):
    (folder / ".env").write_text("SNAPSHOTS_TABLE = elsewhere\n")
    done = snapshots("import", "data/a.csv", "--env-file", ".env", "--json", cwd=folder)
    assert objects(done)[0]["table"] == "elsewhere"
    done = snapshots("import", "data/b.csv", "--json", cwd=folder, SNAPSHOTS_TABLE="by_variable")
    assert objects(done)[0]["table"] == "by_variable"


def test_progress_as_json(folder):
    done = snapshots("import", "data/a.csv", "--progress", "json", cwd=folder)
    kinds = {line.split('"')[3] for line in done.stderr.splitlines() if line.startswith('{"event"')}
    assert {"notice", "started"} <= kinds


def test_types_are_shown(folder):
    done = snapshots("import", data("made/snapshot_20230101.csv"), cwd=folder)
    assert "user_id integer" in done.stderr
    assert "credit_limit float" in done.stderr


def test_a_folder_with_files_that_are_no_input_is_listed_all_the_same(folder):
    there = folder / "data"
    (there / "0_empty.csv").touch()
    (there / "1_image.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (there / "2_damaged.csv.gz").write_bytes(gzip.compress(A.encode())[:8] + b"\xff" * 20)
    Path(os.fsdecode(os.fsencode(there) + b"/3_\xff.csv")).write_text(A)
    snapshots("import", "data/a.csv", cwd=folder)
    done = snapshots("list", "data", cwd=folder, PYTHONIOENCODING="utf-8:backslashreplace")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line.split(": ", 1)[1].split(": ")[0] for line in lines] == [
        "not read", "not read", "not read", "not read", "imported", "not imported"
    ]  # fmt: skip
    assert "empty" in lines[0]
    told = objects(snapshots("list", "data", "--json", cwd=folder))
    assert [one["presence"] for one in told] == ["unreadable"] * 4 + ["imported", "unknown"]
    assert [bool(one["error"]) for one in told] == [True] * 4 + [False] * 2
    assert told[0]["error"]["code"] == "input"


def test_what_is_refused_says_how_its_import_ended(folder):
    (folder / "data" / "empty.csv").touch()
    snapshots("sync", "--data-dir", "data", "--once", "--settle", 0, cwd=folder)
    done = snapshots("list", "data/empty.csv", cwd=folder)
    assert "not read: The input is empty (0 bytes).; failed: import " in done.stdout


def test_a_file_that_is_gone_is_answered_from_the_ledger_and_hides_no_other(folder):
    snapshots("import", "data/a.csv", "data/b.csv", cwd=folder)
    (folder / "data" / "a.csv").unlink()
    (folder / "data" / "new.csv").write_text("id,other\n9,x\n")
    asked = ("data/a.csv", "data/b.csv", "data/new.csv", "data/none.csv", "data/*.tsv")
    done = snapshots("list", *asked, cwd=folder)
    told = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert told["data/a.csv"].startswith("the file no longer exists; it was imported: import 1")
    assert told["data/b.csv"].startswith("imported: import 2")
    assert told["data/new.csv"] == "not imported"
    assert told["data/none.csv"].startswith("not read: The file does not exist.")
    assert told["data/*.tsv"].startswith("not read: No file matches")
    assert done.returncode == 1
    done = snapshots("list", "data/a.csv", "data/b.csv", "--json", cwd=folder)
    assert done.returncode == 0, "each of them is answered"
    assert [(one["presence"], len(one["imports"])) for one in objects(done)] == [
        ("gone", 1),
        ("imported", 1),
    ]


def test_sync_watches_data_where_nothing_else_is_said(folder):
    done = snapshots("sync", "--once", "--settle", 0, "--json", cwd=folder)
    ended = [one["path"] for one in objects(done) if one["event"] == "ended"]
    assert str(folder / "data" / "a.csv") in ended
    (empty := folder / "empty").mkdir()
    done = snapshots("sync", "--once", cwd=empty)
    assert done.returncode == 1
    assert "mkdir -p data" in done.stderr


def test_the_version_has_a_short_option(folder):
    assert snapshots("-V", cwd=folder).stdout == snapshots("--version", cwd=folder).stdout


def test_a_file_of_variables_may_begin_with_a_byte_order_mark(folder):
    (folder / ".env").write_text("\ufeffSNAPSHOTS_TABLE=by_file\n", "utf-8")
    done = snapshots("import", "data/a.csv", "--env-file", ".env", "--json", cwd=folder)
    assert objects(done)[0]["table"] == "by_file"
