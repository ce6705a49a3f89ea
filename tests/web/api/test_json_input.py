"""JSON Lines over REST: uploaded, previewed and imported."""

import threading

from snapshots.engine.queue.preview import preview, resolved
from snapshots.formats.options import DialectOptions
from snapshots.sources.remote.access import RemoteAccess
from tests.support.input_files import rows
from tests.support.service_process import database_beside, served

LINES = b'{"id": 1, "where": {"city": "Rom"}}\n{"id": 2}\n{"id": 3\n'


def test_an_upload_is_imported(tmp_path):
    database = database_beside(tmp_path)
    with served(database, tmp_path) as client:
        for name, data in (("a.jsonl", LINES), ("b.json", b'[{"id": 1},\n {"id": 2}]')):
            put = client.ask("PUT", f"/v1/files/{name}", data)
            assert put.status == 201, put
        done = client.wait(client.submit(file="a.jsonl", dialect={"nested_objects": "columns"}))
        assert (done["loaded"], done["rejects_by_code"]) == (2, {"not_json": 1})
        done = client.wait(client.submit(file="b.json"))
        assert (done["loaded"], done["rejected"]) == (2, 0)
        refused = client.wait(client.submit(file="b.json", table="c", dialect={"delimiter": ";"}))
        assert "has no meaning" in refused["error"]["message"]
    assert rows(database, 'SELECT id, "where.city" FROM a ORDER BY id') == [(1, "Rom"), (2, None)]


def test_a_preview_shows_fields_by_name(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('[\n {"id": 1, "text": "x\\ny"},\n {"text": null, "more": [2]},\n 7\n]\n')
    found = preview(str(path), DialectOptions(), RemoteAccess(), threading.Event(), types=True)
    assert found.header == ("id", "text", "more")
    assert [(one.line, one.fields) for one in found.records] == [
        (2, ("1", "x\ny", "")),
        (3, ("", "", "[2]")),
        (4, None),
    ]
    assert [one.type.kind for one in found.inferred.contract.columns] == ["integer", "text", "json"]
    assert resolved(found.sniffed) == {"encoding": "utf-8", "nested_objects": "json"}
    again = DialectOptions(**resolved(found.sniffed))
    assert preview(str(path), again, RemoteAccess(), threading.Event()).header == found.header
