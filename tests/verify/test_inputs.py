"""Where the input is, how it is written, and what happens where it cannot be had."""

import gzip

import pytest

from tests.support.command import objects, snapshots
from tests.verify.loaded import execute, load, numbers, verify

ENCODINGS = ["utf-16", "utf-16-le", "latin-1", "utf-8-sig"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings(database, tmp_path, encoding):
    path = tmp_path / "a.csv"
    rows = (f"{n},näme {n}\n" if n % 100 else f"{n},näme,\u00e9\n" for n in range(1000))
    path.write_bytes(("id,name\n" + "".join(rows)).encode(encoding))
    options = {} if encoding in ("utf-16", "utf-8-sig") else {"encoding": encoding}
    import_id = load(database, path, chunk_size=2000, max_rejects="100%", **options)
    report = verify(database, import_id)
    assert (report.exit_code, report.equal, report.ledger) == (0, 990, [])
    execute(database, "UPDATE t SET name = 'x' WHERE id = 999")
    assert verify(database, import_id).changed == 1


def test_compressed_input(database, tmp_path):
    plain = numbers(tmp_path)
    packed = tmp_path / "numbers.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    import_id = load(database, packed, chunk_size=2000)
    assert verify(database, import_id).equal == 1000
    # The bytes are the same once they are unpacked.
    assert verify(database, import_id, input=str(plain)).equal == 1000


def test_an_input_that_was_moved_is_given(database, tmp_path):
    path = numbers(tmp_path)
    import_id = load(database, path)
    moved = path.rename(tmp_path / "elsewhere.csv")
    report = verify(database, import_id)
    assert (report.exit_code, report.compared, report.rows) == (1, False, 1000)
    assert "cannot be read" in report.not_compared
    assert verify(database, import_id, input=str(moved)).equal == 1000


def test_an_input_that_was_changed(database, tmp_path):
    path = numbers(tmp_path)
    import_id = load(database, path)
    path.write_text(path.read_text().replace("name 5\n", "name V\n"))
    report = verify(database, import_id)
    assert (report.exit_code, report.compared) == (1, False)
    assert "its bytes differ" in report.not_compared


def test_without_the_input_the_rest_is_checked(database, tmp_path):
    path = numbers(tmp_path)
    import_id = load(database, path)
    path.unlink()
    execute(database, "DELETE FROM t WHERE id = 5")
    report = verify(database, import_id)
    assert report.exit_code == 8
    assert "The table has 999 rows" in report.table[0]
    report = verify(database, import_id, counts=True)
    assert (report.exit_code, report.rows) == (8, 999)


def test_counts_alone(database, tmp_path):
    path = numbers(tmp_path)
    import_id = load(database, path)
    path.unlink()
    report = verify(database, import_id, counts=True)
    assert (report.exit_code, report.rows, report.not_compared) == (0, 1000, "")


def test_without_lineage(database, tmp_path):
    import_id = load(database, numbers(tmp_path), lineage=False)
    report = verify(database, import_id)
    assert (report.exit_code, report.compared, report.rows) == (1, False, None)
    assert "_import_id" in report.not_compared
    assert verify(database, import_id, counts=True).exit_code == 0


def test_a_stream(database, tmp_path):
    path = numbers(tmp_path)
    done = snapshots(
        "import", "-", "--table", "t", "--database", database, cwd=tmp_path, stdin=path.read_bytes()
    )
    assert done.returncode == 0, done.stderr
    (entry,) = objects(snapshots("list", "--database", database, "--json", cwd=tmp_path))
    which = str(entry["import_id"])
    lacking = snapshots("verify", which, "--database", database, cwd=tmp_path)
    assert lacking.returncode == 1
    assert "--input" in lacking.stdout
    given = snapshots("verify", which, "--database", database, "--input", path, cwd=tmp_path)
    assert (given.returncode, "1,000 rows equal" in given.stdout) == (0, True), given.stdout


def test_an_input_without_records(database, tmp_path):
    path = tmp_path / "empty.csv"
    path.write_text("id,name\n")
    columns = "id varchar(9), name varchar(9), _import_id bigint, _line bigint"
    execute(database, f"CREATE TABLE t ({columns})")
    import_id = load(database, path)
    assert verify(database, import_id).exit_code == 0
    execute(database, f"INSERT INTO t (id, _import_id, _line) VALUES ('1', {import_id}, 2)")
    assert verify(database, import_id).more == 1


def test_the_command_says_what_differs(database, tmp_path):
    path = numbers(tmp_path)
    import_id = load(database, path)
    execute(database, "UPDATE t SET name = NULL WHERE id = 3")
    said = snapshots("verify", import_id, "--database", database, cwd=tmp_path)
    assert said.returncode == 8
    assert "line 5, name: 'name 3' is NULL now" in said.stdout
    told = snapshots("verify", import_id, "--database", database, "--json", cwd=tmp_path)
    (report,) = objects(told)
    assert (report["result"], report["changed"], report["columns"]) == ("differs", 1, {"name": 1})
    left = snapshots("verify", import_id, "--database", database, "--ignore", "name", cwd=tmp_path)
    assert left.returncode == 0
