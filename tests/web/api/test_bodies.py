"""Bodies that a megabyte is enough for to take long: others are answered meanwhile."""

import json
import threading
import time
from urllib.parse import quote

import pytest

from tests.support.service_process import database_beside, served

NUMBERS = ",".join(["0"] * 450_000)
MEMBERS = ",".join(f'"{number}":0' for number in range(90_000))
BODIES = {
    "numbers in a contract": f'{{"file":"a.csv","contract":{{"x":[{NUMBERS}]}}}}',
    "objects in a contract": '{"file":"a.csv","contract":{"fields":[' + "{}," * 330_000 + "{}]}}",
    "a list": f"[{NUMBERS}]",
    "members": f"{{{MEMBERS}}}",
    "members of a dialect": f'{{"file":"a.csv","dialect":{{{MEMBERS}}}}}',
    "null values": f'{{"file":"a.csv","null_values":[{NUMBERS}]}}',
}


@pytest.fixture
def client(tmp_path):
    with served(database_beside(tmp_path), tmp_path, "--rate-limit", "0") as serving:
        serving.ask("PUT", "/v1/files/a.csv", b"a\nx\n")
        yield serving


@pytest.mark.parametrize("path", ["/v1/imports", "/v1/imports/1/cancel", "/v1/imports/1/resume"])
def test_others_are_answered_while_a_body_is_read(client, path):
    assert client.wait(client.submit(file="a.csv"))["state"] == "finished"
    waits, over = [], threading.Event()

    def look():
        while not over.is_set():
            begun = time.monotonic()
            assert client.get("/healthz").status == 200
            waits.append(time.monotonic() - begun)
            time.sleep(0.01)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for name, body in BODIES.items():
            answer = client.ask("POST", path, body.encode(), Content_Type="application/json")
            assert answer.status == 422, name
            assert len(answer.json["errors"]) <= 20, name
            assert len(answer.data) < 20_000, name
    finally:
        over.set()
        looking.join()
    # It was half a second for each of them, on a machine with nothing else to do.
    assert sorted(waits)[len(waits) * 9 // 10] < 0.25, sorted(waits)[-5:]


def test_answers_are_json_that_moves_no_cursor(database, tmp_path):
    evil = "a\x9b2J\x7f\u202e\u2028\u200bb"
    (tmp_path / "a.csv").write_text(f"id,{evil}\n1,{evil}\nx,{evil}\n")
    with served(database, tmp_path, "--rate-limit", "0") as client:
        wanted = {
            "file": "a.csv", "table": f"t{evil}", "max_rejects": "100%",
            "contract": {"fields": [{"name": "id", "type": "integer"}, {"name": evil}]},
        }  # fmt: skip
        number = client.submit(**wanted)
        assert client.wait(number)["state"] == "finished"
        table = client.get("/v1/tables").json["tables"][0]
        assert table == f"t{evil}"
        rows = client.get(f"/v1/tables/{quote(table, safe='')}/rows")
        assert rows.json["rows"][0][evil] == evil
        rejects = client.get(f"/v1/imports/{number}/rejects")
        assert rejects.lines[0]["raw"] == f"x,{evil}"
        answers = [
            rows, rejects, client.get("/v1/tables"), client.get("/v1/imports"),
            client.get(f"/v1/imports/{number}"), client.ask("POST", "/v1/imports", wanted),
            client.get(f"/v1/tables/{quote(evil, safe='')}/rows"),
            client.ask("POST", "/v1/imports", {evil: 1}),
        ]  # fmt: skip
        for answer in answers:
            text = answer.data.decode()
            json.loads(text.splitlines()[0])
            assert set(text) & set(evil) <= {"a", "b", "2", "J"}, text
