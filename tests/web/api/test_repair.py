"""Rejects are exported, replayed and dismissed over REST, and on the page of their import."""

import csv
import io

import pytest

from tests.repair.files import balanced, sound
from tests.support.service_process import database_beside, served
from tests.verify.loaded import execute

TEXT = b"id,day\n1,2024-01-01\n2,x\n3\n4,y\n5,z\n"
CONTRACT = {"fields": [{"name": "id", "type": "integer"}, {"name": "day", "type": "date"}]}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service, and the database that it loads into."""
    folder = tmp_path_factory.mktemp("repair")
    database = database_beside(folder)
    with served(database, folder, "--rate-limit", "0") as client:
        yield client, database


def loaded(client, name):
    assert client.ask("PUT", f"/v1/files/{name}.csv", TEXT).status == 201
    number = client.submit(
        file=f"{name}.csv", table=name, again=True, contract=CONTRACT, max_rejects="100"
    )
    assert client.wait(number)["state"] == "finished"
    return number


def export(client, number, form="fix.csv"):
    answer = client.get(f"/v1/imports/{number}/rejects?format={form}")
    assert answer.status == 200, answer.json
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="import-{number}-{form}"'
    )
    return answer.data


def form_of(text):
    body = (
        "--b\r\nContent-Disposition: form-data; name=file; filename=fix.csv\r\n\r\n"
        f"{text}\r\n--b--\r\n"
    )
    return body.encode(), {"Content_Type": "multipart/form-data; boundary=b"}


def test_export_replay_and_dismiss(service):
    client, database = service
    number = loaded(client, "one")
    at = f"/v1/imports/{number}"
    found = client.get(at).json
    assert (found["rejected"], found["open"], found["dismissed"], found["corrected"]) == (
        4,
        4,
        0,
        0,
    )
    rows = list(csv.reader(io.StringIO(export(client, number).decode())))
    assert rows[0] == ["_line", "_code", "_column", "_reason", "id", "day", "_record"]
    assert [row[0] for row in rows[1:]] == ["3", "4", "5", "6"]
    assert export(client, number, "fix.xlsx")[:2] == b"PK"
    assert export(client, number, "fix.jsonl").count(b"\n") == 4

    done = client.ask("POST", f"{at}/replay", b"_line,day\n3,2024-02-02\n5,never\n")
    assert done.status == 200, done.json
    assert {name: done.json[name] for name in ("loaded", "refused", "open")} == {
        "loaded": 1, "refused": 1, "open": 3,
    }  # fmt: skip
    body, headers = form_of("_line;id;day\n4;3;2024-03-03\n")
    done = client.ask("POST", f"{at}/replay", body, **headers)
    assert (done.status, done.json["loaded"]) == (200, 1), done.json
    done = client.ask("POST", f"{at}/replay?null_value=z")
    assert (done.status, done.json["loaded"], done.json["open"]) == (200, 1, 1), done.json
    wrong = client.ask("POST", f"{at}/replay", b"_line,day\n2,2024-01-01\n")
    assert (wrong.status, wrong.json["code"]) == (422, "usage"), wrong.json

    wrong = client.ask("POST", f"{at}/dismiss", {"line": 3, "because": "x"})
    assert wrong.status == 422
    assert client.ask("POST", f"{at}/dismiss", {"because": ""}).status == 422
    done = client.ask("POST", f"{at}/dismiss", {"codes": ["not_a_date"], "because": "no day"})
    assert (done.status, done.json["dismissed"], done.json["open"]) == (200, 1, 0)
    found = client.get(at).json
    assert (found["rejected"], found["open"], found["dismissed"], found["corrected"]) == (
        1,
        0,
        1,
        3,
    )
    assert execute(database, "SELECT DISTINCT by_whom FROM snapshots_replays")[0][0]
    balanced(database)
    sound(database, number, input=None, counts=True)


def test_on_the_page(service):
    client, database = service
    number = loaded(client, "two")
    page = client.get(f"/imports/{number}").data.decode()
    assert "Correct or dismiss 4 open rejects" in page
    assert f"/v1/imports/{number}/rejects?format=fix.xlsx" in page
    body, headers = form_of("_line,id,day\n4,3,2024-03-03\n")
    done = client.ask("POST", f"/imports/{number}/replay", body, **headers)
    assert (done.status, done.headers["location"]) == (303, f"/imports/{number}")
    done = client.ask("POST", f"/imports/{number}/replay")
    assert done.status == 303
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    wrong = client.ask("POST", f"/imports/{number}/dismiss", b"because=", **form)
    assert wrong.status == 422
    body = b"because=no+days&code=not_a_date"
    done = client.ask("POST", f"/imports/{number}/dismiss", body, **form)
    assert done.status == 303
    page = client.get(f"/imports/{number}").data.decode()
    assert "Correct or dismiss" not in page
    assert ">Dismissed</dt><dd>3<" in page
    assert ">Corrected</dt><dd>1<" in page
    balanced(database)


def test_counters_never_fall(service):
    client, _ = service
    number = loaded(client, "three")

    def counted():
        lines = client.get("/metrics").data.decode().splitlines()
        return {
            line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
            for line in lines
            if line.startswith(("snapshots_records_total", "snapshots_rejects_total"))
        }

    before = counted()
    assert before
    done = client.ask("POST", f"/v1/imports/{number}/replay", b"_line,day\n3,2024-02-02\n5,no\n")
    assert done.json["loaded"] == 1
    assert all(counted()[name] >= value for name, value in before.items())


def test_metrics_begin_with_what_was_rejected_at_first(tmp_path):
    database = database_beside(tmp_path)
    figures = []
    for step in range(2):
        with served(database, tmp_path, "--rate-limit", "0") as client:
            if not step:
                number = loaded(client, "four")
                answer = client.ask(
                    "POST", f"/v1/imports/{number}/replay", b"_line,day\n3,2024-02-02\n5,no\n"
                )
                assert answer.json["loaded"] == 1, answer.json
            lines = client.get("/metrics").data.decode().splitlines()
            figures.append([
                line
                for line in lines
                if line.startswith(("snapshots_records_total", "snapshots_rejects_total",
                                    "snapshots_unaccounted"))
            ])  # fmt: skip
    assert sorted(figures[0]) == sorted(figures[1])
    assert any('bucket="rejected"' in line and line.endswith(" 4.0") for line in figures[0])
