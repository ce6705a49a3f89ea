"""The service does all that it is for under the rights that docs/security.md names, and no more."""

import re
from contextlib import closing
from pathlib import Path

import pytest

from snapshots import locations
from snapshots.errors import SnapshotsError
from tests.ledger.older import execute
from tests.service.test_queue import FIELDS
from tests.support.killed_imports import make_file
from tests.support.processes import go_on, held
from tests.support.service_process import served
from tests.support.worker_process import worker

FLAGS = re.MULTILINE | re.DOTALL
PAGE = Path(__file__).parents[3] / "docs" / "security.md"


def statements(kind, **names):
    """Of the page, for a database and an account of the test's own."""
    blocks = re.findall(
        rf"^```sql {kind}\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    text = "\n".join(blocks)
    for name, own in names.items():
        text = re.sub(rf"\b{name}\b", own, text)
    return [part.strip() for part in text.split(";") if part.strip()]


def run(database, *given):
    with closing(locations.target(database).connect()) as session:
        for statement in given:
            session.execute(statement)


@pytest.fixture(params=["postgres", "mysql"])
def granted(request):
    """The URL for the least account; the administrator's; what is loaded into besides."""
    administrator = request.getfixturevalue(f"{request.param}_url")
    run(administrator)
    own = administrator.rpartition("/")[2]
    account = f"loader_{own.rpartition('_')[2]}"[:30]
    place = administrator.rpartition("@")[2].rpartition("/")[0]
    secrets = ("CREATE TABLE secrets_tbl (id int)", "INSERT INTO secrets_tbl VALUES (1)")
    if request.param == "postgres":
        trips = (
            "CREATE TABLE trips (id bigint, name text, amount numeric, at timestamp,"
            " _import_id bigint, _line bigint, PRIMARY KEY (_import_id, _line))"
        )
        run(administrator, trips, *secrets)
        run(administrator, *statements("postgres", rides=own, loader=account))
        yield f"postgresql://{account}:choose-one@{place}/{own}", administrator, "public.trips"
        run(administrator, f"DROP OWNED BY {account} CASCADE", f"DROP ROLE {account}")
        return
    loading = f"{own}_loading"
    run(administrator, *secrets)
    run(administrator, *statements("mysql", loading=loading, loader=account))
    trips = (
        f"CREATE TABLE {loading}.trips (id bigint, name text, amount decimal(20, 4),"
        " at datetime(6), _import_id bigint, _line bigint, PRIMARY KEY (_import_id, _line))"
    )
    run(administrator, trips)
    yield f"mysql://{account}:choose-one@{place}/{loading}", administrator, "trips"
    run(administrator, f"DROP DATABASE {loading}", f"DROP USER {account}@'%'")


def test_all_that_the_service_is_for(granted, tmp_path):
    database, administrator, trips = granted
    made = make_file(tmp_path / "t.csv", 4000)
    make_file(tmp_path / "u.csv", 60_000, seed=2)
    more = {"fields": [*FIELDS["fields"], {"name": "more", "type": "string"}]}
    (tmp_path / "w.csv").write_text("id,name,amount,at,more\n1,a,1.5,2024-01-01 00:00:00,b\n")
    options = ("--workers", "0", "--tables", trips, "--rate-limit", "0")
    with served(database, tmp_path, *options) as client:
        wanted = {"contract": FIELDS, "chunk_size": 1 << 14}
        new = client.submit(file="t.csv", **wanted)
        there = client.submit(file="t.csv", table=trips, **wanted)
        with worker(database, tmp_path, SNAPSHOTS_TABLES=trips):
            for number in (new, there):
                done = client.wait(number)
                assert (done["state"], done["error"]) == ("finished", None)
                assert done["loaded"] == len(made.good)
            for table in ("t", trips):
                rows = client.get(f"/v1/tables/{table}/rows?limit=5&sort=-id")
                assert (rows.status, len(rows.json["rows"])) == (200, 5)
            wide = client.submit(file="w.csv", table="t", columns_changed="add", contract=more)
            assert client.wait(wide)["error"] is None
            assert client.wait(client.submit(file="t.csv"))["outcome"] == "already_imported"
        stopped = client.submit(file="u.csv", table=trips, **wanted)
        fault = {"fault": "after-commit:2:stop", "SNAPSHOTS_LOADERS": "1"}
        with worker(database, tmp_path, SNAPSHOTS_TABLES=trips, **fault) as process:
            held(process)
            assert client.ask("DELETE", f"/v1/imports/{stopped}?rows=undo").status == 202
            go_on(process)
            undone = client.wait(stopped)
            assert (undone["state"], undone["removed"] > 0) == ("undone", True)
            assert client.ask("POST", f"/v1/imports/{stopped}/resume").status == 409
            afresh = client.submit(file="u.csv", table=trips, **wanted)
            assert afresh != stopped
            assert client.wait(afresh, "finished", "failed")["error"] is None
        assert client.get("/v1/tables").json["tables"] == sorted(["t", trips])
        assert client.get("/metrics").status == 200
        answer = client.get("/v1/tables/secrets_tbl/rows")
        assert (answer.status, answer.json["code"]) == (403, "forbidden_table")
    secret = "public.secrets_tbl"
    if administrator.startswith("mysql"):
        secret = f"{administrator.rpartition('/')[2]}.secrets_tbl"
    for statement in (f"SELECT * FROM {secret}", f"INSERT INTO {secret} VALUES (2)"):
        with pytest.raises(SnapshotsError, match="denied"):
            execute(database, statement)
    assert execute(administrator, "SELECT id FROM secrets_tbl") == [(1,)]
