"""What messages say of an input that was loaded before: where its rows are, what loads it anew."""

import pytest

import snapshots as package
from tests.support.command import snapshots
from tests.support.web_server import serving


def written(folder, name, text="id,name\n1,Ana\n"):
    path = folder / name
    path.write_text(text)
    return path


def test_equal_bytes_under_another_name_are_said_to_be_in_another_table(tmp_path):
    written(tmp_path, "customers.csv")
    written(tmp_path, "suppliers.csv")
    snapshots("import", "customers.csv", cwd=tmp_path)
    done = snapshots("import", "suppliers.csv", cwd=tmp_path)
    assert done.returncode == 5
    assert "Its rows are in table customers." in done.stdout
    assert "add --table suppliers" in done.stdout
    assert (
        snapshots("import", "suppliers.csv", "--table", "suppliers", cwd=tmp_path).returncode == 0
    )
    # Nothing is said where it is the same table.
    again = snapshots("import", "customers.csv", cwd=tmp_path)
    assert "Its rows are in" not in again.stdout


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--table", "other one"),
        ("--mode", "replace"),
        ("--table", "t", "--mode", "mirror", "--primary-key", "id,name"),
        ("--mode", "history", "--primary-key", "id"),
    ],
)
def test_the_command_that_is_named_loads_into_the_same_table_in_the_same_way(tmp_path, options):
    written(tmp_path, "a b.csv")
    snapshots("import", "a b.csv", *options, cwd=tmp_path)
    finished = package.resume(1, database=tmp_path / "snapshots.db")
    assert "snapshots import 'a b.csv'" in finished.hint
    assert finished.hint.endswith(" --again")
    package.undo(1, database=tmp_path / "snapshots.db")
    with pytest.raises(package.SnapshotsError) as undone:
        package.resume(1, database=tmp_path / "snapshots.db")
    for hint in (finished.hint, str(undone.value.hint)):
        for word in options:
            assert (f"'{word}'" if " " in word else word) in hint


def test_a_frame_is_loaded_again_from_python(tmp_path):
    place = tmp_path / "snapshots.db"
    package.load([{"id": 1}], table="t", database=place)
    assert "give the frame to snapshots.load" in package.resume(1, database=place).hint


def test_a_replaced_import_is_not_said_to_differ(tmp_path):
    for day in (1, 2):
        written(tmp_path, f"v_2024010{day}.csv", f"id\n{day}\n")
    snapshots("import", "v_20240101.csv", cwd=tmp_path)
    snapshots("import", "v_20240102.csv", "--mode", "replace", cwd=tmp_path)
    done = snapshots("verify", "1", cwd=tmp_path)
    assert done.returncode == 1
    assert "Import 2 has replaced the rows of import 1." in done.stderr
    assert snapshots("verify", "2", cwd=tmp_path).returncode == 0
    snapshots("undo", "2", cwd=tmp_path)
    assert snapshots("verify", "1", cwd=tmp_path).returncode == 0


def test_the_command_that_is_named_has_the_database(tmp_path):
    written(tmp_path, "a.csv")
    at = ("--database", "other.db")
    snapshots("import", "a.csv", *at, cwd=tmp_path)
    place = f"--database sqlite:///{tmp_path}/other.db"
    assert place in snapshots("resume", "1", *at, cwd=tmp_path).stdout
    snapshots("undo", "1", *at, cwd=tmp_path)
    assert place in snapshots("resume", "1", *at, cwd=tmp_path).stderr


def test_a_stream_is_piped_in_again(tmp_path):
    snapshots("import", "-", "--table", "t", cwd=tmp_path, stdin=b"id\n1\n")
    done = snapshots("resume", "1", cwd=tmp_path)
    assert "... | snapshots import - --table t --again" in done.stdout


def test_a_version_that_was_never_loaded_is_not_taken_for_one_that_was(sqlite_url):
    """An import is begun with one version, and goes on with another that has the same beginning."""
    lines = [f"{n},{n:01000}\n" for n in range(20_000)]
    first = "id,text\n" + "".join(lines)
    lines[15_000] = f"15000,{7:01000}\n"
    second = "id,text\n" + "".join(lines)
    with serving() as web:
        _, url = web.put("/t.csv", first.encode(), etag='"1"')
        assert package.load(url, database=sqlite_url, limit=100).outcome == "limited"
        web.put("/t.csv", second.encode(), etag='"2"')
        assert package.load(url, database=sqlite_url).outcome == "finished"
        assert package.load(url, database=sqlite_url).outcome == "already_imported"
        web.put("/t.csv", first.encode(), etag='"1"')
        assert package.load(url, database=sqlite_url).outcome == "finished"
