"""The engine and the ledger work with a target that neither of them names.

The toy's dialect has words that no other one has: the statements show that it was asked for them.
"""

import json
import threading
from contextlib import closing

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.events import Committed
from snapshots.engine.history import table_rows
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.plan.open_tables import OpenTables
from snapshots.engine.queue import commands
from snapshots.engine.queue.request import ImportRequest
from snapshots.engine.queue.worker import QueueWorker
from snapshots.errors import UsageError
from snapshots.targets.sql.paging import RowFilter, RowOrder
from snapshots.targets.sqlite.session import SqliteSession
from tests.conformance.rows import on
from tests.support.http_server import Handler, response, serving
from tests.support.killed_imports import check, make_file
from tests.support.processes import wait_for

FIELDS = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "name", "type": "string"},
        {"name": "amount", "type": "number", "x-decimals": "exact"},
        {"name": "at", "type": "datetime"},
    ]
}
pytestmark = on("toy")


@pytest.fixture(autouse=True)
def statements(monkeypatch):
    """All that sessions are asked to execute."""
    found = []

    def remembering(asked):
        def remember(session, sql, params=()):
            found.append(sql)
            return asked(session, sql, params)

        return remember

    for name in ("execute", "change"):
        monkeypatch.setattr(SqliteSession, name, remembering(getattr(SqliteSession, name)))
    return found


@pytest.fixture
def ledger(database):
    with closing(LedgerSession(locations.target(database), create=True)) as opened:
        yield opened.ledger


def has(statements, words):
    return any(words in sql for sql in statements)


def test_its_urls_are_understood(database):
    place = locations.locate(database.replace("toy:", "plaything:"))
    assert place.url() == database
    assert locations.target(database).display() == database
    with pytest.raises(UsageError, match="A Toy file cannot be queried"):
        locations.query_location(database)


def test_an_import_with_rejects_that_is_stopped_and_goes_on(database, tmp_path, statements):
    made = make_file(tmp_path / "t.csv", 3000)
    given = {"database": database, "table": "t", "contract": FIELDS, "chunk_size": 1 << 12}
    first = snapshots.load(made.path, **given, limit=500)
    assert first.outcome == "limited"
    second = snapshots.resume(1, database=database)
    assert (second.outcome, second.record.rejected) == ("finished", len(made.bad))
    check(database, made)
    assert snapshots.load(made.path, **given).outcome == "already_imported"
    for words in ("/* FOR UPDATE */", "CREATE TABLE `t`", " LIMIT 0, 1"):
        assert has(statements, words), words


def test_an_import_that_is_undone(database, tmp_path, ledger, statements):
    make_file(tmp_path / "t.csv", 100_000)
    wanted = ImportRequest.of(file="t.csv", contract=FIELDS, chunk_size=1 << 14)
    commands.submit(ledger, wanted, None, 9)
    stopped = threading.Event()

    def until_a_chunk_is_there(event):
        if isinstance(event, Committed):
            stopped.set()

    target = locations.target(database)
    QueueWorker(target, tmp_path, until_a_chunk_is_there, shutdown=stopped, loaders=1).run()
    begun = commands.find(ledger, 1)
    assert begun.state == "queued"
    assert begun.counts.loaded > 0
    commands.cancel(ledger, 1, "undo")

    done = threading.Event()
    worker = QueueWorker(target, tmp_path, lambda event: None, shutdown=done)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        wait_for(lambda: commands.find(ledger, 1).state == "undone")
    finally:
        done.set()
        thread.join()
    assert ledger.session.execute("SELECT COUNT(*) FROM t") == [(0,)]
    assert has(statements, "DELETE FROM `t` WHERE `_import_id` = ?")


def test_pages_of_a_table(database, tmp_path, ledger, statements):
    lines = [f"{n},{n % 7}.5,2024-01-0{n % 7 + 1}T00:00:00Z\n" for n in range(50)]
    (tmp_path / "t.csv").write_text("id,amount,at\n" + "".join(lines))
    read = {"database": database, "table": "t", "decimals": "exact"}
    assert snapshots.load(tmp_path / "t.csv", **read).record.loaded == 50
    found, after = [], None
    while True:
        page = table_rows.read(
            ledger, OpenTables(), "t", [RowFilter("amount", "ge", "3.5")],
            [RowOrder("amount"), RowOrder("at")], after, 8,
        )  # fmt: skip
        found += [row[0] for row in page.rows]
        if (after := page.after) is None:
            break
    wanted = [n for n in range(50) if n % 7 >= 3]
    assert found == sorted(wanted, key=lambda n: (n % 7, n))
    assert has(statements, "LENGTH(CAST(`at` AS BLOB))")


class Api(Handler):
    """Takes all rows but one."""

    def on_request(self, request, connection):
        return response(422 if json.loads(request.body)["n"] == 3 else 201)


def test_a_delivery_keeps_its_account_there(database, tmp_path, statements):
    (tmp_path / "a.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(9)))
    with serving(Api()) as running:
        sent = snapshots.send(
            tmp_path / "a.csv", f"{running.url}/rows", database=database, max_rejects=1
        )
    assert sent.outcome == "finished"
    assert (sent.record.loaded, sent.record.rejected) == (8, 1)
    assert has(statements, "/* FOR KEY SHARE */")
    assert has(statements, " ON CONFLICT (import_id, start_offset) DO UPDATE SET records = ")
