"""Clocks that jump, zones, locales, and databases in other encodings: no value is changed."""

import psycopg
import pytest

import snapshots
from snapshots import locations
from tests.support.database_servers import other_database
from tests.support.input_files import rows
from tests.support.killed_imports import check, make_file, schema_file, start
from tests.support.processes import finish, go_on, held

TEXTS = ("plain", "é€", "😀", "日本")
AT = "2024-07-01T12:00:00+05:30"


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text("n,text,at\n" + "".join(f"{n},{t},{AT}\n" for n, t in enumerate(TEXTS)))
    return path


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


@pytest.mark.parametrize(
    ("zone", "locale"),
    [
        ("Pacific/Kiritimati", "C"),
        ("America/New_York", "POSIX"),
        ("Pacific/Kiritimati", "en_US.ISO-8859-1"),
    ],
)
def test_zone_and_locale_of_the_loader(database, tmp_path, zone, locale):
    path = tmp_path / "naïve.csv"
    path.write_text("n,text,at\n" + "".join(f"{n},{t},{AT}\n" for n, t in enumerate(TEXTS)))
    made = make_file(tmp_path / "t.csv", 0)
    made.path = path
    contract = tmp_path / "c.json"
    contract.write_text(
        '{"fields": [{"name": "n", "type": "integer"}, {"name": "text"},'
        ' {"name": "at", "x-type": "timestamptz"}]}'
    )
    process = start(database, made, contract, tmp_path / "state", TZ=zone, LC_ALL=locale, LANG="")
    code, result, err = finish(process)
    assert code == 0, (err, result)
    found = rows(database, "SELECT n, text, at FROM t ORDER BY n")
    assert [text for _, text, _ in found] == list(TEXTS)
    assert {at[:19].replace("T", " ") for _, _, at in found} == {"2024-07-01 06:30:00"}


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_postgres_database_in_another_encoding(postgres_url, texts, encoding):
    """A character that it lacks is a reject; the others arrive as they are."""
    name = postgres_url.rpartition("/")[2]
    with psycopg.connect(other_database(postgres_url, "postgres"), autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LOCALE 'C'"
        )
    result = snapshots.load(texts, database=postgres_url, table="t")
    assert result.outcome == "finished", result.message
    assert result.counts.balanced
    kept = TEXTS if encoding == "SQL_ASCII" else TEXTS[:1]
    with psycopg.connect(postgres_url, client_encoding=encoding) as connection:
        query = "SELECT convert_to(text, getdatabaseencoding()), text FROM t ORDER BY n"
        found = [bytes(stored) for stored, _ in connection.execute(query)]
    assert found == [text.encode() for text in kept]
    assert len(list(snapshots.rejects(1, database=postgres_url))) == len(TEXTS) - len(kept)


def test_a_mysql_database_in_latin1(mysql_url, texts):
    """A table that we make is utf8mb4 in any case; one that is there keeps its own."""
    name = mysql_url.rpartition("/")[2]
    session = locations.target(other_database(mysql_url, "snapshots")).connect()
    session.execute(f"CREATE DATABASE {name} CHARACTER SET latin1")
    session.close()
    snapshots.load(texts, database=mysql_url, table="ours")
    assert [t for (t,) in rows(mysql_url, "SELECT text FROM ours ORDER BY n")] == list(TEXTS)
    session = locations.target(mysql_url).connect()
    session.execute(
        "CREATE TABLE theirs (n int, text varchar(20), at varchar(40)) CHARACTER SET latin1"
    )
    session.close()
    result = snapshots.load(texts, database=mysql_url, table="theirs", max_rejects="100%")
    assert result.rejects_by_code == {"refused_by_target": 2}, result.message
    assert [t for (t,) in rows(mysql_url, "SELECT text FROM theirs ORDER BY n")] == ["plain", "é€"]


def test_the_zone_of_the_server_is_another(mysql_url, postgres_url, texts):
    for url, statement in (
        (postgres_url, "ALTER ROLE CURRENT_USER IN DATABASE {} SET timezone = 'Asia/Tokyo'"),
        (mysql_url, "SET GLOBAL time_zone = '+09:00'"),
    ):
        session = locations.target(url).connect()
        session.execute(statement.format(url.rpartition("/")[2]))
        session.close()
        try:
            snapshots.load(texts, database=url, table="t")
            (at,) = {at for (at,) in rows(url, "SELECT at FROM t")}
            assert at[:19] == "2024-07-01 06:30:00"
            (record,) = snapshots.history(url)
            assert abs(_age(record.started_at)) < 600
        finally:
            if url == mysql_url:
                session = locations.target(url).connect()
                session.execute("SET GLOBAL time_zone = 'SYSTEM'")
                session.close()


def _age(moment):
    import datetime

    then = datetime.datetime.fromisoformat(moment)
    return (datetime.datetime.now(datetime.UTC) - then).total_seconds()


@pytest.mark.parametrize("years", ["1999", "2040"])
def test_the_clock_has_jumped(database, tmp_path, years):
    """What is known of a live owner comes from the process table first: a heartbeat that seems
    to be of the future, or of long ago, makes nobody load a chunk twice."""
    made = make_file(tmp_path / "t.csv", 200_000)
    process = start(
        database, made, schema_file(tmp_path), tmp_path / "state", "after-commit:3:stop", "32KB",
        SNAPSHOTS_WORKERS="1",
    )  # fmt: skip
    held(process)
    session = locations.target(database).connect()
    moment = f"{years}-01-01T00:00:00.000Z"
    session.execute("UPDATE snapshots_imports SET heartbeat_at = ?", (moment,))
    session.close()
    go_on(process)
    second = finish(
        start(database, made, schema_file(tmp_path), tmp_path / "state", chunk_size="32KB")
    )
    first = finish(process)
    assert {3} <= {first[0], second[0]} <= {1, 3, 5}, (first, second)
    check(database, made)
