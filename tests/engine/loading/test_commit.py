"""The heart, on every target: claimed once, fenced, balanced, all or nothing."""

import threading

import pytest

from snapshots import locations
from snapshots._native import Chunk
from snapshots.engine.input.cut import Piece
from snapshots.engine.limits import RejectLimit, StopConditions
from snapshots.engine.loading.commit import commit_chunk
from snapshots.engine.loading.write import RowWriter
from snapshots.engine.plan.plan import Plan
from snapshots.errors import AccountingMismatch, LostLease, RefusedRows, Stopped, TargetError
from snapshots.ledger.chunk_account import ChunkDone
from snapshots.ledger.new_import import begin
from snapshots.ledger.record import Ledger
from snapshots.model import Column, Contract, Counts, Dialect, TableName, Type
from snapshots.ports import Identity

TEXT = b"id,name\n1,Ann\n2,Bob\nx,Cy\n\n"


class Stage:
    """A table, a ledger and a running import in one database."""

    def __init__(self, database):
        self.target = locations.target(database)
        self.session = self.target.connect()
        self.ledger = Ledger(self.target, self.session)
        self.ledger.make()
        contract = self.target.physical(
            Contract((Column("id", "id", Type("integer")), Column("name", "name", Type("text"))))
        )
        plan = Plan(
            TableName("t"), Dialect(), contract, ("id", "name"), self.target.encoding, True, 1 << 20
        )
        self.target.create_table(self.session, plan.table, contract, lineage=True)
        with self.ledger.writing():
            self.lease = begin(
                self.ledger,
                "import",
                Identity("a.csv", 4, 1, 2, "f" * 64),
                None,
                "t",
                plan.to_json(),
                "me",
            )
        self.rows = RowWriter(plan.table, plan.columns, plan.converter(self.lease.import_id))
        self.piece = Piece(Chunk.of(TEXT), (), "utf-8", 0)
        self.stop = threading.Event()

    def commit(self, lease=None, session=None):
        watch = StopConditions(
            RejectLimit.parse("100%"), committed=Counts(), limit=None, stop=self.stop
        )
        session = session or self.session
        ledger = Ledger(self.target, session)
        return commit_chunk(session, ledger, lease or self.lease, self.rows, self.piece, watch)

    def count(self, what):
        return self.session.execute(f"SELECT COUNT(*) FROM {what}")[0][0]


@pytest.fixture
def stage(database):
    stage = Stage(database)
    yield stage
    stage.session.close()


def test_commits_rows_rejects_and_counts_together(stage):
    done = stage.commit()
    assert done.counts == Counts(records=4, loaded=2, rejected=1, skipped=1)
    assert (done.start, done.end, done.end_line) == (0, len(TEXT), 6)
    assert [stage.count(what) for what in ("t", "snapshots_rejects", "snapshots_chunks")] == [
        2,
        1,
        1,
    ]


def test_a_chunk_is_committed_once(stage):
    stage.commit()
    assert stage.commit() is None
    assert stage.count("t") == 2


def test_two_workers_at_one_chunk(stage):
    """Both claim it at the same moment; the database lets one of them, or ends one as a deadlock.
    That one tries again, as a worker does."""
    ends = []
    barrier = threading.Barrier(2)

    def committed(session):
        try:
            return stage.commit(session=session)
        except TargetError as error:
            if not error.retryable:
                raise
            return stage.commit(session=session)

    def work():
        session = stage.target.connect()
        barrier.wait()
        try:
            ends.append(committed(session))
        finally:
            session.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(end is None for end in ends) == [False, True]
    assert stage.count("t") == 2


def test_who_lost_the_import_writes_nothing(stage):
    with stage.ledger.writing():
        taken = stage.ledger.take(stage.ledger.entry(stage.lease.import_id), "another")
    assert taken.fence == 2
    with pytest.raises(LostLease):
        stage.commit()
    assert [stage.count(what) for what in ("t", "snapshots_chunks")] == [0, 0]
    assert stage.commit(lease=taken).counts.loaded == 2


@pytest.mark.parametrize("url", ["postgres_url", "mysql_url"])
def test_who_loses_it_in_the_middle_writes_nothing(url, request, monkeypatch):
    """On SQLite nobody can write in the middle of another's transaction."""
    stage = Stage(request.getfixturevalue(url))
    other = Ledger(stage.target, stage.target.connect())

    def take_over(point):
        if point == "after-claim":
            with other.writing():
                other.take(other.entry(stage.lease.import_id), "another")

    monkeypatch.setattr("snapshots.engine.loading.commit.fault_point", take_over)
    with pytest.raises(LostLease):
        stage.commit()
    other.session.close()
    written = [stage.count(what) for what in ("t", "snapshots_rejects", "snapshots_chunks")]
    stage.session.close()
    assert written == [0, 0, 0]


def test_counts_that_do_not_add_up_are_never_committed(stage):
    wrong = ChunkDone(0, 10, 1, 2, Counts(records=3, loaded=1, rejected=1, skipped=0))

    def commit_wrong():
        with stage.session.transaction():
            stage.ledger.claim(stage.session, stage.lease, 0, 1)
            stage.ledger.record(stage.session, stage.lease, wrong, [])

    with pytest.raises(AccountingMismatch):
        commit_wrong()
    assert stage.count("snapshots_chunks") == 0


def test_a_gap_is_never_finished(stage):
    stage.commit()
    with pytest.raises(AccountingMismatch):
        stage.ledger.finish(stage.lease, len(TEXT) + 1, "h" * 64, 9, 0.1)
    assert stage.ledger.entry(stage.lease.import_id).state == "running"
    stage.ledger.finish(stage.lease, len(TEXT), "h" * 64, len(TEXT), 0.1)
    assert stage.ledger.entry(stage.lease.import_id).state == "finished"


def test_a_stop_rolls_the_chunk_back(stage):
    stage.stop.set()
    with pytest.raises(Stopped):
        stage.commit()
    assert [stage.count(what) for what in ("t", "snapshots_chunks")] == [0, 0]


def test_what_the_database_refuses_is_found_alone(stage):
    stage.session.execute("CREATE UNIQUE INDEX one ON t (id)")
    stage.session.execute("INSERT INTO t (id, _import_id, _line) VALUES (2, 99, 1)")
    done = stage.commit()
    assert done.counts == Counts(records=4, loaded=1, rejected=2, skipped=1)
    codes = [(r.line, r.code) for r in stage.ledger.rejects(stage.lease.import_id)]
    assert codes == [(3, RefusedRows.code), (4, "not_an_integer")]


@pytest.mark.parametrize("point", ["after-claim", "before-commit"])
@pytest.mark.parametrize("url", ["postgres_url", "mysql_url"])
def test_the_end_of_an_import_counts_all_that_ever_commits(url, point, request, monkeypatch):
    """One straggler commits before the totals are summed, or never."""
    stage = Stage(request.getfixturevalue(url))
    held, go = threading.Event(), threading.Event()

    def hold(at):
        if at == point:
            held.set()
            go.wait(60)

    monkeypatch.setattr("snapshots.engine.loading.commit.fault_point", hold)
    session, ends = stage.target.connect(), []

    def straggle():
        try:
            ends.append(stage.commit(session=session))
        except LostLease as error:
            ends.append(error)

    straggler = threading.Thread(target=straggle)
    straggler.start()
    assert held.wait(60)
    ending = threading.Thread(target=stage.ledger.end, args=(stage.lease, "interrupted", None, 1.0))
    ending.start()
    if point == "after-claim":
        ending.join()
    go.set()
    straggler.join()
    ending.join()
    session.close()
    ((state, records),) = stage.session.execute("SELECT state, records FROM snapshots_imports")
    rows = stage.count("t")
    stage.session.close()
    assert isinstance(ends[0], LostLease) == (point == "after-claim")
    assert (state, records, rows) == ("interrupted", *((0, 0) if records == 0 else (4, 2)))
    assert (records == 0) == (point == "after-claim")
