"""Contracts that people have kept in the pages."""

from urllib.parse import quote, urlencode

import pytest

from snapshots.errors import Forbids
from snapshots.ledger import contracts
from tests.support.service_process import served
from tests.support.worker_process import books

FORM = {"Content_Type": "application/x-www-form-urlencoded"}
CONTRACT = {"fields": [{"name": "id", "type": "integer"}]}


def test_a_contract_is_kept_listed_and_deleted(database, tmp_path):
    name = "Größen 1/2"
    (tmp_path / "a.csv").write_text("ID;Größe\n1;2,5\n")
    with served(database, tmp_path) as client:
        page = client.ask("POST", "/new/columns", urlencode({"file": "a.csv"}), **FORM)
        mark = page.data.decode().split('name="columns" value="')[1][:16]
        draft = {
            "file": "a.csv", "columns": mark, "table": "sizes", "keep_as": name,
            "c0_to": "", "c1_to": "size", "c1_form": "decimal-comma",
        }  # fmt: skip
        for _ in range(2):
            answer = client.ask("POST", "/new/import", urlencode(draft | {"again": "yes"}), **FORM)
            assert answer.status in {303, 422}
        assert client.wait(1)["loaded"] == 1
        (kept,) = client.get("/v1/contracts").json["contracts"]
        assert (kept["contract_name"], kept["table"]) == (name, "sizes")
        assert kept["header"] == ["ID", "Größe"]
        assert kept["contract"] == {
            "fields": [
                {
                    "name": "size", "type": "number", "x-source": "Größe", "decimalChar": ",",
                    "groupChar": ".",
                }
            ],
            "fieldsMatch": ["subset"],
            "x-snapshots": {"missingValues": "unquoted"},
        }  # fmt: skip
        # Whatever takes a contract takes it.
        client.submit(file="a.csv", table="others", contract=kept["contract"], again=True)
        assert client.wait(client.get("/v1/imports").json["imports"][0]["import_id"])["loaded"] == 1
        assert client.ask("DELETE", f"/v1/contracts/{quote(name)}").status == 204
        assert client.ask("DELETE", f"/v1/contracts/{quote(name)}").status == 404
        assert client.get("/v1/contracts").json["contracts"] == []


def test_there_are_not_too_many(sqlite_url, monkeypatch):
    monkeypatch.setattr(contracts, "MOST", 2)
    with books(sqlite_url) as opened:
        ledger = opened.ledger
        for name in ("a", "b", "a"):
            contracts.keep(ledger, name, "t", ["id"], CONTRACT)
        with pytest.raises(Forbids, match="limit of 2"):
            contracts.keep(ledger, "c", "t", ["id"], CONTRACT)
        assert {one.name for one in contracts.kept(ledger)} == {"a", "b"}
