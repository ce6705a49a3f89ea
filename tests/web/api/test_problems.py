"""Every endpoint answers errors in one shape, and does what its OpenAPI document says."""

import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.support.killed_imports import make_file
from tests.support.service_process import database_beside, routes, served

SHAPE = {"type", "title", "status", "detail", "code", "hint", "errors"}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """With an import that is finished, one with rejects, and one that waits."""
    folder = tmp_path_factory.mktemp("problems")
    make_file(folder / "t.csv", 300)
    (folder / "u.csv").write_text("id,name\n1,a\n2\n")
    with served(database_beside(folder), folder, "--rate-limit", "0") as client:
        for name in ("t.csv", "u.csv"):
            client.wait(client.submit(file=name))
        yield client


def is_problem(answer, status):
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json
    assert set(said) == SHAPE
    assert said["status"] == status
    assert said["title"]
    assert said["code"]
    return True


def test_what_is_not_there_and_what_cannot_be_done(client):
    assert is_problem(client.get("/nowhere"), 404)
    assert is_problem(client.get("/v1/imports/"), 404)
    seen = set()
    known = {(method, path) for method, path, _ in routes(client)}
    for method, path, operation in routes(client):
        concrete = path.replace("{import_id}", "1").replace("{name}", "a.csv")
        concrete = concrete.replace("{table}", "t").replace("{number}", "0" * 32)
        if ("PATCH", path) not in known:
            refused = client.ask("PATCH", concrete)
            assert is_problem(refused, 405), (method, path)
            assert method in refused.headers["allow"].split(", ")
        if "{import_id}" in path:
            # What needs a body says so first.
            needs = operation.get("requestBody", {}).get("required", False)
            there = client.ask(method, path.replace("{import_id}", "77").replace("{other}", "78"))
            assert is_problem(there, 422 if needs else 404), (method, path)
            assert is_problem(client.ask(method, path.replace("{import_id}", "x")), 422)
        seen.add(path)
    assert len(seen) >= 14


def test_bodies_that_are_not_understood(client):
    for method, path, operation in routes(client):
        content = operation.get("requestBody", {}).get("content", {})
        concrete = path.replace("{import_id}", "1")
        if "application/json" in content:
            kind = {"Content_Type": "application/json"}
            assert is_problem(client.ask(method, concrete, b"{", **kind), 422), path
            assert is_problem(client.ask(method, concrete, b"\xff", **kind), 400), path
            assert is_problem(client.ask(method, concrete, b'{"nope": 1}', **kind), 422), path
    kind = {"Content_Type": "application/json"}
    wrong = client.ask("POST", "/v1/imports", b'{"url": 5, "mode": "other"}', **kind).json
    assert {one["place"] for one in wrong["errors"]} == {"body.url", "body.mode"}


def test_a_body_of_another_type_is_told_which_it_should_be(client):
    """What curl sends with -d and nothing else."""
    kind = {"Content_Type": "application/x-www-form-urlencoded"}
    answer = client.ask("POST", "/v1/imports", b'{"file": "a.csv"}', **kind)
    assert is_problem(answer, 422)
    assert "Content-Type: application/json" in answer.json["detail"]


def test_a_database_that_is_gone(tmp_path):
    database = database_beside(tmp_path)
    with served(database, tmp_path, "--workers", "0") as client:
        client.submit(file="a.csv")
        with sqlite3.connect(database.removeprefix("sqlite:///")) as other:
            other.execute("UPDATE snapshots_version SET version = 99")
        other.close()
        assert client.get("/healthz").status == 200
        assert client.get("/readyz").status in {500, 503}
        assert client.get("/readyz").headers["content-type"] == "application/problem+json"


def test_the_page_of_the_document(client):
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    sources = re.findall(r'(?:href|src)="([^"]+)"', page.data.decode())
    assert "/static/swagger/swagger-ui-bundle.js" in sources
    for source in sources:
        assert source.startswith("/")
        assert client.get(source).status == 200, source


def test_every_endpoint_has_examples_that_fit_its_schemas(client):
    document = client.get("/v1/openapi.json").json
    for method, path, operation in routes(client):
        assert operation["summary"]
        for parameter in operation.get("parameters", ()):
            if parameter["required"]:
                fits(document, parameter["example"], parameter["schema"])
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            # Files are chosen, not written.
            assert content.get("examples") or kind in {
                "multipart/form-data", "application/octet-stream",
                "application/offset+octet-stream",
            }, (method, path)  # fmt: skip
            for example in content.get("examples", {}).values():
                fits(document, example["value"], content["schema"])
        for status, answer in operation["responses"].items():
            if status < "300":
                for kind, content in answer.get("content", {}).items():
                    if kind.endswith(".sheet"):
                        continue
                    assert content["example"], (method, path, status, kind)
                    fits(document, content["example"], content.get("schema", {}))
    (problem,) = document["components"]["schemas"]["Problem"]["examples"]
    assert client.get("/v1/imports/77").json == problem


def fits(document, example, schema):
    """`$ref` in the schema leads into the document."""
    whole = {**schema, "components": document["components"]}
    Draft202012Validator(whole).validate(example)


def test_a_browser_gets_a_page_where_there_is_nothing(client):
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    missing = client.get("/nowhere", **browser)
    assert (missing.status, missing.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert b"This page does not exist." in missing.data
    refused = client.ask("POST", "/docs", **browser)
    assert (refused.status, refused.headers["allow"]) == (405, "GET")
    assert b"Method Not Allowed" in refused.data
    assert is_problem(client.get("/v1/nowhere", **browser), 404)
    assert is_problem(client.get("/nowhere", Accept="*/*"), 404)
    assert client.get("/imports").headers["location"] == "/"


def test_metrics_are_those_of_the_ledger(client):
    text = client.get("/metrics").data.decode()
    assert 'bucket="loaded"' in text
    assert 'state="finished"} 2' in text.replace(".0", "")


def test_schemathesis_finds_nothing(client, tmp_path):
    done = schemathesis(client, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def schemathesis(client, folder, examples=5):
    """Requests made up from the document, good and bad ones, and such as follow from answers."""
    command = Path(sys.executable).with_name("schemathesis")
    # A query within each limit of its own may be too long for the head of a request.
    (folder / "schemathesis.toml").write_text(
        "[checks.negative_data_rejection]\n"
        'expected-statuses = [400, 401, 403, 404, 405, 406, 409, 415, 422, 428, 429, 431, "5xx"]\n'
    )
    return subprocess.run(
        [command, "run", f"http://127.0.0.1:{client.port}/v1/openapi.json",
         # Streams do not end by themselves; it cannot write the body of a part of an upload.
         "--exclude-path-regex", "events$|uploads/",
         # No schema says which URLs are read, which columns there are, or where a page ends.
         # An import that is deleted was cancelled: the history keeps it.
         "--exclude-checks", "positive_data_acceptance,use_after_free",
         "--mode", "all", "--phases", "examples,coverage,fuzzing,stateful",
         "--max-examples", str(examples), "--generation-allow-x00", "true",
         "--generation-deterministic", "--no-color", "--request-timeout", "30"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_document_is_json(client):
    assert json.loads(client.get("/v1/openapi.json").data)["openapi"].startswith("3.1")
