"""A database that another test has used is as good as a new one, or is not used again."""

from contextlib import closing

import pytest

import snapshots
from snapshots import locations
from snapshots.ledger import schema
from tests.conftest import _PROCESS, _server
from tests.support.database_servers import other_database
from tests.support.kept_databases import KeptDatabases

LEFT = {
    "postgres": (
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE SCHEMA other",
        "CREATE TYPE mood AS ENUM ('good')", "ALTER DATABASE {} SET datestyle = 'German'",
        "GRANT SELECT ON snapshots_imports TO PUBLIC", "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    ),
    "mysql": (
        "CREATE FUNCTION f() RETURNS int RETURN 1", "ALTER DATABASE `{}` CHARACTER SET latin1",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
        "CREATE TRIGGER tr BEFORE INSERT ON snapshots_imports FOR EACH ROW SET NEW.input = 'x'",
    ),
}  # fmt: skip
BOTH = (
    "UPDATE snapshots_version SET version = 99", "DROP TABLE snapshots_links",
    "ALTER TABLE snapshots_chunks ADD COLUMN more int",
    "CREATE INDEX more ON snapshots_chunks (records)",
)  # fmt: skip


@pytest.fixture(params=["postgres", "mysql"])
def kept(request):
    return KeptDatabases(request.param, _server(request.param, request), f"kept_by_{_PROCESS}")


def test_it_is_as_good_as_new(kept, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    name = kept.take()
    url = other_database(kept.server, name)
    left = locations.target(url).connect()  # and never closed
    for _ in range(2):
        done = snapshots.load(str(path), database=url, table="t")
        assert (done.record.import_id, done.record.loaded) == (1, 1)
        kept.give_back(name)
        assert kept.take() == name
    assert list(snapshots.history(url)) == []
    with pytest.raises(snapshots.SnapshotsError):
        left.execute("SELECT 1")
    with closing(locations.target(url).connect()) as session:
        assert session.execute(
            "SELECT count(*) FROM information_schema.tables"
            " WHERE table_schema IN ('public', ?) AND table_name NOT LIKE 'snapshots%'", (name,)
        ) == [(0,)]  # fmt: skip


def test_what_is_left_of_a_test_is_not_given_to_another(kept):
    for statement in (*LEFT[kept.kind], *BOTH):
        name = kept.take()
        target = locations.target(other_database(kept.server, name))
        with closing(target.connect()) as session:
            schema.make(target, session)
        kept.give_back(name)
        assert kept.take() == name, statement
        with closing(target.connect()) as session:
            session.execute(statement.format(name))
        kept.give_back(name)
        assert kept.take() != name, statement
