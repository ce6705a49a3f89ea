"""The current rows of a table with history, sent by key: the API gets what changed since the last
delivery, over any number of versions."""

import snapshots as package
from tests.support.http_server import serving
from tests.support.row_store import RowStore

VERSIONS = (
    ("2023-01-01", "1,Ana\n2,Ben\n3,Cem\n"),
    ("2023-02-01", "1,Ana\n2,Benjamin\n4,Dora\n"),
    # Between two deliveries: 4 goes and 5 comes and goes.
    ("2023-03-01", "1,Anna\n2,Benjamin\n5,Emil\n"),
    ("2023-04-01", "1,Ana\n2,B.\n3,Cem\n"),
)
SENT = (
    [("POST", 1), ("POST", 2), ("POST", 3)],
    [("DELETE", 3), ("POST", 4), ("PUT", 2)],
    None,
    [("DELETE", 4), ("POST", 3), ("PUT", 2)],
)


def test_what_changed_between_versions_is_sent(database, tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    with serving(RowStore()) as running:
        for (day, rows), sent in zip(VERSIONS, SENT, strict=True):
            file = tmp_path / f"people_{day}.csv"
            file.write_text(f"id,name\n{rows}")
            done = package.load(
                file, database=database, table="people", mode="history", primary_key=("id",)
            )
            assert done.outcome == "finished"
            if sent is None:
                continue
            result = package.send(
                "SELECT id, name FROM people_current", f"{running.url}/rows", from_=database,
                database=database, key=("id",), deletes=True, max_deletes="100%",
            )  # fmt: skip
            assert result.outcome == "finished", result
            assert sorted(running.handler.taken()) == sent
            now = [line.split(",") for line in rows.splitlines()]
            assert running.handler.rows == {
                int(number): {"id": int(number), "name": name} for number, name in now
            }
