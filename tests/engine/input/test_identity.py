import gzip

import snapshots
from snapshots.engine.input.identity import content_hash_of
from snapshots.sources import open_source
from tests.support.command import objects
from tests.support.command import snapshots as command


def test_a_stream_is_known_as_the_file_it_was(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id\n1\n2\n")
    assert command("import", "a.csv", cwd=tmp_path).returncode == 0
    piped = command("import", "-", "--table", "a", "--json", cwd=tmp_path, stdin=path.read_bytes())
    assert piped.returncode == 5
    assert objects(piped)[0]["import_id"] == 1


def test_a_long_stream_that_begins_like_one_imported_is_refused(tmp_path):
    data = b"id,text\n" + b"".join(b"%d,%s\n" % (n, b"x" * 80) for n in range(250_000))
    assert len(data) > 16 << 20
    first = command("import", "-", "--table", "t", cwd=tmp_path, stdin=data)
    assert first.returncode == 0, first.stderr
    again = command("import", "-", "--table", "t", cwd=tmp_path, stdin=data)
    assert again.returncode == 1
    assert "--again" in again.stderr
    insisted = command("import", "-", "--table", "t", "--again", cwd=tmp_path, stdin=data)
    assert insisted.returncode == 0, insisted.stderr


def test_the_hash_is_that_of_the_bytes_as_they_lie(tmp_path):
    plain, packed = tmp_path / "a.csv", tmp_path / "a.csv.gz"
    plain.write_text("id\n1\n")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    hashes = {content_hash_of(open_source(str(path))) for path in (plain, packed)}
    assert len(hashes) == 2
    database = f"sqlite:///{tmp_path}/t.db"
    loaded = [snapshots.load(path, database=database, table="t") for path in (plain, packed)]
    assert {result.record.content_hash for result in loaded} == hashes
