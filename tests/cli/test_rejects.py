"""`snapshots rejects`: some of them, and the records as they are in the input."""

import pytest

from tests.support.command import objects, snapshots

GOOD = [b"%d,%d" % (n, n) for n in range(40)]
BAD = [b"x,1", b'7,"two\r\nlines"', b"8", b"9,\xff", b"y,2"]
LONG = b"z," + b"w" * 70_000
JUST = b"q," + b"v" * (65_535 - 2)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "c.json").write_text(
        '{"fields": [{"name": "id", "type": "integer"}, {"name": "n", "type": "integer"}]}'
    )
    return tmp_path


def loaded(folder, records, *options):
    (folder / "r.csv").write_bytes(b"\r\n".join([b"id,n", *records]) + b"\r\n")
    done = snapshots(
        "import", "r.csv", "--contract", "c.json", "-e", "utf-8", "--max-rejects", "100%", *options,
        cwd=folder,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr


def raw(folder, *options):
    from tests.support.snapshots_process import run

    return run(
        ["rejects", "1", "--format", "raw", *options],
        cwd=folder,
        env={"SNAPSHOTS_STATE_DIR": str(folder / "state"), "PATH": "/usr/bin:/bin"},
        timeout=60,
    )


def test_raw_gives_the_bytes_of_the_records(folder):
    loaded(folder, [*GOOD, *BAD, JUST])
    done = raw(folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"".join(record + b"\n" for record in [*BAD, JUST])


def test_corrected_records_can_be_imported(folder):
    loaded(folder, [*GOOD, b"x,1", b"y,2"])
    (folder / "fixed.csv").write_bytes(b"id,n\n" + raw(folder).stdout.replace(b"x", b"98")
                                       .replace(b"y", b"99"))  # fmt: skip
    done = snapshots("import", "fixed.csv", "--table", "r", "--json", cwd=folder)
    assert [one["loaded"] for one in objects(done)] == [2]


def test_records_of_which_the_end_is_lost_are_left_out_and_named(folder):
    loaded(folder, [*GOOD, b"x,1", LONG, b"y,2"])
    done = raw(folder)
    assert done.returncode == 1
    assert done.stdout == b"x,1\ny,2\n"
    assert b"line 43." in done.stderr


def test_records_have_their_own_encoding(folder):
    text = "id;n\r\n" + "".join(f"{n};{n}\r\n" for n in range(30)) + "ö;1\r\nü;2\r\n"
    (folder / "u.csv").write_bytes(text.encode("utf-16"))
    done = snapshots("import", "u.csv", "--contract", "c.json", cwd=folder)
    assert done.returncode == 3, done.stderr
    assert raw(folder).stdout == "ö;1\nü;2\n".encode("utf-16-le")


def test_codes_and_a_limit_select_rejects(folder, database):
    loaded(folder, [*GOOD, *BAD], "--database", database)

    def lines(*options):
        done = snapshots("rejects", "1", "--database", database, "--json", *options, cwd=folder)
        assert done.returncode == 0, done.stderr
        return [one["line"] for one in objects(done)], done.stderr

    assert lines()[0] == [42, 43, 45, 46, 47]
    assert lines("--limit", "2")[0] == [42, 43]
    found, said = lines("--code", "field_count", "--code", "invalid_encoding")
    assert found == [45, 46]
    assert said.rstrip().endswith("2 of 5 rejected")
    assert lines("--code", "not_an_integer", "--limit", "2")[0] == [42, 43]
    assert lines("--code", "below_minimum")[0] == []


def test_an_unknown_code_is_refused_with_a_similar_one(folder):
    loaded(folder, [*GOOD, *BAD])
    done = snapshots("rejects", "1", "--code", "field_cuont", cwd=folder)
    assert done.returncode == 2
    assert "Did you mean field_count?" in done.stderr
    other = snapshots("rejects", "1", "--code", "zzz", cwd=folder)
    assert "not_an_integer, " in other.stderr
