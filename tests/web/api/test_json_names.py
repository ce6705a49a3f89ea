"""REST and `--json` call the same things by the same names, and give the same values."""

import pytest

from snapshots.model import ImportRecord
from snapshots.web.schemas import Chunk, Failure, ImportDetail
from tests.repository.test_docs import cells, page, section, words_in
from tests.support.command import objects, snapshots
from tests.web.api.test_imports import served

OF_THE_SERVICE = {
    "outcome", "waits_for", "note", "records_per_second", "progress", "eta", "queued_at", "wanted",
    "url", "request",
}  # fmt: skip
"""What only the service has to say of an import."""
OF_THE_COMMAND = {"kind", "database", "pending", "ambiguous", "chunks", "verification"}
"""What REST has at other addresses, or has not: deliveries, and another database."""
TEXT = "id,miles\n" + "".join(f"{n},{n}\n" for n in range(50)) + "x,1\n2\n"
CONTRACT = {"fields": [{"name": "id", "type": "integer"}, {"name": "miles", "type": "integer"}]}


@pytest.fixture
def both(tmp_path, sqlite_url):
    """One import over REST, as the service shows it and as commands do."""
    files = tmp_path / "state" / "files"
    files.mkdir(parents=True, exist_ok=True)
    with served(sqlite_url, tmp_path) as client:
        client.ask("PUT", "/v1/files/new.csv", TEXT.encode())
        number = client.submit(file="new.csv", contract=CONTRACT, max_rejects="100%")
        client.wait(number)
        yield (
            client,
            lambda *words: objects(
                snapshots(*words, "--database", sqlite_url, "--json", cwd=tmp_path)
            ),
        )


def test_an_import_has_the_same_fields(both):
    client, command = both
    rest = client.get("/v1/imports/1").json
    (shown,) = command("show", "1")
    (listed,) = command("list")
    assert set(rest) - set(shown) == OF_THE_SERVICE
    assert set(shown) - set(rest) == OF_THE_COMMAND
    common = set(rest) & set(shown) - {"plan"}
    assert {name: rest[name] for name in common} == {name: shown[name] for name in common}
    assert rest["records"] == 52
    assert rest["plan"].items() <= shown["plan"].items()
    assert listed == {name: shown[name] for name in listed}


def test_chunks_and_rejects_have_the_same_fields(both):
    client, command = both
    (shown,) = command("show", "1")
    assert client.get("/v1/imports/1/chunks").json["chunks"] == shown["chunks"]
    rest = client.get("/v1/imports/1/rejects").lines
    assert rest == command("rejects", "1")
    assert len(rest) == 2


def test_rows_have_the_same_fields(both):
    client, command = both
    assert client.get("/v1/tables/new/rows").json["rows"] == command("rows", "new")


def test_an_error_is_a_code_and_a_message(both):
    client, command = both
    client.ask("PUT", "/v1/files/bad.csv", b"id,miles\nx,1\ny,2\n")
    number = client.submit(file="bad.csv", contract=CONTRACT, max_rejects="0")
    assert client.wait(number, "failed")["error"].keys() == Failure.model_fields.keys()
    (shown,) = command("show", str(number))
    assert shown["error"] == client.get(f"/v1/imports/{number}").json["error"]
    assert shown["error"]["code"] == "over_budget"


def test_the_pages_say_so(both):
    of_json = words_in(cells(section(page("json.md"), "## An import")))
    of_rest = words_in(cells(section(page("rest.md"), "## An import")))
    assert set(of_rest) == set(ImportDetail.model_fields)
    shown = {*of_json, *words_in(cells(section(page("json.md"), "## One import in detail")))}
    assert shown - {"skipped_by_code"} == (set(of_rest) - OF_THE_SERVICE | OF_THE_COMMAND) - {
        "skipped_by_code"
    }
    fields = set(ImportRecord.__struct_fields__) - {"error_code"}
    assert set(of_json) == fields
    (row,) = [
        line for line in page("json.md").splitlines() if line.startswith("| `chunks` | For each")
    ]
    assert set(words_in([row])) == {"chunks", *Chunk.model_fields}
