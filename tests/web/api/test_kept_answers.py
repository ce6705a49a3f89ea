"""REST shows what was kept of an API's answers."""

import json

from tests.support.command import snapshots
from tests.support.http_server import Handler, as_json, serving
from tests.web.api.test_imports import served


class Gives(Handler):
    """Gives each row an id."""

    def on_request(self, request, connection):
        return as_json(201, {"id": f"made-{json.loads(request.body)['id']}"})


def test_the_answers_to_a_delivery_come_in_pages(tmp_path, sqlite_url):
    (tmp_path / "a.csv").write_text("id,name\n7,a\n8,b\n9,c\n")
    with serving(Gives()) as running:
        more = ("--to", running.url, "--keep", "/id", "--key", "id", "--database", sqlite_url)
        done = snapshots("send", "a.csv", *more, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    with served(sqlite_url, tmp_path, "--tables", "*") as client:
        page = client.get("/v1/imports/1/answers?limit=2").json
        assert page["answers"] == [
            {"line": 2, "key": {"id": 7}, "answer": "made-7"},
            {"line": 3, "key": {"id": 8}, "answer": "made-8"},
        ]
        page = client.get(page["next"]).json
        assert [one["line"] for one in page["answers"]] == [4]
        assert page["next"] is None


def test_only_the_operator_sees_what_a_command_has_sent(tmp_path, sqlite_url):
    (tmp_path / "a.csv").write_text("id,name\n7,geheim-1\n8,geheim-2,more\n")
    with serving(Gives()) as running:
        more = ("--to", running.url, "--keep", "/id", "--key", "id")
        sent = ("send", "a.csv", *more, "--max-rejects", "1", "--database", sqlite_url)
        done = snapshots(*sent, cwd=tmp_path)
        assert done.returncode == 3, done.stderr
    with served(sqlite_url, tmp_path) as client:
        for part in ("rejects", "answers"):
            answer = client.get(f"/v1/imports/1/{part}")
            assert (answer.status, answer.json["code"]) == (403, "forbidden_table")
            assert "snapshots answers" in answer.json["hint"]
        page = client.get("/imports/1")
        assert page.status == 200
        assert "geheim" not in page.data.decode()
        assert "A command sent these records" in page.data.decode()
    with served(sqlite_url, tmp_path, "--tables", "*") as client:
        assert "geheim-2" in client.get("/v1/imports/1/rejects").data.decode()
        assert client.get("/v1/imports/1/answers").json["answers"][0]["answer"] == "made-7"
        assert "geheim-2" in client.get("/imports/1").data.decode()
