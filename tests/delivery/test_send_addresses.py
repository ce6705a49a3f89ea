"""`snapshots send --to 'https://api/rows/{id}'`: records choose their address."""

import csv
import random
from urllib.parse import unquote

import pytest

import snapshots as package
from snapshots.errors import ContractError, UsageError
from tests.support.http_server import Handler, response, serving


class ByPath(Handler):
    """Holds rows by their path: PUT replaces, DELETE removes. It often answers 503, or not at all
    after it has acted."""

    def __init__(self, trouble=0.0):
        self.rows = {}
        self._random = random.Random(5)
        self._trouble = trouble

    def on_request(self, request, connection):
        if self._random.random() < self._trouble:
            return response(503)
        there = request.target in self.rows
        if request.method == "DELETE":
            self.rows.pop(request.target, None)
        else:
            self.rows[request.target] = request.body
        if self._random.random() < self._trouble:
            connection.cut()
            return None
        return response(204 if there or request.method != "DELETE" else 404)


@pytest.fixture
def send(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)

    def send_(to, rows, **more):
        with (tmp_path / "a.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("id", "name"), *rows])
        contract = {"fields": [{"name": "id"}, {"name": "name"}]}
        options = {"method": "PUT", "max_rejects": "100%", "contract": contract, **more}
        return package.send(tmp_path / "a.csv", to, **options)

    return send_


def test_values_are_quoted_and_records_without_one_are_rejected(send):
    ids = ["7", "a/b c?d#e&f=g%h", "Zoë", "..", "", ".", "a.b", "{id}"]
    rows = [(one, f"n {number}") for number, one in enumerate(ids)]
    with serving(ByPath(trouble=0.2)) as running:
        result = send(f"{running.url}/rows/{{id}}/x%2Fy?by={{name}}", rows)
        assert (result.counts.loaded, result.counts.rejected) == (5, 3)
        assert result.rejects_by_code == {"missing_value": 3}
        found = running.handler.rows
    assert all(target.isascii() and " " not in target for target in found)
    assert {unquote(target.split("/")[2]) for target in found} == {*ids} - {"..", "", "."}
    assert {target.split("/", 3)[3] for target in found} == {
        f"x%2Fy?by=n%20{number}" for number in (0, 1, 2, 6, 7)
    }


@pytest.mark.parametrize("address", [".{id}", "{id}.", "{id}{name}", "a/../{name}"])
def test_values_lead_nowhere_else_together_with_what_stands_beside_them(send, address):
    rows = [(one, other) for one in (".", "..", "5") for other in (".", "5")]
    with serving(ByPath()) as running:
        result = send(f"{running.url}/rows/{address}", rows, key_header="none")
        targets = running.handler.rows
    beside = address.replace("a/../", "")
    made = {beside.replace("{id}", one).replace("{name}", other) for one, other in rows}
    assert {target.rpartition("/")[2] for target in targets} == made - {".", ".."}
    assert result.counts.rejected > 0


def test_what_changed_and_what_vanished_goes_to_its_own_address(send):
    rng = random.Random(1)
    with serving(ByPath(trouble=0.1)) as running:
        for _ in range(4):
            rows = [(n, rng.choice("ab")) for n in range(30) if rng.random() < 0.6]
            result = send(
                f"{running.url}/rows/{{id}}", [("", "no id"), *rows], key=("name", "id"),
                deletes=True, max_deletes="100%",
            )  # fmt: skip
            # A record without a key could be any row.
            assert (result.rejects_by_code, result.deletes) == ({"missing_value": 1}, None)
            result = send(
                f"{running.url}/rows/{{name}}/{{id}}", rows, key=("name", "id"), deletes=True,
                max_deletes="100%",
            )  # fmt: skip
            assert result.exit_code == 0
            expected = {f"/rows/{name}/{n}" for n, name in rows}
            assert {one for one in running.handler.rows if one.count("/") == 3} == expected


def test_an_address_that_cannot_be_made_is_refused(send):
    rows = [(1, "a")]
    with pytest.raises(ContractError, match="'key', which the input does not have"):
        send("http://localhost:1/{key}", rows)
    with pytest.raises(UsageError, match="a request of its own"):
        send("http://localhost:1/{id}", rows, batch=2)
    with pytest.raises(UsageError, match="not in the key"):
        send("http://localhost:1/{name}", rows, key=("id",), deletes=True)
    with pytest.raises(UsageError, match="placeholder"):
        send("http://{id}:1/rows", rows)
