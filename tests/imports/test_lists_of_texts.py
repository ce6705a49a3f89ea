"""Options of several texts, as Python's callers give them."""

import pytest

import snapshots
from snapshots.errors import UsageError
from tests.support.input_files import rows


@pytest.mark.parametrize("kind", [list, tuple])
def test_lists_are_as_good_as_tuples(sqlite_url, tmp_path, kind):
    path = tmp_path / "t.csv"
    path.write_text("id,name\n1,-\n2,b\n")
    for _ in range(2):
        done = snapshots.load(
            path, database=sqlite_url, null_values=kind(["-"]), primary_key=kind(["id"]),
            mode="mirror", again=True,
        )  # fmt: skip
        assert done.outcome == "finished", done
    assert rows(sqlite_url, "SELECT id, name FROM t ORDER BY id") == [(1, None), (2, "b")]


@pytest.mark.parametrize("name", ["null_values", "primary_key"])
def test_one_text_is_no_list(sqlite_url, tmp_path, name):
    path = tmp_path / "t.csv"
    path.write_text("id\n1\n")
    with pytest.raises(UsageError, match="is one text"):
        snapshots.load(path, database=sqlite_url, **{name: "id"})
