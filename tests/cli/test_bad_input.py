"""Everything that is wrong gets a sentence, the documented exit code, and no traceback."""

import os
import socket

import pytest

from tests.support.command import objects, snapshots
from tests.support.input_files import rows


def nothing_imported(folder):
    return objects(snapshots("list", "--json", cwd=folder)) == []


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.csv", b"", "empty"),
        ("binary.csv", bytes(range(256)) * 64, "binary"),
        ("parquet.csv", b"PAR1" + bytes(100), "Parquet"),
        ("book.csv", b"PK\x03\x04" + bytes(100), "zip"),
        ("cut.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", ""),
    ],
)
def test_files_that_are_no_csv(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    done = snapshots("import", name, cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    assert sentence.lower() in done.stderr.lower()
    assert nothing_imported(tmp_path)


def test_missing_file(tmp_path):
    (tmp_path / "data.csv").write_text("a\n1\n")
    done = snapshots("import", "daat.csv", cwd=tmp_path)
    assert done.returncode == 1
    assert "file does not exist" in done.stderr
    assert "data.csv" in done.stderr


@pytest.mark.parametrize("command", ["import", "list"])
def test_an_empty_argument_is_not_the_current_folder(tmp_path, command):
    """A variable of a script that is not set."""
    (tmp_path / "a.csv").write_text("n\n1\n")
    done = snapshots(command, "", cwd=tmp_path)
    assert done.returncode == 2
    assert "An argument is empty.\n  For the current folder, write a dot." in done.stderr
    assert not (tmp_path / "snapshots.db").exists()


def test_an_empty_folder(tmp_path):
    (tmp_path / "d").mkdir()
    done = snapshots("import", "d", cwd=tmp_path)
    assert done.returncode == 1
    assert "no files to import" in done.stderr


def test_an_unreadable_file(tmp_path):
    path = tmp_path / "secret.csv"
    path.write_text("a\n1\n")
    path.chmod(0)
    if os.access(path, os.R_OK):
        # Root may read anything; a device that refuses to be read stands in for the file.
        path = "/proc/self/mem"
    done = snapshots("import", path, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") or "error: " in done.stderr


def test_a_url_that_cannot_be_read(tmp_path):
    done = snapshots("import", "ftp://user:hidden@example.org/a.csv", cwd=tmp_path)
    assert done.returncode == 1
    assert "ftp://example.org/a.csv: ftp:// cannot be read." in done.stderr
    assert "hidden" not in done.stderr


def test_a_header_and_no_records(tmp_path):
    (tmp_path / "h.csv").write_text("a,b,c\n")
    done = snapshots("import", "h.csv", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (result,) = objects(done)
    assert (result["state"], result["records"]) == ("finished", 0)
    assert "no record can be loaded" in snapshots("import", "h.csv", "--again", cwd=tmp_path).stderr


def test_a_duplicate_column_name(tmp_path):
    (tmp_path / "d.csv").write_text("a,a,A\n1,2,3\n")
    done = snapshots("import", "d.csv", "--json", "--progress", "plain", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "a_2" in done.stderr
    assert objects(done)[0]["loaded"] == 1


def test_two_thousand_columns(tmp_path, database):
    names = ",".join(f"c{n}" for n in range(2000))
    (tmp_path / "wide.csv").write_text(f"{names}\n{','.join('1' for _ in range(2000))}\n")
    done = snapshots("import", "wide.csv", "--database", database, "--json", cwd=tmp_path)
    if done.returncode:
        # A limit of the database, in its own words or ours.
        assert done.returncode == 1
        assert "column" in done.stderr
    else:
        assert objects(done)[0]["loaded"] == 1


def test_a_line_of_200_megabytes(tmp_path):
    with (tmp_path / "long.csv").open("wb") as file:
        file.write(b"a,b\n1,2\n3,")
        for _ in range(200):
            file.write(b"x" * (1 << 20))
        file.write(b"\n4,5\n")
    done = snapshots("import", "long.csv", "--json", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    (result,) = objects(done)
    assert (result["loaded"], result["rejected"]) == (2, 1)
    assert result["rejects_by_code"] == {"record_too_long": 1}


def test_no_server(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        free_port = unused.getsockname()[1]
    (tmp_path / "a.csv").write_text("a\n1\n")
    done = snapshots("import", "a.csv", "--database", f"localhost:{free_port}", cwd=tmp_path)
    assert done.returncode == 6
    assert str(free_port) in done.stderr


def test_unknown_scheme(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    done = snapshots("import", "a.csv", "--database", "oracle://x/y", cwd=tmp_path)
    assert done.returncode == 2
    assert "postgresql://" in done.stderr


def test_a_table_that_is_not_ours(tmp_path, database):
    (tmp_path / "a.csv").write_text("id,name\n1,Ann\n")
    (tmp_path / "b.csv").write_text("id,colour,size\n1,red,4\n")
    assert (
        snapshots(
            "import", "a.csv", "--database", database, "--table", "t", cwd=tmp_path
        ).returncode
        == 0
    )
    done = snapshots("import", "b.csv", "--database", database, "--table", "t", cwd=tmp_path)
    assert done.returncode == 1
    assert "colour" in done.stderr
    assert "name" in done.stderr
    assert "--columns-changed" in done.stderr
    added = snapshots(
        "import", "b.csv", "--database", database, "--table", "t", "--columns-changed", "add",
        "--json", cwd=tmp_path,
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    assert objects(added)[0]["loaded"] == 1


@pytest.mark.parametrize("mode", ["upsert", "mirror", "history"])
def test_a_mode_by_key_needs_a_key(tmp_path, mode):
    (tmp_path / "a.csv").write_text("a\n1\n")
    done = snapshots("import", "a.csv", "--mode", mode, cwd=tmp_path)
    assert done.returncode != 0
    assert "key" in done.stderr
    assert "--primary-key" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--delimiter", "ab"], ["--max-rejects", "many"], ["--chunk-size", "0"], ["--limit", "0"],
        ["--skip-rows", "x"], ["--no-such-option"], ["--headers", "--no-headers"],
        ["--limit", 1 << 63], ["--skip-rows", 1 << 64], ["--skip-rows", f"0,{1 << 64}"],
    ],
)  # fmt: skip
def test_bad_options(tmp_path, arguments):
    (tmp_path / "a.csv").write_text("a\n1\n")
    assert snapshots("import", "a.csv", *arguments, cwd=tmp_path).returncode == 2


@pytest.mark.parametrize("command", ["show", "rejects", "resume"])
def test_a_number_that_no_import_can_have(tmp_path, command):
    done = snapshots(command, 1 << 63, cwd=tmp_path)
    assert done.returncode == 2
    assert "Invalid value for 'ID'" in done.stderr


def test_a_disk_that_is_full(tmp_path):
    """/dev/full refuses every write, as a full disk does."""
    done = snapshots(
        "import", "a.csv", "--database", "sqlite:////dev/full", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode in (1, 6)
    assert "error: " in done.stderr


@pytest.mark.parametrize("size", ["99999999999999999999", "9999TB", "\u00b2"])
def test_a_size_that_cannot_be_is_no_plan(tmp_path, size):
    (tmp_path / "a.csv").write_text("id\n1\n")
    done = snapshots("import", "a.csv", "--chunk-size", size, cwd=tmp_path)
    assert done.returncode == 2
    assert "--chunk-size" in done.stderr
    assert snapshots("import", "a.csv", cwd=tmp_path).returncode == 0


NO_TEXT = os.fsdecode(b"t\xff")


@pytest.mark.parametrize(
    "name",
    ["--table", "--delimiter", "--encoding", "--null-value", "--contract", "--database",
     "--primary-key", "--comment", "--max-rejects", "--env-file"],
)  # fmt: skip
def test_an_option_that_is_no_text(tmp_path, name):
    (tmp_path / "a.csv").write_text("id\n1\n")
    done = snapshots("import", "a.csv", name, NO_TEXT, cwd=tmp_path)
    assert done.returncode == 2
    assert f"'{name}'" in done.stderr
    assert "not UTF-8" in done.stderr


def test_a_variable_and_an_argument_that_are_no_text(tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    done = snapshots("import", "a.csv", cwd=tmp_path, SNAPSHOTS_TABLE=NO_TEXT)
    assert done.returncode == 2
    assert "'--table' (variable SNAPSHOTS_TABLE): it is not UTF-8" in done.stderr
    for command in ("run", "list", "send", "import"):
        to = ["--to", "http://localhost:9"] if command == "send" else []
        done = snapshots(command, NO_TEXT, *to, cwd=tmp_path)
        assert done.returncode in (1, 6), done.stdout
        assert "error: " in done.stderr


@pytest.mark.parametrize("content", [b"A=\xff\xfe", bytes(range(256)), b"A=1\0"])
def test_an_env_file_that_is_no_text(tmp_path, content):
    (tmp_path / "env").write_bytes(content)
    (tmp_path / "a.csv").write_text("id\n1\n")
    done = snapshots("import", "a.csv", "--env-file", "env", cwd=tmp_path)
    assert done.returncode == 2
    assert "--env-file env: this is no text" in done.stderr


def test_a_number_that_would_fill_the_memory_when_it_is_written_out(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n1e99999999\n")
    schema = '{{"fields": [{{"name": "a", "type": "number", "constraints": {{{}}}}}]}}'
    for rule in ('"maximum": 1e99999999', '"enum": [1e-99999999]'):
        (tmp_path / "c.json").write_text(schema.format(rule))
        done = snapshots("import", "a.csv", "--contract", "c.json", cwd=tmp_path)
        assert done.returncode == 1
        assert "has too many digits" in done.stderr


def test_a_file_whose_name_is_no_text_keeps_nobody_from_the_others(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in (b"a\xff.csv", b"b.csv"):
        (folder / os.fsdecode(name)).write_text(f"id\n{len(name)}\n")
    done = snapshots("import", "in", "--table", "t", cwd=tmp_path)
    assert done.returncode == 1
    assert "not UTF-8" in done.stderr
    assert rows(f"sqlite:///{tmp_path}/snapshots.db", "SELECT id FROM t") == [(5,)]
