"""From arguments to inputs."""

import pytest

from snapshots.errors import InputError
from snapshots.sources import expand


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        "b.csv", "a.csv", "c.TSV", "d.txt.gz", "e.csv.zst", "notes.md", ".hidden.csv", "x[1].csv",
        "sub/z.csv",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("a\n1\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "dir.csv").mkdir()
    return tmp_path


def test_names_stay_as_they_were_given(folder):
    assert expand(["b.csv", "./a.csv", "-", "notes.md"]) == ["b.csv", "./a.csv", "-", "notes.md"]


def test_each_input_once(folder):
    assert expand(["a.csv", "./a.csv", str(folder / "a.csv"), "-", "-", "b.csv"]) == [
        "a.csv",
        "-",
        "b.csv",
    ]


def test_a_folder_stands_for_the_files_like_csv_in_it(folder):
    wanted = ["a.csv", "b.csv", "c.TSV", "d.txt.gz", "e.csv.zst", "x[1].csv"]
    assert expand(["."]) == wanted
    assert expand([str(folder)]) == [str(folder / name) for name in wanted]


def test_a_glob_that_the_shell_left_alone(folder):
    assert expand(["*.csv"]) == ["a.csv", "b.csv", "x[1].csv"]
    assert expand(["**/*.csv"]) == ["a.csv", "b.csv", "sub/z.csv", "x[1].csv"]


def test_a_file_whose_name_is_a_pattern(folder):
    assert expand(["x[1].csv"]) == ["x[1].csv"]


def test_a_url_stands_for_itself(folder):
    urls = ["https://example.org/*.csv", "a.csv", "https://example.org/*.csv"]
    assert expand(urls) == urls[:2]


@pytest.mark.parametrize(
    ("argument", "message", "hint"),
    [
        ("empty", "no files to import", "*.csv"),
        ("*.parquet", "No file matches", "ls"),
        ("aa.csv", "file does not exist", "a.csv"),
        ("none/aa.csv", "file does not exist", "folder"),
    ],
)
def test_what_stands_for_nothing(folder, argument, message, hint):
    with pytest.raises(InputError) as caught:
        expand(["a.csv", argument])
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.place == argument
