"""Texts of databases and Excel, and fixed width, over REST."""

import threading

import pytest

from snapshots.engine.queue.preview import preview, resolved
from snapshots.formats.options import DialectOptions
from snapshots.sources.remote.access import RemoteAccess
from tests.support.input_files import rows
from tests.support.service_process import database_beside, served

COPY = b"1\tx\\ty\n2\t\\N\n"
FIELDS = [
    {"name": "id", "type": "integer", "x-start": 1, "x-width": 3},
    {"name": "v", "type": "string", "x-start": 4, "x-width": 3},
]


def test_uploads_are_imported(tmp_path):
    database = database_beside(tmp_path)
    with served(database, tmp_path) as client:
        for name, data in (("a.txt", COPY), ("b.txt", "001\u00e4  \n002b  \n".encode())):
            put = client.ask("PUT", f"/v1/files/{name}", data)
            assert put.status == 201, put
        dialect = {"input_format": "postgres-text", "header": False}
        done = client.wait(client.submit(file="a.txt", dialect=dialect))
        assert (done["loaded"], done["rejected"]) == (2, 0), done
        done = client.wait(client.submit(file="b.txt", contract={"fields": FIELDS}))
        assert (done["loaded"], done["rejected"]) == (2, 0), done
        refused = client.ask(
            "POST", "/v1/imports", {"file": "a.txt", "dialect": {"input_format": "x"}}
        )
        assert refused.status in {400, 422}, refused
    assert rows(database, "SELECT column_1, column_2 FROM a") == [(1, "x\ty"), (2, None)]
    assert rows(database, "SELECT id, v FROM b") == [(1, "\u00e4"), (2, "b")]


@pytest.mark.parametrize(
    ("options", "data", "fields"),
    [
        ({"input_format": "postgres-text"}, COPY, [("1", "x\ty"), ("2", "\\N")]),
        ({"input_format": "mysql-outfile"}, COPY, [("1", "x\ty"), ("2", "\\N")]),
        ({"input_format": "mysql-outfile", "escape": ""}, b"1\ta\n2\tNULL\n",
         [("1", "a"), ("2", "NULL")]),
        ({"input_format": "excel-csv"}, b'1;="07"\n2;1,5\n', [("1", "07"), ("2", "1,5")]),
    ],
)  # fmt: skip
def test_a_preview_is_read_again_by_what_it_says(tmp_path, options, data, fields):
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    access, stop = RemoteAccess(), threading.Event()
    found = preview(str(path), DialectOptions(**options), access, stop, types=True)
    again = preview(str(path), DialectOptions(**resolved(found.sniffed)), access, stop, types=True)
    for one in (found, again):
        assert [record.fields for record in one.records] == fields
        assert one.inferred.contract.columns[0].type.kind == "integer"
    assert again.sniffed.dialect == found.sniffed.dialect
