"""No room, rights or descriptors: said in a sentence, and gone on with afterwards."""

import resource

import pytest

from tests.faults.harness import check, finish, make_file, schema_file, start


@pytest.fixture
def made(tmp_path):
    return make_file(tmp_path / "t.csv", 60_000)


def _load(database, made, tmp_path, **more):
    return finish(start(database, made, schema_file(tmp_path), tmp_path / "state", **more))


@pytest.mark.parametrize("state", ["read-only", "a file"])
def test_the_state_folder_cannot_be_written(made, tmp_path, sqlite_url, state):
    """It holds a convenience; the import does not depend on it."""
    folder = tmp_path / "state"
    if state == "read-only":
        folder.symlink_to("/proc")
    else:
        folder.write_text("")
    code, result, err = _load(sqlite_url, made, tmp_path)
    assert code == 3, (err, result)
    check(sqlite_url, made)


def test_a_folder_that_cannot_be_written(made, tmp_path):
    code, result, err = _load("sqlite:////proc/t.db", made, tmp_path)
    assert code == 6, (err, result)
    assert result["error"]["hint"], result


@pytest.mark.parametrize("descriptors", [12, 16, 20])
def test_out_of_descriptors(database, made, tmp_path, descriptors):
    limits = {resource.RLIMIT_NOFILE: descriptors}
    code, result, err = _load(database, made, tmp_path, limits=limits)
    assert code in (1, 3, 6), (err, result)
    code, result, err = _load(database, made, tmp_path)
    assert code in (3, 5), (err, result)
    check(database, made)
