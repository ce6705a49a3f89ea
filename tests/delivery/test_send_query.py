"""`snapshots send QUERY --from DATABASE`: what a database gives goes to an API."""

import json

import pytest

import snapshots as package
from tests.sources.sql.servers import execute
from tests.support.command import objects, snapshots
from tests.support.http_server import serving
from tests.support.recording_api import Api

ROWS = """
CREATE TABLE items (id varchar(5), name varchar(20), amount numeric(8, 2), day date);
INSERT INTO items VALUES ('007', 'Ann', 1.50, '2024-02-29'), ('008', '', NULL, NULL)
"""
QUERY = "SELECT id, name, amount, day FROM items ORDER BY id"


@pytest.fixture(params=["postgres", "mysql"])
def asked(request):
    """A database with two rows."""
    url = request.getfixturevalue(f"{request.param}_url")
    execute(url, *ROWS.split(";"))
    return url


def send(running, folder, query, url, *more):
    return snapshots(
        "send", query, "--from", url, "--to", f"{running.url}/rows", "--progress", "none", *more,
        cwd=folder,
    )  # fmt: skip


def test_a_query_is_an_input(asked, tmp_path):
    with serving(Api()) as running:
        done = send(running, tmp_path, QUERY, asked, "--ordered")
        assert done.returncode == 0, done.stderr
        assert "2 records = 2 delivered" in done.stdout
        assert running.handler.rows == [
            {"id": "007", "name": "Ann", "amount": 1.5, "day": "2024-02-29"},
            {"id": "008", "name": "", "amount": None, "day": None},
        ]
        assert b'"amount":1.50' in running.handler.requests[0][0].body
    (entry,) = objects(snapshots("list", "--json", cwd=tmp_path))
    assert (entry["kind"], entry["input"]) == ("delivery", QUERY)


def test_a_query_in_a_file_is_held_to_a_contract_and_asked_anew_each_time(asked, tmp_path):
    (tmp_path / "items.sql").write_text(QUERY)
    fields = [
        {"name": "number", "type": "string", "x-source": "id"},
        {"name": "name", "type": "string", "constraints": {"minLength": 1}},
        {"name": "amount", "type": "number"},
        {"name": "day", "type": "date"},
    ]
    (tmp_path / "c.json").write_text(json.dumps({"fields": fields}))
    with serving(Api()) as running:
        for times in (1, 2):
            done = send(running, tmp_path, "items.sql", asked, "--contract", "c.json", "--json")
            assert done.returncode == 3, done.stderr
            (result,) = objects(done)
            assert (result["loaded"], result["rejects_by_code"]) == (1, {"too_short": 1})
            assert [row["number"] for row in running.handler.rows] == ["007"] * times
    (reject,) = objects(snapshots("rejects", 1, "--json", cwd=tmp_path))
    assert reject["line"] == 2


def test_a_query_is_tried_and_limited_as_a_file_is_and_not_resumed(asked, tmp_path):
    with serving(Api()) as running:
        done = send(running, tmp_path, QUERY, asked, "--dry-run")
        assert done.returncode == 0, done.stderr
        assert f"2 would go to {running.url}/rows by POST" in done.stdout
        assert not running.handler.requests
        limited = send(running, tmp_path, QUERY, asked, "--limit", 1)
        assert limited.returncode == 0, limited.stderr
        assert "Stopped at the limit of 1 records." in limited.stderr
        assert [row["id"] for row in running.handler.rows] == ["007"]
        resumed = snapshots("resume", 1, cwd=tmp_path)
        assert resumed.returncode == 1
        assert "sent the rows of a query, which cannot be resumed by number" in resumed.stderr


def test_from_python(asked, tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    with serving(Api()) as running:
        result = package.send(
            QUERY, f"{running.url}/rows", from_=asked, database=f"sqlite:///{tmp_path}/home.db"
        )
        assert (result.outcome, len(running.handler.rows)) == ("finished", 2)


@pytest.mark.parametrize(
    ("query", "more", "code", "said"),
    [
        ("DELETE FROM items", [], 1, "The query begins with"),
        ("SELECT nothing FROM items", [], 1, "The server refuses the query"),
        ("SELECT id FROM items", ["--delimiter", ";"], 2, "--delimiter says how a file is written"),
        ("SELECT 1 AS a", ["--from", "sqlite:///x.db"], 2, "A SQLite file cannot be queried"),
        ("SELECT 1 AS a", ["--from", "mysql://h/d?charset=x"], 2, "is not an option"),
        ("SELECT id, name AS more FROM items", ["--contract", "c.json"], 1, "has no column 'more'"),
    ],
)
def test_what_cannot_be_asked_is_said(postgres_url, tmp_path, query, more, code, said):
    execute(postgres_url, *ROWS.split(";"))
    (tmp_path / "c.json").write_text(json.dumps({"fields": [{"name": "id", "type": "string"}]}))
    with serving(Api()) as running:
        done = send(running, tmp_path, query, postgres_url, *more)
        assert done.returncode == code, done.stderr
        assert said in done.stderr
        assert not running.handler.requests


def test_the_password_is_shown_and_kept_nowhere(postgres_url, tmp_path):
    execute(postgres_url, *ROWS.split(";"))
    scheme, _, rest = postgres_url.partition("://")
    login, _, host = rest.rpartition("@")
    user, _, password = login.partition(":")
    with serving(Api(lambda row: 422)) as running:
        done = send(running, tmp_path, QUERY, postgres_url)
        assert done.returncode == 3
        wrong = send(running, tmp_path, QUERY, f"{scheme}://{user}:canary-secret@{host}")
        assert wrong.returncode == 6
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    said = kept + (done.stdout + done.stderr + wrong.stdout + wrong.stderr).encode()
    assert b"canary-secret" not in said
    assert f":{password}@".encode() not in said
