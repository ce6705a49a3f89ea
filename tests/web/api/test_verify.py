"""Verifying an import over REST, and the button on its page."""

import pytest

from tests.support.processes import wait_for
from tests.support.service_process import database_beside, served
from tests.verify.loaded import execute

TEXT = b"id,name\n" + b"".join(b"%d,name %d\n" % (n, n) for n in range(1000))


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service, and the database that it loads into."""
    folder = tmp_path_factory.mktemp("verify")
    database = database_beside(folder)
    with served(database, folder, "--rate-limit", "0") as client:
        yield client, database


def loaded(client, name):
    assert client.ask("PUT", f"/v1/files/{name}.csv", TEXT).status == 201
    number = client.submit(file=f"{name}.csv", table=name, again=True)
    assert client.wait(number)["state"] == "finished"
    return number


def result(client, number, **wanted):
    """Of a verification, once it has ended."""
    begun = client.ask("POST", f"/v1/imports/{number}/verify", wanted)
    assert begun.status == 202, begun.json
    assert begun.headers["location"] == f"/v1/imports/{number}/verify"
    wait_for(lambda: client.get(f"/v1/imports/{number}/verify").json["state"] != "running")
    return client.get(f"/v1/imports/{number}/verify").json


def test_an_import_is_verified(service):
    client, database = service
    number = loaded(client, "one")
    never = client.get(f"/v1/imports/{number}/verify").json
    assert (never["state"], never["result"], never["report"]) == ("none", None, None)
    found = result(client, number)
    assert (found["state"], found["result"], found["report"]["equal"]) == (
        "finished",
        "equal",
        1000,
    )
    execute(database, "UPDATE one SET name = 'x' WHERE id = 7")
    found = result(client, number)
    assert (found["result"], found["report"]["columns"]) == ("differs", {"name": 1})
    assert found["report"]["differences"] == [
        {"kind": "changed", "line": 9, "column": "name", "expected": "name 7", "found": "x"}
    ]
    assert result(client, number, ignore=["name"])["result"] == "equal"


def test_without_the_upload_the_rest_is_checked(service):
    client, _ = service
    number = loaded(client, "two")
    assert client.ask("DELETE", "/v1/files/two.csv").status == 204
    found = result(client, number)
    assert (found["result"], found["report"]["compared"]) == ("not_compared", False)
    assert result(client, number, counts=True)["result"] == "equal"


def test_what_cannot_be_verified_is_refused(service, tmp_path):
    client, database = service
    assert client.ask("POST", "/v1/imports/9999/verify", {}).status == 404
    assert client.get("/v1/imports/9999/verify").status == 404
    number = loaded(client, "three")
    wrong = client.ask("POST", f"/v1/imports/{number}/verify", {"only": ["id"]})
    assert (wrong.status, wrong.json["code"]) == (422, "invalid")
    found = result(client, number, ignore=["nmae"])
    assert "did not load a column 'nmae'" in found["error"]["message"]
    # A command's files are no business of clients.
    import snapshots

    (tmp_path / "own.csv").write_bytes(TEXT)
    own = snapshots.load(tmp_path / "own.csv", database=database, table="own")
    refused = client.ask("POST", f"/v1/imports/{own.record.import_id}/verify", {})
    assert refused.status in (403, 409)


def test_the_page_has_a_button_and_says_the_result(service):
    client, _ = service
    number = loaded(client, "four")
    page = client.get(f"/imports/{number}").data.decode()
    assert f'action="/imports/{number}/verify"' in page
    assert "Verified" not in page
    pressed = client.ask(
        "POST",
        f"/imports/{number}/verify",
        b"",
        Content_Type="application/x-www-form-urlencoded",
        Sec_Fetch_Site="same-origin",
    )
    assert (pressed.status, pressed.headers["location"]) == (303, f"/imports/{number}")
    wait_for(lambda: client.get(f"/v1/imports/{number}/verify").json["state"] == "finished")
    assert "the table has what the input had" in client.get(f"/imports/{number}").data.decode()
