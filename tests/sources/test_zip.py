"""Zip archives: each member is an input, known by its own content; nothing else is read of them."""

import gzip
import io
import random
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

import snapshots as api
from snapshots.errors import InputError, SnapshotsError
from snapshots.sources import expand, open_source
from snapshots.sources.remote.access import RemoteAccess
from snapshots.sources.unpacked_limit import UnpackedLimit
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.input_files import rows as rows_of
from tests.support.sync_process import Service, once, rows
from tests.support.web_server import serving

MIB = 1 << 20


def zipped(members, method=zipfile.ZIP_DEFLATED, **how):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method, **how) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return data.getvalue()


@pytest.fixture
def archive(tmp_path):
    """Writes an archive of these members, or of these bytes; returns its path."""

    def write(members, name="data.zip", **how):
        path = tmp_path / name
        path.write_bytes(members if isinstance(members, bytes) else zipped(members, **how))
        return path

    return write


def refusal(name, **access):
    with pytest.raises(InputError) as caught:
        open_source(str(name), RemoteAccess(**access)).close()
    assert caught.value.hint, caught.value
    return caught.value.message


def read(name):
    source = open_source(str(name))
    try:
        return b"".join(source.read())
    finally:
        source.close()


FOLDER = [
    ("2024/a.csv", "id,name\n1,Ana\n2,Bo\n3\n"),
    ("2024/b.csv", "id,city\n1,Rom\n"),
    ("2024/c.tsv.gz", gzip.compress(b"x\ty\n1\t2\n")),
    ("__MACOSX/2024/._a.csv", "\0\5\26\7"),
    ("read.me", "no data"),
]


def test_an_archive_is_a_folder_of_inputs(database, archive, tmp_path):
    path = archive(FOLDER)
    done = command("import", "data.zip", "--database", database, "--json", cwd=tmp_path)
    ends = {one["input"]: (one["outcome"], one["table"]) for one in objects(done)}
    assert ends == {
        "data.zip#2024/a.csv": ("finished", "a"),
        "data.zip#2024/b.csv": ("finished", "b"),
        "data.zip#2024/c.tsv.gz": ("finished", "c"),
    }, done.stderr
    assert done.returncode == 3
    assert rows_of(database, "SELECT name FROM a ORDER BY id") == [("Ana",), ("Bo",)]
    (reject,) = api.rejects(1, database=database)
    assert (reject.line, reject.code, reject.byte_offset) == (4, "field_count", 19)
    assert command("verify", "1", "--database", database, cwd=tmp_path).returncode == 0
    # Known by its own content: as a file, and in another archive with other members.
    (tmp_path / "b.csv").write_text(FOLDER[1][1])
    archive([("x/other.csv", FOLDER[1][1]), ("new.csv", "q\n1\n2\n")], "two.zip")
    done = command("import", "b.csv", "two.zip", "--database", database, "--json", cwd=tmp_path)
    assert [one["outcome"] for one in objects(done)] == ["already_imported"] * 2 + ["finished"]
    listed = command("list", path, "--database", database, "--json", cwd=tmp_path)
    assert [one["presence"] for one in objects(listed)] == ["imported"] * 3


def test_members_are_named_or_matched(archive):
    path = str(archive([*FOLDER, ("x[1].csv", "a\n1\n"), ("x1.csv", "b\n1\n")]))

    def inner(pattern):
        return [name.partition("#")[2] for name in expand([f"{path}#{pattern}"])]

    assert inner("2024/*.csv") == ["2024/a.csv", "2024/b.csv"]
    assert inner("read.me") == ["read.me"]
    assert inner("x[1].csv") == ["x[1].csv"], "a member of that very name"
    assert inner("x?.csv") == ["x1.csv"]
    with pytest.raises(InputError, match="no member 'nothing"):
        expand([f"{path}#nothing*"])
    assert read(f"{path}#2024/c.tsv.gz") == b"x\ty\n1\t2\n"
    assert "no member 'a.csv'" in refusal(f"{path}#a.csv")


def test_without_a_name_there_must_be_one_input(archive):
    assert read(archive([("odd.dat", "a\n1\n")])) == b"a\n1\n"
    assert read(archive([("a.csv", "a\n1\n"), ("read.me", "x")], "b.zip")) == b"a\n1\n"
    assert "3 inputs: 2024/a.csv, 2024/b.csv" in refusal(archive(FOLDER, "c.zip"))
    assert "no CSV files" in refusal(archive([("a.md", "x"), ("b.md", "x")], "d.zip"))
    assert "is empty" in refusal(archive([], "e.zip"))


def test_a_file_whose_name_looks_like_a_member_is_a_file(archive, tmp_path):
    archive(FOLDER, "a.zip")
    (tmp_path / "a.zip#2024").mkdir()
    (tmp_path / "a.zip#2024" / "a.csv").write_text("the,file\n")
    assert read(tmp_path / "a.zip#2024" / "a.csv") == b"the,file\n"
    (tmp_path / "b#1.csv").write_text("a\n1\n")
    assert read(tmp_path / "b#1.csv") == b"a\n1\n"
    (tmp_path / "c.zip").write_text("a,b\n1,2\n")
    assert "not an archive" in refusal(tmp_path / "c.zip#x.csv")
    assert expand([str(tmp_path / "c.zip")]) == [str(tmp_path / "c.zip")]


def patched(data, name, local, central):
    """An archive with other bytes at these places of the two headers of a member."""
    data = bytearray(data)
    for magic, at_name, changes in ((b"PK\3\4", 30, local), (b"PK\1\2", 46, central)):
        start = -1
        while (start := data.index(magic, start + 1)) >= 0:
            if data[start + at_name :].startswith(name):
                break
        for at, value in changes.items():
            data[start + at : start + at + len(value)] = value
    return bytes(data)


GOOD = "id,name\n" + "".join(f"{n},name {n}\n" for n in range(20_000))


@pytest.mark.parametrize(
    ("name", "local", "central", "sentence"),
    [
        ("a.csv", {6: b"\1"}, {8: b"\1"}, "encrypted"),
        ("a.csv", {8: b"\x09"}, {10: b"\x09"}, "compressed with Deflate64, which is not supported"),
        ("a.csv", {8: b"\x58"}, {10: b"\x58"}, "compressed with method 88, which"),
        ("a.csv", {}, {16: b"\1\2\3\4"}, "damaged: Bad CRC-32"),
        ("a.csv", {34: b"X"}, {}, "damaged: File name in directory"),
        ("../a.csv", {}, {}, "leads out of the archive"),
        ("/etc/a.csv", {}, {}, "leads out of the archive"),
        ("C:\\a.csv", {}, {}, "leads out of the archive"),
        ("x\\..\\..\\a.csv", {}, {}, "leads out of the archive"),
    ],
)
def test_a_member_that_is_refused_does_not_stop_the_others(
    sqlite_url, archive, tmp_path, name, local, central, sentence
):
    data = zipped([(name, GOOD), ("b.csv", "x\n1\n")])
    path = archive(patched(data, name.encode(), local, central))
    assert sentence in refusal(f"{path}#{name}")
    done = command("import", "data.zip", "--database", sqlite_url, "--json", cwd=tmp_path)
    assert [one["outcome"] for one in objects(done)] == ["failed", "finished"]
    assert done.returncode == 1
    assert rows_of(sqlite_url, "SELECT x FROM b") == [(1,)]


def test_a_link_is_no_data(archive):
    link = zipfile.ZipInfo("latest.csv")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    path = archive([("2024/a.csv", "a\n1\n"), (link, "2024/a.csv")])
    assert "link to another file" in refusal(f"{path}#latest.csv")
    assert read(f"{path}#2024/a.csv") == b"a\n1\n"


@pytest.mark.parametrize("before", [b"MZ\x90\0" + bytes(900), b"#!/bin/sh\nexit\n", b"\x7fELF\2"])
def test_an_archive_that_unpacks_itself(archive, before):
    data = before + zipped([("a.csv", "a\n1\n")])
    assert read(archive(data)) == b"a\n1\n"


def test_what_is_missing_of_an_archive_is_named(archive):
    whole = zipped([("a.csv", GOOD)], zipfile.ZIP_STORED)
    assert "its directory, which is its end, is missing" in refusal(archive(whole[:-60]))
    lengths = {20: b"\xff\xff\xff\0", 24: b"\xff\xff\xff\0"}
    path = archive(patched(whole, b"a.csv", {}, lengths))
    assert "damaged: it ends too early." in refusal(f"{path}#a.csv")


def test_two_members_of_one_name(archive):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = archive([("a.csv", "a\n1\n"), ("a.csv", "a\n2\n"), ("b.csv", "b\n1\n")])
    assert "Two members" in refusal(f"{path}#a.csv")
    assert read(f"{path}#b.csv") == b"b\n1\n"
    assert len(expand([str(path)])) == 2


def test_an_archive_within_something(archive):
    inner = zipped([("a.csv", "a\n1\n")])
    assert "within a zip archive" in refusal(archive([("in.zip", inner)]))
    assert "compressed once more" in refusal(archive(gzip.compress(inner), "a.zip.gz"))


def test_bombs(archive):
    zeros = "a,b\n" + "0" * (70 * MIB)
    path = archive([("a.csv", zeros), ("b.csv", "a\n1\n")])
    small = UnpackedLimit(most=MIB)
    assert "more than 1048576 bytes" in refusal(f"{path}#a.csv", unpacking=small)
    assert "times its compressed size" in refusal(
        f"{path}#a.csv", unpacking=UnpackedLimit(ratio=200)
    )
    open_source(f"{path}#b.csv", RemoteAccess(unpacking=small)).close()
    # A size that is not true hides nothing: no more is unpacked than it says.
    lie = struct.pack("<L", 10)
    lying = archive(patched(path.read_bytes(), b"a.csv", {22: lie}, {24: lie}), "lie.zip")
    assert "damaged" in refusal(f"{lying}#a.csv", unpacking=small)


def test_names_in_both_encodings(archive, sqlite_url, tmp_path):
    path = archive([("größe.csv", "a\n1\n")])
    assert expand([str(path)]) == [f"{path}#größe.csv"]
    old = zipped([("gr__e.csv", "a\n1\n")]).replace(b"gr__e", "größe".encode("cp437"))
    assert expand([str(archive(old, "old.zip"))]) == [f"{tmp_path}/old.zip#größe.csv"]
    result = api.load(str(tmp_path / "old.zip"), database=sqlite_url)
    assert (result.outcome, result.record.table) == ("finished", "größe")


def test_stored_and_zip64_and_with_a_comment(archive):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        with made.open("a.csv", "w", force_zip64=True) as member:
            member.write(GOOD.encode())
        made.comment = b"and more " * 100
    assert read(archive(data.getvalue(), "stored.zip")) == GOOD.encode()


def test_cut_anywhere_and_changed_anywhere_nothing_is_lost_silently(archive):
    """Either the very bytes, or an error with a sentence."""
    whole = zipped([("a.csv", GOOD), ("b.csv", "x\n1\n")])
    rng = random.Random(26)
    seen = set()
    for round_ in range(500):
        data = bytearray(whole)
        if round_ % 4 == 0:
            data = data[: rng.randrange(4, len(data))]
        else:
            for _ in range(rng.choice((1, 2, 8))):
                # Most of the bytes are of the member: others are more interesting.
                near = rng.choice((0, len(data) - 200, rng.randrange(len(data))))
                data[min(near + rng.randrange(60), len(data) - 1)] = rng.randrange(256)
        path = archive(bytes(data))
        try:
            for name in expand([str(path)]):
                if name.endswith("#a.csv"):
                    assert read(name) == GOOD.encode()
                    seen.add("read")
        except SnapshotsError as error:
            seen.add("refused" if error.message.endswith(".") else error.message)
    assert seen == {"read", "refused"}


def test_from_a_url_only_what_is_wanted_is_fetched(sqlite_url, tmp_path):
    noise = random.Random(1).randbytes(12 * MIB)
    data = zipped([("big.bin", noise), ("2024/a.csv", GOOD), ("more.bin", noise), FOLDER[1]])
    with serving() as web:
        _, url = web.put("/data.zip", data)
        done = command(
            "import", f"{url}#2024/a.csv", "--database", sqlite_url, "--json", cwd=tmp_path
        )
        (one,) = objects(done)
        assert (one["outcome"], one["loaded"]) == ("finished", 20_000), done.stderr
        assert (one["input"], one["table"]) == (f"{url}#2024/a.csv", "a")
        assert web.sent < 4 * MIB, "of 24"
        done = command("import", url, "--database", sqlite_url, "--json", cwd=tmp_path)
        assert [one["outcome"] for one in objects(done)] == ["already_imported", "finished"]
        assert web.sent < 12 * MIB
        code = command("verify", "1", "--database", sqlite_url, cwd=tmp_path).returncode
        assert code == 0


def test_from_a_server_without_ranges_it_is_fetched_once_for_each_member():
    with serving() as web:
        _, url = web.put("/data.zip", zipped(FOLDER), ranges=False)
        assert expand([url])[0] == f"{url}#2024/a.csv"
        assert read(f"{url}#2024/b.csv") == b"id,city\n1,Rom\n"


def test_sync_imports_the_members_of_an_archive_that_arrives(sqlite_url, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    done = tmp_path / "done"
    move = ("--table", "t", "--after-import", f"move {done}")
    with Service(sqlite_url, folder, *move) as service:
        part = folder / ".part"
        part.write_bytes(zipped([("x/a.csv", rows(0, 5)), ("b.csv", rows(5, 5)), ("c.md", "x")]))
        part.rename(folder / "new.zip")
        service.wait_ended("a.csv", "new.zip#b.csv")
        service.wait_for((done / "new.zip").exists)
        assert service.terminate() == 0
    assert len(rows_of(sqlite_url, "SELECT id FROM t")) == 10
    # One that has a damaged member stays, and is not tried again and again.
    bad = patched(zipped([("a.csv", GOOD), ("d.csv", rows(20, 5))]), b"a.csv", {}, {16: b"12"})
    (folder / "bad.zip").write_bytes(bad)
    code, said = once(sqlite_url, folder, *move)
    assert code == 1
    assert [one["event"] for one in said if one["event"] in ("ended", "refused")] == [
        "refused",
        "ended",
    ]
    assert (folder / "bad.zip").exists()
    assert len(rows_of(sqlite_url, "SELECT id FROM t")) == 15


def test_the_checksum_is_compared_before_anything_is_loaded(sqlite_url, archive):
    big = "id\n" + "".join(f"{n}\n" for n in range(1_500_000))
    data = bytearray(zipped([("a.csv", big)]))
    crc = data.rindex(struct.pack("<L", zlib.crc32(big.encode())))
    data[crc] ^= 1
    path = archive(bytes(data))
    with pytest.raises(InputError, match="Bad CRC"):
        api.load(str(path), database=sqlite_url)
    assert not Path(sqlite_url.removeprefix("sqlite:///")).exists()
