"""What is said by default, with `--quiet` and with `--verbose`."""

import pytest

from tests.support.command import objects, snapshots

GOOD = "id,fare\n1,2.25\n2,3.50\n"
BAD = "id,fare\n1,2.25\n2\n"
DAMAGED = "name\nZo\u00eb\nBj\u00f6rn\nJos\u00e9\n".encode() + b"Ren\xe9\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "good.csv").write_text(GOOD)
    (tmp_path / "bad.csv").write_text(BAD)
    return tmp_path


def test_by_default_there_are_three_lines_and_what_should_be_looked_at(folder):
    done = snapshots("import", "good.csv", cwd=folder)
    assert done.stderr.splitlines() == [
        "import 1: good.csv -> good, sqlite:///snapshots.db",
        "  comma, header, UTF-8; 2 columns: id integer, fare float",
        "  column 'fare' is float and may be money: see --decimals exact",
    ]
    (line,) = done.stdout.splitlines()
    assert line.startswith("good.csv (import 1): 2 records = 2 loaded + 0 rejected + 0 skipped, ")


def test_many_columns_are_counted_where_there_is_no_space_for_them(folder):
    names = [f"a_rather_long_name_{n}" for n in range(24)]
    (folder / "wide.csv").write_text(f"{','.join(names)}\n{','.join('1' for _ in names)}\n")
    told = snapshots("import", "wide.csv", cwd=folder).stderr.splitlines()
    assert told[1].startswith("  comma, header, UTF-8; 24 columns: a_rather_long_name_0 integer,")
    assert told[2].endswith(", and 21 more")
    assert all(len(line) <= 80 for line in told)
    wider = snapshots("import", "wide.csv", "--again", cwd=folder, COLUMNS="160").stderr
    assert max(len(line) for line in wider.splitlines()) > 100
    assert all(len(line) <= 160 for line in wider.splitlines())


def test_verbose_tells_everything_that_was_detected(folder):
    told = snapshots("import", "good.csv", "-v", cwd=folder).stderr
    for wanted in ("- encoding: UTF-8\n", "- delimiter: comma, which gives 2 fields in 3 of",
                   "- header: yes, ", "- types: id integer, fare float\n",
                   "import 1: good.csv -> good, "):  # fmt: skip
        assert wanted in told
    assert "2 columns:" not in told, "that line stands for the details"
    assert snapshots("import", "good.csv", "--again", cwd=folder, SNAPSHOTS_VERBOSE="1"
                     ).stderr.count("- delimiter: comma") == 1  # fmt: skip


def test_json_progress_has_every_notice(folder):
    done = snapshots("import", "good.csv", "--progress", "json", cwd=folder)
    assert '"delimiter: comma, which gives' in done.stderr
    assert '"types: id integer, fare float"' in done.stderr
    assert '"comma, header, UTF-8; 2 columns: id integer, fare float"' in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "options", "wanted"),
    [
        ("damaged.csv", DAMAGED, [], "damaged UTF-8: 1 of the first "),
        ("titles.csv", b"A title\n\nid,fare\n1,2\n2,3\n3,4\n", [], "lines are skipped"),
        ("renamed.csv", b"a,a\n1,2\n", [], "it is called 'a_2'"),
        ("trailing.csv", b"id,fare,\n1,2,\n2,3,\n", [], "empty field without a name: dropped"),
    ],
)
def test_what_changes_the_data_is_said_without_verbose(folder, name, content, options, wanted):
    (folder / name).write_bytes(content)
    done = snapshots("import", name, *options, "--max-rejects", "9", cwd=folder)
    assert done.returncode in (0, 3), done.stderr
    (line,) = [line for line in done.stderr.splitlines() if wanted in line]
    assert len(line) <= 80


def test_many_renamed_columns_are_counted(folder):
    header = ",".join(f" a{n} " for n in range(40))
    (folder / "spaces.csv").write_text(f"{header}\n{','.join('1' for _ in range(40))}\n")
    told = snapshots("import", "spaces.csv", cwd=folder).stderr
    assert told.count("it is called") == 3
    assert "37 more columns are renamed: -v names them" in told
    all_of_it = snapshots("import", "spaces.csv", "--again", "-v", cwd=folder).stderr
    assert all_of_it.count("it is called") == 40


def test_quiet_says_nothing_where_nothing_is_wrong(folder):
    for _ in range(2):  # the second time it is already imported
        done = snapshots("import", "good.csv", "--quiet", cwd=folder)
        assert (done.stdout, done.stderr) == ("", "")
    assert done.returncode == 5


def test_quiet_says_what_is_wrong(folder):
    (folder / "empty.csv").touch()
    done = snapshots("import", "bad.csv", "empty.csv", "--quiet", "--max-rejects", 9, cwd=folder)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "bad.csv (import 1): 2 records = 1 loaded + 1 rejected + 0 skipped" in done.stderr
    assert "1  field_count" in done.stderr
    assert "error: empty.csv: The input is empty" in done.stderr
    assert "columns:" not in done.stderr


def test_quiet_leaves_the_data_that_was_asked_for(folder):
    (result,) = objects(snapshots("import", "bad.csv", "--quiet", "--json", "--max-rejects", "9",
                                  cwd=folder))  # fmt: skip
    assert result["rejected"] == 1
    dry = snapshots("import", "good.csv", "--quiet", "--dry-run", cwd=folder)
    assert "2 records = 2 loaded" in dry.stdout
    assert dry.stderr == ""
    told = snapshots("import", "good.csv", "--dry-run", cwd=folder).stderr.splitlines()
    assert told[:2] == [
        "dry run: good.csv",
        "  comma, header, UTF-8; 2 columns: id integer, fare float",
    ]
    for command in (["list"], ["show", "1"], ["rejects", "1"], ["verify", "1"]):
        loud = snapshots(*command, cwd=folder)
        quiet = snapshots(*command, "-q", cwd=folder)
        assert quiet.stdout == loud.stdout != ""
        assert quiet.stderr == ""
        assert quiet.returncode == loud.returncode


def test_quiet_comes_before_a_command_too(folder):
    snapshots("import", "bad.csv", "--max-rejects", "9", cwd=folder)
    assert snapshots("-q", "rejects", "1", cwd=folder).stderr == ""
    assert snapshots("rejects", "1", cwd=folder).stderr != ""


def test_quiet_sync_says_only_what_is_wrong(folder):
    (folder / "in").mkdir()
    (folder / "in" / "good.csv").write_text(GOOD)
    done = snapshots("sync", "--data-dir", "in", "--once", "--settle", 0, "--quiet", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (folder / "in" / "empty.csv").touch()
    done = snapshots("sync", "--data-dir", "in", "--once", "--settle", 0, "--quiet", cwd=folder)
    assert done.returncode == 1
    assert "empty.csv: failed" in done.stderr


def test_verbose_sync_tells_what_was_detected(folder):
    (folder / "in").mkdir()
    (folder / "in" / "good.csv").write_text(GOOD)
    sync = ("sync", "--data-dir", "in", "--once", "--settle", 0)
    told = snapshots(*sync, "-v", cwd=folder).stderr
    assert f"{folder}/in/good.csv: delimiter: comma" in told
    (folder / "in" / "other.csv").write_text(GOOD + "3,1.5\n")
    assert "delimiter" not in snapshots(*sync, cwd=folder).stderr


def test_a_short_name_stays_what_it_was(folder):
    (folder / "quoted.csv").write_text("id,name\n1,'a,b'\n")
    done = snapshots("import", "quoted.csv", "-q", "'", cwd=folder)
    assert "1 loaded + 0 rejected" in done.stdout


def test_quiet_and_verbose_exclude_each_other(folder):
    done = snapshots("list", "--quiet", "--verbose", cwd=folder)
    assert done.returncode == 2
    assert "--quiet and --verbose exclude each other." in done.stderr
    done = snapshots("list", cwd=folder, SNAPSHOTS_QUIET="1", SNAPSHOTS_VERBOSE="1")
    assert done.returncode == 2
    assert "SNAPSHOTS_QUIET and SNAPSHOTS_VERBOSE exclude each other." in done.stderr


def test_the_command_line_wins_over_the_variable(folder):
    done = snapshots("import", "good.csv", "-v", cwd=folder, SNAPSHOTS_QUIET="1")
    assert "- delimiter: comma" in done.stderr
    done = snapshots("import", "good.csv", "--again", "--quiet", cwd=folder, SNAPSHOTS_VERBOSE="1")
    assert done.stderr == ""
