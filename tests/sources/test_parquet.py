"""Parquet files: the schema is the contract, and every row is accounted for."""

import json
import zipfile

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import snapshots as api
from snapshots._native import ParquetFile
from snapshots.errors import InputError, SnapshotsError, UsageError
from snapshots.sources import expand, open_source
from snapshots.sources.remote.access import RemoteAccess
from snapshots.sources.unpacked_limit import UnpackedLimit
from tests.data_makers.parquet_files import TEXTS, every_type, for_database, orders, written
from tests.support.command import snapshots as command
from tests.support.input_files import rows as rows_of
from tests.support.web_server import serving


def read(name, **access):
    source = open_source(str(name), RemoteAccess(**access))
    try:
        return b"".join(source.read())
    finally:
        source.close()


def refusal(name, **access):
    with pytest.raises(InputError) as caught:
        read(name, **access)
    assert caught.value.hint, caught.value
    return f"{caught.value.message} {caught.value.hint}"


def records(name):
    return read(name).decode().split("\x1e")[:-1]


def test_a_column_of_each_type(tmp_path):
    table = every_type()
    for version in ("1.0", "2.6"):
        path = written(tmp_path / "t.parquet", table, version=version)
        first, second = records(path)
        lacking = {"u32"} if version == "1.0" else set()
        expected = [text for name, text in TEXTS.items() if name not in lacking]
        found = dict(zip(table.column_names, split(first), strict=True))
        assert [found[name] for name in TEXTS if name not in lacking] == expected
        assert second == "," * (len(TEXTS) - 1)


def split(record):
    """The fields of a record, as they are written."""
    fields, open_quote = [""], False
    for char in record:
        open_quote ^= char == '"'
        if char == "," and not open_quote:
            fields.append("")
        else:
            fields[-1] += char
    return fields


def test_every_type_in_every_database(database, tmp_path):
    path = written(tmp_path / "every.parquet", for_database(database))
    done = command("import", path, "--database", database, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "binary values" in done.stderr
    assert command("verify", 1, "--database", database, cwd=tmp_path).returncode == 0
    rows = rows_of(database, "SELECT u64, price, code, i64, _line FROM every ORDER BY _line")
    assert [str(value) for value in rows[0]] == [
        str(2**63 - 1 if database.startswith("sqlite") else 2**64 - 1),
        "-0.05", "007", str(-(2**63)), "1",
    ]  # fmt: skip
    assert rows[1] == (None, None, None, None, 2)
    again = command("import", path, "--database", database, cwd=tmp_path)
    assert "Already imported" in again.stdout


@pytest.mark.parametrize(
    "how",
    [
        {"compression": "none"},
        {"compression": "snappy"},
        {"compression": "gzip"},
        {"compression": "brotli"},
        {"compression": "lz4"},
        {"compression": "zstd"},
        {"data_page_version": "2.0"},
        {"use_dictionary": False},
        {"use_dictionary": False, "column_encoding": {"id": "DELTA_BINARY_PACKED"}},
        {"row_group_size": 1},
        {"row_group_size": 100, "data_page_size": 64},
        {"store_schema": False},
        {"use_deprecated_int96_timestamps": True},
        {"write_page_index": True},
    ],
    ids=str,
)
def test_ways_in_which_pyarrow_writes(tmp_path, how):
    table = orders(500)
    path = written(tmp_path / "t.parquet", table, **how)
    expected = records(written(tmp_path / "plain.parquet", table))
    assert len(expected) == 500
    assert expected[1] == "1,0.25,2024-02-29 23:59:59.123456,name 1"
    assert records(path) == expected


@pytest.mark.parametrize("groups", [1, 40, 700, 5000])
def test_threads_and_the_first_row_change_no_record(tmp_path, groups):
    table = orders(2000).append_column("yes", pa.array([True, None] * 1000))
    path = written(tmp_path / "t.parquet", table, row_group_size=groups)
    with path.open("rb") as file:
        opened = ParquetFile(file.fileno())
        expected = b"".join(opened.records(threads=1)).split(b"\x1e")
        assert len(expected) == 2001
        for threads in (2, 5, 16):
            for first in (0, 1, 39, 40, 700, 1999, 2000, 9999):
                found = b"".join(opened.records(first, threads)).split(b"\x1e")
                assert found == (expected[first:] or [b""]), (threads, first)


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_damage_ends_the_records_before_it(tmp_path, threads):
    path = written(
        tmp_path / "t.parquet", orders(2000), row_group_size=100, compression="none",
        use_dictionary=False,
    )  # fmt: skip
    data = path.read_bytes()
    place = data.index(b"name 1500")
    path.write_bytes(data[: place - 8] + b"\xff" * 8 + data[place:])
    with path.open("rb") as file:
        found = ParquetFile(file.fileno()).records(threads=threads)
        records = []
        with pytest.raises(ValueError, match=r"\w"):
            records.extend(found)
        assert next(found, None) is None
    assert b"".join(records).count(b"\x1e") <= 1500


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_page_that_is_not_what_its_checksum_says_is_refused(tmp_path, version):
    how = {"compression": "none", "use_dictionary": False, "data_page_version": version}
    path = written(tmp_path / "t.parquet", orders(2000), write_page_checksum=True, **how)
    assert len(records(path)) == 2000
    data = path.read_bytes()
    path.write_bytes(data.replace(b"name 1500", b"name 1400"))
    assert "checksum" in refusal(path)


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_a_separator_in_a_text_names_its_row(tmp_path, threads):
    texts = ["x" if n != 1234 else "x\x1e" for n in range(3000)]
    path = written(tmp_path / "t.parquet", pa.table({"a": texts}), row_group_size=100)
    with path.open("rb") as file:
        found = ParquetFile(file.fileno()).records(1000, threads)
        with pytest.raises(ValueError, match="Row 1235 has the character"):
            list(found)


def test_files_of_polars_and_duckdb(database, tmp_path):
    made = orders(3000)
    pl.from_arrow(made).write_parquet(tmp_path / "polars.parquet", row_group_size=700)
    duckdb.sql("SELECT * FROM made").write_parquet(str(tmp_path / "duck.parquet"))
    expected = records(written(tmp_path / "t.parquet", made))
    for name in ("polars", "duck"):
        path = tmp_path / f"{name}.parquet"
        assert records(path) == expected, name
        result = api.load(path, database=database)
        assert (result.outcome, result.counts.loaded) == ("finished", 3000), name
        (row,) = rows_of(database, f"SELECT COUNT(*), SUM(price) FROM {name}")
        assert row[0] == 3000
        assert float(row[1]) == sum(n % 1000 for n in range(3000)) / 4


def test_rejects_name_the_row(database, tmp_path):
    path = written(tmp_path / "t.parquet", orders(1000), row_group_size=300)
    contract = {
        "fields": [
            {"name": "id", "type": "integer", "constraints": {"maximum": 900}},
            {"name": "price", "type": "number"},
            {"name": "at", "type": "datetime", "format": "%d.%m.%Y"},
            {"name": "name", "type": "string"},
        ],
        "missingValues": ["-"],
    }
    result = api.load(path, database=database, contract=contract)
    counts = result.counts
    assert (counts.records, counts.loaded, counts.rejected) == (1000, 901, 99)
    found = list(api.rejects(1, database=database))
    assert [one.line for one in found] == list(range(902, 1001))
    assert {one.column for one in found} == {"id"}
    assert found[0].raw.startswith(b"901,225.25,2024-03-01 00:14:59.123456,")


def test_modes_and_growth(database, tmp_path):
    path = tmp_path / "t.parquet"
    written(path, orders(100))
    key = {"mode": "upsert", "primary_key": ("id",), "table": "u", "database": database}
    assert api.load(path, **key).counts.loaded == 100
    written(path, orders(100, start=50))
    done = api.load(path, **key)
    assert (done.record.inserted, done.record.unchanged) == (50, 50)
    assert rows_of(database, "SELECT COUNT(*) FROM u") == [(150,)]
    replaced = api.load(path, database=database, table="r", mode="replace")
    assert replaced.counts.loaded == 100
    written(path, orders(7))
    assert api.load(path, database=database, table="r", mode="replace", max_deletes="100%").outcome
    assert rows_of(database, "SELECT COUNT(*) FROM r") == [(7,)]


def test_a_single_column_with_nulls_and_no_rows(database, tmp_path):
    path = written(tmp_path / "one.parquet", pa.table({"a": ["x", None, ""]}))
    assert api.load(path, database=database).counts.loaded == 3
    assert rows_of(database, "SELECT a FROM one ORDER BY _line") == [("x",), (None,), ("",)]
    path = written(tmp_path / "no_rows.parquet", pa.table({"a": pa.array([], pa.int32())}))
    assert api.load(path, database=database).outcome == "finished"
    assert rows_of(database, "SELECT COUNT(*) FROM no_rows") == [(0,)]


def test_a_description_has_the_schema(tmp_path):
    path = written(tmp_path / "t.parquet", orders(20))
    done = command("describe", path, "--json", cwd=tmp_path)
    fields = {one["name"]: one for one in json.loads(done.stdout)["contract"]["fields"]}
    assert fields["price"]["type"] == "number"
    assert fields["id"]["x-evidence"]["maximum"] == "19"


def test_members_urls_and_folders(sqlite_url, tmp_path):
    path = written(tmp_path / "a.parquet", orders(50))
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.write(path, "in/a.parquet")
    assert expand([str(tmp_path / "t.zip")]) == [f"{tmp_path / 't.zip'}#in/a.parquet"]
    assert str(path) in expand([str(tmp_path)])
    assert api.load(path, database=sqlite_url).outcome == "finished"
    member = api.load(f"{tmp_path / 't.zip'}#in/a.parquet", database=sqlite_url)
    assert member.outcome == "already_imported"
    with serving() as web:
        _, url = web.put("/a.parquet", path.read_bytes())
        assert api.load(url, database=sqlite_url).outcome == "already_imported"
        other = api.load(url, database=sqlite_url, table="other", again=True)
        assert other.counts.loaded == 50


def test_what_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    data = written(path, orders(2000), row_group_size=500).read_bytes()

    def with_bytes(content):
        path.write_bytes(content)
        return refusal(path)

    assert "cut short" in with_bytes(data[:-1])
    assert "cut short" in with_bytes(b"PAR1")
    assert "encrypted" in with_bytes(b"PARE" + data[4:])
    assert "encrypted" in with_bytes(data[:-4] + b"PARE")
    assert "damaged" in with_bytes(data[:-8] + b"\xff\xff\xff\x7f" + b"PAR1")
    assert "damaged" in with_bytes(data[:1000] + data[3000:])
    assert "damaged" in with_bytes(data[:100] + bytes(500) + data[600:])
    wrong = pa.table({"a": pa.array([1], pa.duration("s"))})
    assert "has intervals" in refusal(written(path, wrong))
    # The name of the column is no word of the library's.
    named = refusal(written(path, wrong.rename_columns(["encrypted codec"])))
    assert "has intervals" in named
    assert "is encrypted" not in named
    assert "U+001E" in refusal(written(path, pa.table({"a": ["x\x1ey"]})))
    assert "no columns" in refusal(written(path, pa.table({})))
    written(path, orders(2000))
    limit = UnpackedLimit(most=10_000)
    assert "larger than allowed" in refusal(path, unpacking=limit)


def test_options_without_a_meaning(sqlite_url, tmp_path):
    path = written(tmp_path / "t.parquet", orders(5))
    with pytest.raises(UsageError, match="columns and types, so the option delimiter"):
        api.load(path, database=sqlite_url, delimiter=";")
    with pytest.raises(UsageError, match="has NULL itself"):
        api.load(path, database=sqlite_url, null_values=("-",))
    done = command("import", "-", "--table", "t", stdin=path.read_bytes(), cwd=tmp_path)
    assert done.returncode != 0
    assert "cannot be read from a stream" in done.stderr


def test_encrypted_columns(tmp_path):
    encryption = pytest.importorskip("pyarrow.parquet.encryption")
    config = encryption.EncryptionConfiguration(footer_key="k", column_keys={"c": ["name"]})
    kms = encryption.KmsConnectionConfig()
    factory = encryption.CryptoFactory(lambda _: Keys())

    class Keys(encryption.KmsClient):
        def wrap_key(self, key_bytes, master_key_identifier):
            return key_bytes.hex()

        def unwrap_key(self, wrapped_key, master_key_identifier):
            return bytes.fromhex(wrapped_key)

    for plaintext in (False, True):
        config.plaintext_footer = plaintext
        path = tmp_path / "t.parquet"
        properties = factory.file_encryption_properties(kms, config)
        with pq.ParquetWriter(path, orders(5).schema, encryption_properties=properties) as writer:
            writer.write_table(orders(5))
        assert "encrypted" in refusal(path)


def test_a_reject_is_corrected(sqlite_url, tmp_path):
    path = written(tmp_path / "t.parquet", pa.table({"a": [1.5, float("nan")]}))
    result = api.load(path, database=sqlite_url)
    assert (result.counts.loaded, result.counts.rejected) == (1, 1)
    api.export_rejects(1, tmp_path / "fix.csv", database=sqlite_url)
    fixed = (tmp_path / "fix.csv").read_text("utf-8-sig").replace("NaN", "2.5")
    (tmp_path / "fix.csv").write_text(fixed)
    report = api.replay(1, tmp_path / "fix.csv", database=sqlite_url)
    assert (report.loaded, report.open) == (1, 0)
    assert api.undo(1, database=sqlite_url).removed == 2


def test_errors_are_ours():
    with pytest.raises(SnapshotsError):
        open_source("missing.parquet")
