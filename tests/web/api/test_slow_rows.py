"""Reads of rows that take long, and whatever else is asked meanwhile."""

import base64
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlencode

from snapshots import locations
from snapshots.engine.history import table_rows
from tests.support.processes import wait_for
from tests.support.service_process import served

ENOUGH = table_rows.SORTED + 20_000
MANY = {
    "postgres": "SELECT g, g % 7, 99, g FROM generate_series(2, {0}) AS g",
    "sqlite": "WITH RECURSIVE g(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM g WHERE n < {0})"
    " SELECT n, n % 7, 99, n FROM g",
    "mysql": "SELECT seq, seq % 7, 99, seq FROM seq_2_to_{0}",
}


@contextmanager
def serving(database, folder, *options):
    with served(database, folder, "--rate-limit", "0", *options) as client:
        client.ask("PUT", "/v1/files/a.csv", b"id,kind\n1,1\n")
        yield client


def load(client, table, **wanted):
    done = client.wait(client.submit(file="a.csv", table=table, again=True, **wanted))
    assert done["state"] == "finished", done


def sql(database, *statements):
    session = locations.target(database).connect()
    try:
        return [session.execute(statement) for statement in statements][-1]
    finally:
        session.close()


def fill(database, table):
    make = MANY[locations.target(database).name].format(ENOUGH)
    sql(database, f"INSERT INTO {table} (id, kind, _import_id, _line) {make}")
    if not database.startswith("sqlite"):
        # As servers do by themselves, in a while.
        what = "" if database.startswith("postgres") else "TABLE "
        sql(database, f"ANALYZE {what}{table}")


def pages(client, table, most=3000, **query):
    """The ids of some pages, one after the other."""
    found, path = [], f"/v1/tables/{table}/rows?{urlencode({'limit': 1000, **query}, doseq=True)}"
    while path and len(found) < most:
        answer = client.get(path)
        assert answer.status == 200, answer
        found += [row["id"] for row in answer.json["rows"]]
        path = answer.json["next"]
    return found


def test_many_rows_are_sorted_by_an_index_or_not_at_all(database, tmp_path):
    with serving(database, tmp_path) as client:
        load(client, "keyed", primary_key=["id"])
        load(client, "plain")
        for table in ("keyed", "plain"):
            fill(database, table)
            # As they lie, which for such a table is as they came.
            assert pages(client, table) == list(range(1, 3001))
            answer = client.get(f"/v1/tables/{table}/rows?sort=kind")
            assert (answer.status, answer.json["code"]) == (422, "usage")
            assert f"more than {table_rows.SORTED:,} rows of {table}".lower() in (
                answer.json["detail"].lower()
            )
            assert "index on kind, " in answer.json["hint"]
            # What a filter leaves may be sorted.
            assert pages(client, table, where="id:le:50", sort="-id") == list(range(50, 0, -1))
        assert pages(client, "keyed", sort="-id") == list(range(ENOUGH, ENOUGH - 3000, -1))
        sql(database, "CREATE INDEX by_kind ON keyed (kind, id)")
        sql(database, "UPDATE keyed SET kind = NULL WHERE kind <> 0 AND id > 20")
        expected = [n for n in range(1, 21) if n % 7 == 0]
        expected += [n for n in range(21, ENOUGH + 1) if n % 7 == 0]
        assert pages(client, "keyed", sort="kind", limit=700)[:2800] == expected[:2800]
        # NULLs come last, on pages of their own.
        last = pages(client, "keyed", where="id:le:60", sort="kind", limit=7)
        kinds = {n: n % 7 if n <= 20 or n % 7 == 0 else 9 for n in range(1, 61)}
        assert last == sorted(range(1, 61), key=lambda n: (kinds[n], n))
        down = pages(client, "keyed", where="id:le:60", sort="-kind", limit=7)
        assert down == sorted(range(1, 61), key=lambda n: (kinds[n] == 9, -kinds[n], -n))


def test_places_to_go_on_at_that_nobody_gave(database, tmp_path):
    with serving(database, tmp_path) as client:
        load(client, "plain")
        far = (f"[{1 << 63}]", f"[{-(1 << 63) - 1}]", f'["#", {1 << 64}]')
        for keys in (*far, '["#", -1]',
                     '["#", 1e300]', '["(x"]', "[null]", "[[1]]", '["(0,1) OR 1"]',
                     '[""]', "[]", '["(99999999999,1)"]', "[1, 2, 3]"):  # fmt: skip
            after = base64.urlsafe_b64encode(keys.encode()).decode()
            answer = client.get(f"/v1/tables/plain/rows?after={after}")
            assert (answer.status, answer.json["code"]) == (422, "usage"), (keys, answer)
        for sort in ("", "-"):
            answer = client.get(f"/v1/tables/plain/rows?sort={sort}")
            assert (answer.status, answer.json["code"]) == (422, "usage"), answer


def test_all_pages_have_each_row_once(database, tmp_path):
    with serving(database, tmp_path) as client:
        load(client, "plain")
        fill(database, "plain")
        assert sorted(pages(client, "plain", ENOUGH)) == list(range(1, ENOUGH + 1))
        some = pages(client, "plain", where="kind:eq:3", limit=10, most=100)
        assert some == [n for n in range(1, 1000) if n % 7 == 3][:100]
        # Where there is nothing more to be found.
        assert pages(client, "plain", where=f"id:ge:{ENOUGH - 1}") == [ENOUGH - 1, ENOUGH]


def test_keys_of_several_columns_and_of_text(database, tmp_path):
    with serving(database, tmp_path) as client:
        text = "a,b,c\n" + "".join(f"{n % 5},k{n // 5:03d},{n}\n" for n in range(200))
        client.ask("PUT", "/v1/files/b.csv", text.encode())
        fields = [
            {"name": "a", "type": "integer"},
            {"name": "b", "x-snapshots": {"maxChars": 20}},
            {"name": "c", "type": "integer"},
        ]
        contract = {"fields": fields, "primaryKey": ["a", "b"]}
        number = client.submit(file="b.csv", table="two", contract=contract)
        assert client.wait(number)["state"] == "finished"
        rows, path = [], "/v1/tables/two/rows?limit=7"
        while path:
            page = client.get(path).json
            rows += [(row["a"], row["b"]) for row in page["rows"]]
            path = page["next"]
        assert rows == sorted((n % 5, f"k{n // 5:03d}") for n in range(200))


SLOW = {
    "postgres": "CREATE VIEW {0} AS SELECT 1 AS id, 1 AS kind, 1 AS _import_id,"
    " 1 AS _line FROM pg_sleep(300)",
    "mysql": "CREATE VIEW {0} AS SELECT SLEEP(300) AS id, 1 AS kind, 1 AS _import_id, 1 AS _line",
    "sqlite": "CREATE VIEW {0} AS WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g)"
    " SELECT MAX(n) AS id, 1 AS kind, 1 AS _import_id, 1 AS _line FROM g",
}


def test_ten_slow_reads_keep_nobody_else_waiting(database, tmp_path):
    named = "public.slow" if database.startswith("postgresql") else "slow"
    with serving(database, tmp_path, "--tables", named) as client:
        load(client, "quick")
        load(client, "slow")
        sql(database, "DROP TABLE slow", SLOW[locations.target(database).name].format("slow"))
        answers = []

        def read():
            begun = time.monotonic()
            answer = client.get("/v1/tables/slow/rows")
            answers.append((answer.status, answer.json["code"], time.monotonic() - begun))

        readers = [threading.Thread(target=read) for _ in range(10)]
        for reader in readers:
            reader.start()
        # All but those that may read at once are answered at once.
        while len(answers) < 8:
            time.sleep(0.05)
        assert {answer[:2] for answer in answers} == {(429, "too_many_requests")}
        looks = []
        for _ in range(10):
            for path in ("/readyz", "/healthz", "/v1/imports", "/v1/tables"):
                begun = time.monotonic()
                assert client.get(path).status == 200
                looks.append(time.monotonic() - begun)
        assert max(looks) < 5, looks
        number = client.submit(file="a.csv", table="other", again=True)
        assert client.wait(number)["state"] == "finished"
        for reader in readers:
            reader.join()
        ended = [answer for answer in answers if answer[0] != 429]
        assert [(status, code) for status, code, _ in ended] == [(422, "too_slow")] * 2, ended
        # The statements are over in the database, too, and the sessions can be used.
        assert pages(client, "quick") == [1]
        wait_for(lambda: running(database) == 0)


def running(database):
    """Statements on the slow view that go on."""
    if database.startswith("sqlite"):
        return 0
    activity = (
        "SELECT COUNT(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%slow%'"
        " AND pid <> pg_backend_pid()"
        if database.startswith("postgres")
        else "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%slow%'"
        " AND id <> CONNECTION_ID()"
    )
    return sql(database, activity)[0][0]


QUERIES = {
    "/v1/imports?states=queued": "states",
    "/v1/imports?limit=1&befor=3": "befor",
    "/v1/imports/1?x=": "x",
    "/v1/imports/1/chunks?after=3": "after",
    "/v1/imports/1/rejects?form=csv": "form",
    "/v1/imports/1/events?x=1": "x",
    "/v1/events?since=1": "since",
    "/v1/files?name=a": "name",
    "/v1/tables?like=a": "like",
    "/v1/tables/quick/rows?order=id": "order",
    "/healthz?verbose=1": "verbose",
    "/readyz?x=1": "x",
    "/metrics?name=a": "name",
    "/v1/openapi.json?version=1": "version",
}


def test_parameters_that_nobody_knows_are_refused(sqlite_url, tmp_path):
    with serving(sqlite_url, tmp_path) as client:
        load(client, "quick")
        for path, name in QUERIES.items():
            answer = client.get(path)
            assert answer.status == 422, (path, answer)
            (error,) = answer.json["errors"]
            assert error["place"] == f"query.{name}"
            assert "does not have this parameter" in error["message"]
        assert client.get("/?page=2").status == 404
        for method, path in (
            ("POST", "/v1/imports?dry=1"), ("DELETE", "/v1/imports/1?row=undo"),
            ("PUT", "/v1/files/b.csv?table=x"), ("POST", "/v1/imports/1/cancel?rows=undo"),
        ):  # fmt: skip
            assert client.ask(method, path, b"{}").status == 422, path
        assert not (tmp_path / "b.csv").exists()
        many = "&".join(f"x{n}=1" for n in range(5000))
        answer = client.get(f"/v1/tables?{many}")
        assert (answer.status, len(answer.json["errors"])) == (422, 20)
        assert client.get("/v1/imports?state=finished&limit=1").status == 200
