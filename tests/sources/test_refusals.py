"""What cannot be read is refused with a sentence and a hint, before anything is done."""

import io
import os
import socket
import sqlite3
import tarfile
import zipfile

import pytest

from snapshots.errors import InputError
from snapshots.sources import open_source
from tests.support.input_files import data


def refusal(name):
    with pytest.raises(InputError) as caught:
        open_source(str(name))
    error = caught.value
    assert error.hint
    assert str(error).endswith((".", ")"))
    return error


def test_a_missing_file(tmp_path):
    assert "file does not exist" in refusal(tmp_path / "none.csv").message


def test_a_folder(tmp_path):
    error = refusal(tmp_path)
    assert "folder" in error.message
    assert "*.csv" in error.hint


@pytest.fixture
def unreadable(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n")
    path.chmod(0)
    # Root may read everything, so for a while this is not root.
    own = os.geteuid()
    if own == 0:
        os.seteuid(65534)
    yield path
    os.seteuid(own)


def test_an_unreadable_file(unreadable):
    assert "may not read the file" in refusal(unreadable).message


def test_an_empty_file():
    assert "empty" in refusal(data("made/empty.csv")).message


def test_a_device():
    assert "device" in refusal("/dev/null").message


def test_a_socket(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        assert "socket" in refusal(tmp_path / "s").message


@pytest.mark.parametrize("url", ["https://no-such-host.invalid/a.csv", "HTTP://nowhere.invalid/y"])
def test_a_url_of_no_host(url):
    assert "host name is unknown" in refusal(url).message


def test_a_url_with_a_password_does_not_show_it():
    assert "secret" not in repr(vars(refusal("https://me:secret@no-such-host.invalid/a.csv")))


def test_a_name_that_no_file_can_have():
    assert "name" in refusal("a\0b.csv").message


def test_parquet_under_the_name_of_csv():
    error = refusal(data("made/head.parquet-bytes-named.csv"))
    assert "Parquet" in error.message
    assert "cut short" in error.message
    assert "Get the file again" in error.hint


def zipped(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "a,b\n1,2\n")
    return path


def test_archives(tmp_path):
    book = zipped(tmp_path / "a.xlsx", "[Content_Types].xml", "xl/workbook.xml")
    assert "The workbook cannot be read" in refusal(book).message
    for mode in ("w", "w:gz", "w:xz"):
        path = tmp_path / f"a.tar{mode[2:]}"
        with tarfile.open(path, mode) as archive:
            entry = tarfile.TarInfo("a.csv")
            entry.size = 4
            archive.addfile(entry, io.BytesIO(b"a,b\n"))
        assert "tar archive" in refusal(path).message


_EXCEL_2003 = b"urn:schemas-microsoft-com:office:spreadsheet"


def test_other_kinds_of_files(tmp_path):
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a)")
    assert "SQLite" in refusal(path).message
    for head, word in (
        (b"%PDF-1.7\n", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "workbook"),
        (b"<!DOCTYPE html>\n<html>", "HTML"),
        (b"\xef\xbb\xbf<!-- by a -->\n<table border=1><tr><td>id</td></tr></table>", "HTML"),
        ("<html><table>".encode("utf-16"), "HTML"),
        (b'<?xml version="1.0"?>\n<Workbook xmlns="' + _EXCEL_2003 + b'">', "spreadsheet of Excel"),
        (b'<?xml version="1.0"?>\n<rows/>', "XML document"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related\n", "MHTML"),
        (b'\x1e{"id": 1}\n', "text sequence"),
        (b"PK\x07\x08PK\x03\x04", "part of a zip archive"),
    ):
        path.write_bytes(head)
        assert word in refusal(path).message, word


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,\x00\n" + "2,3\n" * 20,
        "PARIS,1\n",
        "PK,name\n1,x\n",
        "BZh9,1\n",
        "größe,straße\n1,2\n",
        "<title>,n\na,1\n",
        "[id],[name]\n1,a\n",
        "[12] started, ok\n[13] ended, ok\n",
        "{a},{b}\n1,2\n",
    ],
)
def test_text_that_only_looks_a_little_like_it(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(text)
    assert open_source(str(path)).head(1000) == text.encode()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "latin-1", "utf-32"])
def test_text_in_other_encodings(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_text("name,größe\n" + "Ärger,1\n" * 50, encoding=encoding)
    assert open_source(str(path)).head(10)
