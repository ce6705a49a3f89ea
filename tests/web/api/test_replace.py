"""Replacing the rows of a table, and undoing imports, over HTTP."""

from typing import get_args

import pytest

from snapshots.defaults import Mode
from snapshots.errors import UsageError
from snapshots.web.pages.import_form import ImportForm
from tests.ledger.older import execute
from tests.support.service_process import database_beside, served
from tests.verify.loaded import execute as made


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
            "kept_rows": [],
        }  # fmt: skip
        assert client.get("/v1/imports/3").json["state"] == "undone"
        would = client.ask("POST", "/v1/imports/2/undo", {"dry_run": True})
        assert (would.json["removed"], would.json["restored"]) == (1, 3)
        assert execute(database, "SELECT id FROM t") == [(7,)]
        # What waits to be published can be given up.
        empty = put(tmp_path, "d.csv", "id,name\n5,x\n")
        fourth = client.submit(file=empty, table="t", mode="replace", max_deletes="0")
        client.wait(fourth)
        other = put(tmp_path, "e.csv", "id,name\n6,x\n")
        keyless = client.wait(client.submit(file=other, mode="mirror"))
        assert keyless["state"] == "failed"
        assert "Mode mirror needs a key" in keyless["error"]["message"]


def by_key(done):
    names = ("inserted", "updated", "unchanged", "deleted", "kept")
    return tuple(done[name] for name in names)


def test_rows_are_upserted_mirrored_and_undone(database, tmp_path):
    first = put(tmp_path, "a.csv", "id,name\n1,a\n2,b\n3,c\n")
    some = put(tmp_path, "b.csv", "id,name\n2,bb\n4,d\n4,dd\n")
    with served(database, tmp_path) as client:

        def load(file, mode, **options):
            return client.wait(client.submit(file=file, table="t", mode=mode, **options))

        done = load(first, "upsert", primary_key=["id"])
        assert (done["state"], done["mode"], by_key(done)) == (
            "finished",
            "upsert",
            (3, 0, 0, 0, 0),
        )
        done = load(some, "upsert", duplicates="last")
        assert (done["state"], done["skipped"], by_key(done)) == ("finished", 1, (1, 1, 0, 0, 2))
        assert execute(database, "SELECT name FROM t ORDER BY id") == [
            ("a",), ("bb",), ("c",), ("dd",),
        ]  # fmt: skip
        page = client.get("/imports/2", Accept="text/html").data.decode()
        for fact in ("Rows updated", "Rows unchanged", "Rows kept"):
            assert fact in page
        refused = load(some, "mirror", as_of="2031-01-01")
        assert (refused["state"], refused["error"]["code"]) == ("failed", "over_budget")
        done = load(first, "mirror", as_of="2031-02-01", keep_undo=2)
        assert (done["state"], by_key(done)) == ("finished", (0, 1, 2, 1, 0))
        undone = client.ask("POST", f"/v1/imports/{done['import_id']}/undo", {}).json
        assert (undone["restored"], undone["removed"], undone["undo_kept"]) == (2, 0, 0)
        assert execute(database, "SELECT name FROM t ORDER BY id") == [
            ("a",), ("bb",), ("c",), ("dd",),
        ]  # fmt: skip


def test_a_deletion_that_cascades_is_allowed_by_hand(database, tmp_path):
    made(
        database,
        "CREATE TABLE t (id int PRIMARY KEY, name varchar(9))",
        "CREATE TABLE c (of int, FOREIGN KEY (of) REFERENCES t (id) ON DELETE CASCADE)",
        "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')",
        "INSERT INTO c VALUES (1), (3)",
    )
    file = put(tmp_path, "a.csv", "id,name\n1,a\n2,b\n")
    with served(database, tmp_path, "--tables", "t") as client:
        refused = client.wait(client.submit(file=file, table="t", mode="replace"))
        assert (refused["state"], refused["error"]["code"]) == ("failed", "would_cascade")
        page = client.get("/imports/1", Accept="text/html").data.decode()
        assert 'name="allow_cascade"' in page
        assert client.ask("POST", "/v1/imports/1/resume", {"allow_cascade": True}).status == 202
        assert by_key(client.wait(1, "finished")) == (0, 0, 2, 1, 0)
        assert execute(database, "SELECT of FROM c") == [(1,)]


def test_the_form_offers_modes_and_their_options(tmp_path):
    with served(database_beside(tmp_path), tmp_path) as client:
        text = client.get("/", Accept="text/html").data.decode()
        for mode in get_args(Mode):
            assert f'<option value="{mode}"' in text
        for field in ("primary_key", "duplicates", "publish", "keep_undo", "as_of"):
            assert f'name="{field}"' in text


def test_a_form_becomes_a_request():
    form = ImportForm(
        url="https://example.org/a.csv", mode="mirror", primary_key="id, the day",
        duplicates="last", keep_undo="3", as_of="2024-01-01", max_deletes="80%",
    )  # fmt: skip
    wanted = form.wanted()
    assert (wanted.mode, wanted.primary_key) == ("mirror", ["id", "the day"])
    assert (wanted.duplicates, wanted.keep_undo) == ("last", 3)
    assert (wanted.as_of, wanted.max_deletes, wanted.publish) == ("2024-01-01", "80%", "auto")
    with pytest.raises(UsageError):
        ImportForm(url="https://example.org/a.csv", keep_undo="x").wanted()
    assert not ImportForm(url="https://example.org/a.csv", mode="append").options
