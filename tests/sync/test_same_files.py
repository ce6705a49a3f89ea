"""`import FOLDER` and `sync` see the same files in a folder, and sync names the others once."""

import bz2
import gzip
import lzma
import os

import pytest

from snapshots.sources import expand
from snapshots.sources.folder_files import FolderFiles
from snapshots.sync.ignored_files import IgnoredFiles
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.sync_process import Service, WithoutRights, once, put, rows

INPUTS = (
    "a.csv", "B.CSV", "c.tsv", "d.Txt", "e.csv.gz", "f.tsv.bz2", "g.txt.xz", "link.csv",
    "no suffix but.csv", "ñandú.csv", "x[1].csv", "-.csv",
)  # fmt: skip
PATTERNS = (
    "*.csv, *.tsv, *.txt, *.jsonl, *.ndjson, *.zip, *.xlsx, *.xlsm, *.xlsb, *.xls, *.ods, *.parquet"
)
IGNORED = {
    ".hidden.csv": "hidden",
    ".git": "hidden",
    "x.csv.part": "a temporary name",
    "x.csv.PARTIAL": "a temporary name",
    "x.csv~": "a temporary name",
    "~$x.csv": "a temporary name",
    "x.crdownload": "a temporary name",
    "noext": f"its name does not match {PATTERNS}",
    "table.pdf": f"its name does not match {PATTERNS}",
    "a.csv.rar": f"its name does not match {PATTERNS}",
    "sub": "a subfolder, and --recursive is not given",
    "folder.csv": "a subfolder, and --recursive is not given",
    "link to a folder.csv": "a link to a folder",
    "dangling.csv": "a link to nothing",
    "pipe.csv": "not a regular file",
}
"""Everything else in the folder, and why it is no input."""


@pytest.fixture
def folder(tmp_path):
    """A folder with something of each kind. Each file has other content."""
    path = tmp_path / "data"
    path.mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(rows(5000, 1))
    pack = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
    for number, name in enumerate((*INPUTS, *IGNORED)):
        file = path / name
        if name in ("sub", "folder.csv", ".git"):
            file.mkdir()
            (file / "below.csv").write_text(rows(1000 + number, 1))
        elif name == "link.csv":
            file.symlink_to(elsewhere)
        elif name == "link to a folder.csv":
            file.symlink_to(path / "sub")
        elif name == "dangling.csv":
            file.symlink_to(path / "nothing")
        elif name == "pipe.csv":
            os.mkfifo(file)
        else:
            file.write_bytes(pack.get(file.suffix, bytes)(rows(number, 1).encode()))
    return path


def names(paths):
    return sorted(path.rpartition("/")[2] for path in paths)


def test_both_see_the_same_files(sqlite_url, folder, tmp_path):
    done = command(
        "import", folder, "--database", sqlite_url, "--table", "t", "--json", cwd=tmp_path
    )
    imported = [one["input"] for one in objects(done)]
    assert names(imported) == sorted(INPUTS)
    assert names(expand([str(folder)])) == sorted(INPUTS)
    code, said = once(f"sqlite:///{tmp_path}/other.db", folder, "--table", "t")
    assert code == 0
    seen = [one["path"] for one in said if one["event"] in ("ended", "refused")]
    assert names(seen) == sorted(INPUTS)
    ignored = {one["path"]: one["reason"] for one in said if one["event"] == "ignored"}
    assert ignored == {str(folder / name): reason for name, reason in IGNORED.items()}
    (summary,) = [one for one in said if one["event"] == "summary"]
    assert (summary["imported"], summary["ignored"]) == (len(INPUTS), len(IGNORED))


def test_a_name_is_judged_as_the_entry_is(folder):
    """The system tells of a file by its name alone, long before anybody looks at the folder."""
    files = FolderFiles(str(folder))
    known = {entry.path.rpartition("/")[2]: entry.ignored for entry in files.entries()}
    assert {name for name, reason in known.items() if not reason} == set(INPUTS)
    by_kind = {"sub", "folder.csv", "link to a folder.csv", "dangling.csv", "pipe.csv"}
    for name, reason in known.items():
        if name not in by_kind:
            assert files.wants(str(folder / name)) == (not reason), name


def test_subfolders_and_patterns(folder):
    deep = FolderFiles(str(folder), ("BELOW*",), recursive=True, without=str(folder / "sub"))
    wanted = [entry.path for entry in deep.entries() if not entry.ignored]
    assert wanted == [str(folder / "folder.csv" / "below.csv")]
    reasons = {entry.path.rpartition("/")[2]: entry.ignored for entry in deep.entries()}
    assert reasons[".git"] == "hidden"
    assert reasons["a.csv"] == "its name does not match BELOW*"
    assert "sub" not in reasons, "imported files go there"


def test_a_subfolder_that_may_not_be_read_is_named(sqlite_url, folder):
    (folder / "sub").chmod(0)
    with WithoutRights(sqlite_url, folder, "--recursive", "--table", "t") as service:
        service.wait_ended("a.csv")
        reasons = {one["path"]: one["reason"] for one in service.said("ignored")}
        assert service.terminate() == 0
    assert reasons[str(folder / "sub")] == "it cannot be read: Permission denied"
    assert str(folder / "folder.csv") not in reasons, "its files are imported"


def test_each_is_named_once_and_not_while_it_is_about_to_be_renamed(sqlite_url, folder):
    with Service(sqlite_url, folder, "--table", "t", "--rescan", "0.2") as service:
        service.wait_for(lambda: len(service.said("ignored")) == len(IGNORED))
        (folder / "new.pdf").write_text("x")
        (folder / "new.csv.part").write_text("x")
        service.wait_for(lambda: len(service.said("ignored")) == len(IGNORED) + 2)
        put(folder / "last.csv", 9000, 1)
        service.wait_ended("last.csv")
        assert service.terminate() == 0
        paths = [one["path"] for one in service.said("ignored")]
    assert len(paths) == len(set(paths)) == len(IGNORED) + 2


def test_a_temporary_name_must_be_there_twice():
    ignored = IgnoredFiles()
    first = {"/in/a.part": "a temporary name", "/in/b": "its name does not match *.csv"}
    assert dict(ignored.to_name(first)) == first
    second = {**first, "/in/c.part": "a temporary name", "/in/d": "its name does not match *.csv"}
    assert [path for path, _ in ignored.to_name(second)] == ["/in/d"]
    assert [path for path, _ in ignored.to_name(second)] == ["/in/c.part"]
    assert ignored.to_name(second) == []
    assert ignored.to_name({}) == []
    assert [path for path, _ in ignored.to_name({"/in/b": "a subfolder"})] == ["/in/b"]
