"""Imports into DuckDB: what its file, its types and its one process mean to users."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

import snapshots
from snapshots.errors import CannotConnect
from tests.support import snapshots_process
from tests.support.processes import PATIENCE, finish

FIELDS = {
    "id": "integer", "price": "number", "since": "datetime", "ok": "boolean", "day": "date",
    "who": "string",
}  # fmt: skip
CONTRACT = {
    "fields": [{"name": name, "type": kind} for name, kind in FIELDS.items()],
    "primaryKey": ["id"],
}
HEADER = ",".join(FIELDS) + "\n"


def row(n, who="somebody"):
    return f'{n},{n % 90}.25,2024-01-01 00:00:{n % 60:02d},true,2024-02-{n % 28 + 1:02d},"{who}"\n'


def load(path, url, **options):
    return snapshots.load(path, database=url, table="t", contract=CONTRACT, **options)


def rows(url, sql):
    with duckdb.connect(url.removeprefix("duckdb:///")) as connection:
        return connection.execute(sql).fetchall()


def write(path, *lines):
    path.write_text(HEADER + "".join(lines))
    return path


def test_rows_and_rejects_have_the_account(duckdb_url, tmp_path):
    lines = [row(n, who=f"nº {n}, é") for n in range(3000)]
    lines[10] = lines[10].replace("10,", "ten,", 1)
    path = write(tmp_path / "t.csv", *lines, row(5))
    result = load(path, duckdb_url, max_rejects=5)
    assert (result.counts.records, result.counts.loaded, result.counts.rejected) == (3001, 2999, 2)
    assert rows(duckdb_url, "SELECT COUNT(*), COUNT(DISTINCT id) FROM t") == [(2999, 2999)]
    assert rows(
        duckdb_url,
        "SELECT id, CAST(price AS VARCHAR), CAST(since AS VARCHAR), ok, CAST(day AS VARCHAR), who,"
        " _import_id, _line FROM t WHERE id = 7",
    ) == [(7, "7.250000000000000000", "2024-01-01 00:00:07", True, "2024-02-08", "nº 7, é", 1, 9)]
    found = rows(duckdb_url, "SELECT line, code FROM snapshots_rejects ORDER BY line")
    assert found == [(12, "not_an_integer"), (3002, "refused_by_target")]
    assert load(path, duckdb_url).outcome == "already_imported"


def test_every_mode_and_its_undo(duckdb_url, tmp_path):
    first = write(tmp_path / "a.csv", *(row(n) for n in range(100)))
    second = write(tmp_path / "b.csv", *(row(n, "else") for n in range(50, 150)))
    for mode in ("upsert", "mirror", "replace"):
        load(first, duckdb_url, mode=mode, max_deletes="100%", again=True)
        version = load(second, duckdb_url, mode=mode, max_deletes="100%", again=True)
        ids = [n for (n,) in rows(duckdb_url, "SELECT id FROM t ORDER BY id")]
        assert ids == list(range(0 if mode == "upsert" else 50, 150))
        snapshots.undo(version.record.import_id, database=duckdb_url)
        if mode != "replace":
            found = rows(duckdb_url, "SELECT id, who FROM t ORDER BY id")
            assert found == [(n, "somebody") for n in range(100)]


def test_verify_finds_what_was_changed(duckdb_url, tmp_path):
    load(write(tmp_path / "a.csv", *(row(n) for n in range(5000))), duckdb_url)
    command = ["verify", "1", "--database", duckdb_url, "--json"]
    assert _json(command)["equal"] == 5000
    rows(duckdb_url, "UPDATE t SET who = 'other' WHERE id IN (7, 4000)")
    rows(duckdb_url, "DELETE FROM t WHERE id = 8")
    rows(duckdb_url, "INSERT INTO t SELECT * REPLACE (9999 AS id, 99999 AS _line) FROM t LIMIT 1")
    found = _json(command)
    counts = [found[name] for name in ("equal", "changed", "missing", "more")]
    assert counts == [4997, 2, 1, 1]


def _json(command):
    _, result, _ = finish(
        snapshots_process.start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    )
    return result


def test_another_process_has_the_file(duckdb_url, tmp_path):
    path = write(tmp_path / "a.csv", row(1))
    file = duckdb_url.removeprefix("duckdb:///")
    holder = subprocess.Popen(
        [sys.executable, "-c", f"import duckdb; c = duckdb.connect({file!r}); print(1, flush=True);"
         " input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout.readline()
        with pytest.raises(CannotConnect, match=f"Process {holder.pid} has the file open"):
            snapshots.history(duckdb_url)
    finally:
        holder.communicate(b"\n", timeout=PATIENCE)
    assert load(path, duckdb_url).outcome == "finished"


@pytest.mark.parametrize("kind", ["text", "empty", "sqlite", "parquet"])
def test_a_file_that_is_none(tmp_path, kind):
    """For one of SQLite, DuckDB would fetch an extension from the network."""
    path = tmp_path / "a.duckdb"
    path.write_bytes({"text": b"something else" * 1000, "parquet": b"PAR1" * 9}.get(kind, b""))
    if kind == "sqlite":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE t (a int)")
    before = path.read_bytes()
    with pytest.raises(CannotConnect, match="not a DuckDB database") as caught:
        snapshots.history(f"duckdb:///{path}")
    assert caught.value.hint
    assert path.read_bytes() == before


def test_a_damaged_file_has_a_remedy(duckdb_url):
    rows(duckdb_url, "CREATE TABLE t (a int)")
    path = Path(duckdb_url.removeprefix("duckdb:///"))
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    with pytest.raises(CannotConnect, match="Corrupt") as caught:
        snapshots.history(duckdb_url)
    assert "backup" in caught.value.hint


def test_without_the_driver_a_sentence_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules['duckdb'] = None\n"
        "from snapshots.cli.main import run\n"
        f"sys.argv = ['snapshots', 'list', '--database', 'duckdb:///{tmp_path}/a.duckdb']\n"
        "run()"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 6
    assert "pip install 'snapshots[duckdb]'" in done.stderr


def test_types_of_a_table_that_is_there(duckdb_url, tmp_path):
    rows(
        duckdb_url,
        "CREATE TABLE t (a UTINYINT, b UBIGINT, c HUGEINT, d DECIMAL(10,2), e ENUM('x', 'it''s'),"
        " f JSON, g UUID, h TIMESTAMPTZ, i TIME, j FLOAT, k TIMESTAMP_S)",
    )
    path = tmp_path / "t.csv"
    path.write_text(
        "a,b,c,d,e,f,g,h,i,j,k\n"
        "255,18446744073709551615,99999999999999999999999999999999999999,12345678.25,it's,"
        '"{""a"": [1.50]}",47b73141-2947-4eb9-97d1-3a2f7d813932,2024-01-01T10:00:00+02:00,'
        "23:59:59.5,1.5,2024-01-01 10:00:00\n"
        "256,,,,,,,,,,\n,,,1.255,,,,,,,\n,,,,z,,,,,,\n"
    )
    result = snapshots.load(path, database=duckdb_url, table="t", lineage=False, max_rejects=5)
    assert (result.counts.loaded, result.counts.rejected) == (1, 3)
    texts = ", ".join(f"CAST({name} AS VARCHAR)" for name in "abcdefghijk")
    assert rows(duckdb_url, f"SELECT {texts} FROM t") == [
        (
            "255", "18446744073709551615", "9" * 38, "12345678.25", "it's", '{"a": [1.50]}',
            "47b73141-2947-4eb9-97d1-3a2f7d813932", "2024-01-01 08:00:00+00", "23:59:59.5", "1.5",
            "2024-01-01 10:00:00",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("INT[]", "[1, NULL]", "[1, x]"),
        ("UTINYINT[2]", "[1, 2]", "[1, 300]"),
        ("DATE[][]", "[[2024-01-01], []]", "[[2024-01-01], [x]]"),
        ("STRUCT(a INT, b VARCHAR)", "{'a': 1, 'b': x}", "{'a': y, 'b': x}"),
        ("MAP(VARCHAR, INT)", "{a=1}", "{a=x}"),
    ],
)
def test_a_wrong_value_within_a_list_or_a_struct_is_a_reject(duckdb_url, tmp_path, kind, good, bad):
    rows(duckdb_url, f"CREATE TABLE t (id INT, v {kind})")
    path = tmp_path / "t.csv"
    path.write_text(f'id,v\n1,"{good}"\n2,"{bad}"\n3,"{good}"\n4,\n')
    result = snapshots.load(path, database=duckdb_url, table="t", max_rejects=1)
    assert (result.counts.loaded, result.counts.rejected) == (3, 1)
    (reject,) = snapshots.rejects(1, database=duckdb_url)
    assert (reject.line, reject.code) == (3, "refused_by_target")
    assert rows(duckdb_url, "SELECT id, v IS NULL FROM t ORDER BY id") == [
        (1, False), (3, False), (4, True),
    ]  # fmt: skip
