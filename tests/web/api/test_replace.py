"""Replacing the rows of a table, and undoing imports, over HTTP."""

from tests.ledger.older import execute
from tests.support.service_process import served


def put(folder, name, text):
    (folder / name).write_text(text)
    return name


def changes(done):
    found = done
    return found["inserted"], found["deleted"], found["kept"]


def test_a_table_is_replaced_guarded_and_undone(database, tmp_path):
    first = put(tmp_path, "a.csv", "id,name\n1,a\n2,b\n3,c\n")
    small = put(tmp_path, "b.csv", "id,name\n7,x\n")
    more = put(tmp_path, "c.csv", "id,name\n8,y\n9,z\n")
    with served(database, tmp_path) as client:
        done = client.wait(client.submit(file=first, table="t", mode="replace"))
        assert (done["state"], done["mode"], changes(done)) == ("finished", "replace", (3, 0, 0))
        guarded = client.wait(client.submit(file=small, table="t", mode="replace"))
        assert (guarded["state"], guarded["error"]["code"]) == ("failed", "too_many_deletes")
        assert execute(database, "SELECT COUNT(*) FROM t") == [(3,)]
        page = client.get("/imports/2", Accept="text/html").data.decode()
        assert "Publish import 2 all the same" in page
        answer = client.ask("POST", "/v1/imports/2/resume", {"max_deletes": "100%"})
        assert answer.status == 202
        done = client.wait(2, "finished")
        assert changes(done) == (1, 3, 0)
        assert execute(database, "SELECT id FROM t") == [(7,)]
        third = client.submit(file=more, table="t", atomic=True)
        assert changes(client.wait(third)) == (2, 0, 0)
        counted = client.ask("POST", f"/v1/imports/{third}/undo", {"dry_run": True})
        assert (counted.status, counted.json["removed"]) == (200, 2)
        removed = client.ask("POST", f"/v1/imports/{third}/undo", {})
        assert removed.json == {
            "import_id": 3, "table": "t", "loaded": 2, "removed": 2, "dry_run": False,
            "referring": [],
            "restored": 0,
            "undo_kept": 0,
        }  # fmt: skip
        assert client.get("/v1/imports/3").json["state"] == "undone"
        would = client.ask("POST", "/v1/imports/2/undo", {"dry_run": True})
        assert (would.json["removed"], would.json["restored"]) == (1, 3)
        assert execute(database, "SELECT id FROM t") == [(7,)]
        # What waits to be published can be given up.
        empty = put(tmp_path, "d.csv", "id,name\n5,x\n")
        fourth = client.submit(file=empty, table="t", mode="replace", max_deletes="0")
        client.wait(fourth)
        assert client.ask("POST", "/v1/imports", {"file": empty, "mode": "mirror"}).status == 422
