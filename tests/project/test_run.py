"""Projects on real servers, against an API that behaves like ComboCurve's."""

import json
import runpy
from dataclasses import dataclass

import pytest

import snapshots
from snapshots import locations
from snapshots.errors import SnapshotsError
from snapshots.project import read_project
from snapshots.sources.sql.server import QueryServer
from tests.project.folders import EXAMPLE, project, toml_for
from tests.sources.sql.servers import execute, server_of
from tests.support.combocurve_server import ComboCurve
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.http_server import response, serving

WELLS, DAYS, BAD = 30, 10, 7


@dataclass
class Wells:
    """A database with the example's tables and generated rows."""

    url: str
    server: QueryServer


@pytest.fixture(params=["postgres", "mysql"])
def wells(request, tmp_path):
    url = request.getfixturevalue(f"{request.param}_url")
    generate = runpy.run_path(str(EXAMPLE / "schema" / "generate.py"))["generate"]
    return fill(url, request.param, tmp_path / "data", generate, WELLS, DAYS, BAD)


def fill(url, kind, folder, generate, count, days, bad):
    generate(folder, count, days, bad)
    statements = (EXAMPLE / "schema" / f"{kind}.sql").read_text().split(";\n")
    execute(url, *(statement for statement in statements if statement.strip()))
    for table in ("wells", "daily_productions"):
        file = folder / f"{table}.csv"
        assert snapshots.load(file, database=url, table=table, lineage=False).exit_code == 0
    return Wells(url, server_of(url))


def example(folder, wells, api, extra=""):
    """The example's queries on these tables; MySQL's quotes are backticks."""
    queries = {path.stem: path.read_text() for path in (EXAMPLE / "resources").glob("*.sql")}
    if wells.server.kind == "mysql":
        queries = {name: sql.replace('"', "`") for name, sql in queries.items()}
    return project(folder, toml_for(wells.server, f'url = "{api}/v1"\n{extra}'), **queries)


def test_rows_arrive_as_they_are_in_the_database_and_bad_ones_are_not_sent(wells, tmp_path):
    api = ComboCurve(key="key-of-tests", token="token-of-tests")
    with serving(api) as server:
        folder = example(tmp_path / "p", wells, server.url, "requests_per_minute = 60000")
        done = command("run", folder, "--json", "--progress", "none", cwd=tmp_path)
    found = {one["input"].rsplit("/", 1)[-1]: one for one in objects(done)}
    nameless = WELLS // BAD
    first, second = found["wells.sql"], found["daily-productions.sql"]
    assert done.returncode == 3
    assert (first["records"], first["rejected"]) == (WELLS, nameless)
    assert first["rejects_by_code"] == {"missing_value": nameless}
    assert (second["records"], second["rejected"]) == (WELLS * DAYS, nameless * DAYS)
    assert [first["import_id"], second["import_id"]] == [1, 2]
    sent = list(api.kept["wells"].values())
    session = locations.target(wells.url).connect(create=False)
    stored = session.execute(
        "SELECT api14, chosen_id, first_prod_date, lateral_length, surface_latitude FROM wells"
        " WHERE chosen_id IS NOT NULL ORDER BY id"
    )
    session.close()
    assert [
        (one["api14"], one["chosenID"], one["firstProdDate"], str(one["lateralLength"]))
        for one in sent
    ] == [(api14, chosen, str(day), shown(length)) for api14, chosen, day, length, _ in stored]
    assert all(api14[0] == "0" and len(api14) == 14 for api14, *_ in stored)
    assert {one["gas"] for one in api.kept["daily-productions"].values()} >= {None}
    rejects = objects(command("rejects", 1, "--format", "jsonl", cwd=tmp_path))
    assert [one["line"] for one in rejects] == [BAD * n for n in range(1, nameless + 1)]


def shown(number):
    return str(float(number))


def test_numbers_are_written_as_the_database_has_them(wells, tmp_path):
    """Read by no float: the page itself has every digit."""
    api = ComboCurve()
    with serving(api) as server:
        command("run", example(tmp_path / "p", wells, server.url), cwd=tmp_path)
    session = locations.target(wells.url).connect(create=False)
    ((latitude, length),) = session.execute(
        "SELECT surface_latitude, lateral_length FROM wells WHERE id = 1"
    )
    session.close()
    body = api.pages[0].body
    assert f'"surfaceLatitude":{latitude}'.encode() in body
    assert f'"lateralLength":{length}'.encode() in body


def test_pages_and_limit_are_kept_and_what_lies_beyond_is_said(wells, tmp_path):
    api = ComboCurve()
    with serving(api) as server:
        folder = example(tmp_path / "p", wells, server.url)
        done = command("run", folder, "--limit", 50, "--page-size", 20, cwd=tmp_path)
    pages = [json.loads(page.body) for page in api.pages]
    assert max(map(len, pages)) <= 20
    assert all(page.method == "PUT" for page in api.pages)
    daily = [page for page in api.pages if page.path == "/v1/daily-productions"]
    assert sum(len(json.loads(page.body)) for page in daily) <= 50
    assert "Stopped at the limit of 50 records." in done.stderr
    assert "--limit sets how many rows are sent" in done.stderr


def test_one_failing_resource_does_not_stop_the_others(wells, tmp_path):
    api = ComboCurve()
    with serving(api) as server:
        folder = example(tmp_path / "p", wells, server.url)
        (folder / "resources" / "wells.sql").write_text("SELECT nothing FROM nowhere")
        (folder / "resources" / "wrong.sql").write_text("DELETE FROM wells")
        done = command("run", folder, cwd=tmp_path)
    assert done.returncode == 1
    assert "wells.sql: The server refuses the query" in done.stderr
    assert "wrong.sql, line 1: The query begins with" in done.stderr
    assert "wrong is not a known resource; sending it to /wrong" in done.stderr
    assert len(api.kept["daily-productions"]) == (WELLS - WELLS // BAD) * DAYS
    listed = objects(command("list", "--json", cwd=tmp_path))
    assert [one["kind"] for one in listed] == ["delivery"]


def test_a_refused_key_is_said_and_not_shown(wells, tmp_path):
    with serving(ComboCurve(key="another")) as server:
        done = command("run", example(tmp_path / "p", wells, server.url), cwd=tmp_path)
    assert done.returncode == 6
    assert "The API does not accept these credentials: 401" in done.stderr
    said = done.stdout + done.stderr + (tmp_path / "snapshots.db").read_bytes().decode("latin-1")
    assert "key-of-tests" not in said
    assert "token-of-tests" not in said
    assert wells.server.password not in said


def test_the_api_may_slow_us_down(wells, tmp_path):
    api = ComboCurve(writes=4, window_seconds=1.0)
    with serving(api) as server:
        extra = "requests_per_minute = 60000\npage_size = 25"
        folder = example(tmp_path / "p", wells, server.url, extra)
        done = command("run", folder, cwd=tmp_path)
    assert done.returncode == 3
    assert len(api.kept["daily-productions"]) == (WELLS - WELLS // BAD) * DAYS


def test_a_run_is_over_when_it_is_and_is_not_resumed(wells, tmp_path):
    with serving(ComboCurve()) as server:
        command("run", example(tmp_path / "p", wells, server.url), "--limit", 10, cwd=tmp_path)
    done = command("resume", 1, cwd=tmp_path)
    assert done.returncode == 1
    assert "sent the rows of a query, which cannot be resumed by number" in done.stderr


def test_each_run_sends_what_the_queries_give_then(wells, tmp_path):
    """Also where more rows are the same than can be told by their beginning."""
    api = ComboCurve()
    with serving(api) as server:
        folder = example(tmp_path / "p", wells, server.url, "requests_per_minute = 60000")
        name = "wells.sql"
        (folder / "resources" / "daily-productions.sql").unlink()
        query = (folder / "resources" / name).read_text().replace("ORDER BY id", "")
        many = "REPEAT(well_name, 3000)"
        (folder / "resources" / name).write_text(query.replace("well_name", many, 1))
        for run in (1, 2):
            done = command("run", folder, "--json", cwd=tmp_path)
            assert done.returncode == 3, done.stderr
            (result,) = objects(done)
            assert (result["import_id"], result["outcome"]) == (run, "finished")
        again = command("run", folder, "--limit", 5, cwd=tmp_path)
    assert "Stopped at the limit of 5 records." in again.stderr
    assert "--limit sets how many rows are sent" in again.stderr


def test_a_query_without_rows_is_a_delivery_of_none(wells, tmp_path):
    api = ComboCurve()
    with serving(api) as server:
        folder = example(tmp_path / "p", wells, server.url)
        for path in (folder / "resources").glob("*.sql"):
            path.write_text(path.read_text().replace("ORDER BY", "WHERE 1 = 0 ORDER BY"))
        done = command("run", folder, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.count("0 records = 0 delivered") == 2
    assert not api.pages


def test_a_log_says_what_becomes_of_each_resource(wells, tmp_path):
    api = ComboCurve()
    with serving(api) as server:
        folder = example(tmp_path / "p", wells, server.url, "requests_per_minute = 60000")
        done = command("run", folder, "--json", "--log-format", "json", cwd=tmp_path)
    logged = [json.loads(line) for line in done.stderr.splitlines()]
    ended = [line for line in logged if "records" in line]
    assert [line["import_id"] for line in ended] == [1, 2]
    results = objects(done)
    assert [line["records"] for line in ended] == [result["records"] for result in results]


def test_start_of_the_example_does_the_same(wells, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    api = ComboCurve()
    start = runpy.run_path(str(EXAMPLE / "core" / "main.py"))["start"]
    with serving(api) as server:
        assert not start(example(tmp_path / "p", wells, server.url))
    assert f"wells: {WELLS - WELLS // BAD} of {WELLS} rows delivered" in capsys.readouterr().out
    assert len(api.kept["wells"]) == WELLS - WELLS // BAD


def test_start_without_a_project_takes_the_current_folder(wells, tmp_path, monkeypatch):
    """Not the example's own, whose data would go to whoever it names."""
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    start = runpy.run_path(str(EXAMPLE / "core" / "main.py"))["start"]
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(SnapshotsError, match="not a project"):
        start()
    api = ComboCurve()
    with serving(api) as server:
        monkeypatch.chdir(example(tmp_path / "p", wells, server.url))
        start()
    assert len(api.kept["wells"]) == WELLS - WELLS // BAD


def test_the_examples_settings_are_right(monkeypatch):
    for name in ("HOST", "USER", "PASSWORD", "DATABASE"):
        monkeypatch.setenv(f"WELLS_{name}", "x")
    monkeypatch.setenv("WELLS_PORT", "5432")
    monkeypatch.setenv("WELLS_API", "http://localhost:9020/v1")
    monkeypatch.setenv("COMBOCURVE_API_KEY", "k")
    monkeypatch.setenv("COMBOCURVE_TOKEN", "t")
    found = read_project(EXAMPLE)
    assert [one.name for one in found.resources] == ["wells", "daily-productions"]


class Misplaced(ComboCurve):
    """An API at another address than the one that is given."""

    def on_request(self, request, connection):
        return response(404, "no such route")


def test_an_address_where_nothing_is_rejects_nothing(wells, tmp_path):
    with serving(Misplaced(key="key-of-tests", token="token-of-tests")) as server:
        folder = example(tmp_path / "p", wells, server.url, "requests_per_minute = 60000")
        done = command("run", folder, "--json", "--progress", "none", cwd=tmp_path)
    assert done.returncode == 6, done.stderr
    for result in objects(done):
        assert (result["loaded"], result["state"]) == (0, "interrupted")
        assert "refused_by_target" not in result["rejects_by_code"]
        assert "nothing exists at this address" in result["message"]
