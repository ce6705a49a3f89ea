"""Publishing is a step of the transaction that finishes an import, whatever the mode does in it."""

import threading

import pytest

from snapshots import locations
from snapshots.engine.loading.job import LoadingJob
from snapshots.engine.plan.options import Options
from snapshots.engine.publishing.append import AppendPublisher
from snapshots.engine.publishing.publisher import Publication
from snapshots.engine.run.importer import import_input
from snapshots.errors import TargetError
from tests.ledger.older import execute


class Marks(AppendPublisher):
    """Another mode: it writes a row, and then fails as often as it is told to."""

    def __init__(self, fails=0):
        self.fails = fails

    def publish(self, ledger, lease, plan, _source):
        ((state, chunks),) = ledger.session.execute(
            "SELECT state, chunks FROM snapshots_imports WHERE id = ?", (lease.import_id,)
        )
        ledger.session.execute(
            "INSERT INTO marks (import_id, was, chunks) VALUES (?, ?, ?)",
            (lease.import_id, state, chunks),
        )
        if self.fails:
            self.fails -= 1
            raise TargetError("not yet", retryable=True)
        return Publication(f"Published {plan.table}.")


@pytest.fixture
def load(database, tmp_path, monkeypatch):
    """Imports a file whose rows a publisher publishes."""
    locations.target(database).connect().close()
    execute(database, "CREATE TABLE marks (import_id int, was varchar(20), chunks int)")

    def load(publisher, name="t.csv", text="n\n1\n2\n"):
        monkeypatch.setattr(LoadingJob, "publisher", lambda _job, _plan: publisher)
        (tmp_path / name).write_text(text)
        target, options = locations.target(database), Options(table="t")
        path = str(tmp_path / name)
        return import_input(path, target, options, lambda _: None, threading.Event())

    return load


def test_it_is_committed_with_the_end_of_the_import(load, database):
    result = load(Marks())
    assert (result.outcome, result.hint) == ("finished", "Published t.")
    assert execute(database, "SELECT import_id, was, chunks FROM marks") == [(1, "running", 1)]


def test_what_it_did_is_rolled_back_with_it(load, database):
    assert load(Marks(fails=2)).outcome == "finished"
    assert execute(database, "SELECT import_id FROM marks") == [(1,)]
    assert execute(database, "SELECT COUNT(*) FROM t") == [(2,)]


def test_an_import_in_one_transaction_is_published_in_it(load, database):
    load(AppendPublisher())
    assert load(Marks(), "u.csv", "n\n3\n").outcome == "finished"
    assert execute(database, "SELECT import_id, was, chunks FROM marks") == [(2, "finished", 1)]


def test_to_append_there_is_nothing_to_do(load, database):
    assert load(AppendPublisher()).hint == ""
    assert execute(database, "SELECT COUNT(*) FROM t") == [(2,)]
