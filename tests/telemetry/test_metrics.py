"""The sums of the metrics are those of the ledger, whatever has happened."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.events import Committed, Failed, InputsWaiting, Opened, Settled
from snapshots.errors import ImportBusy, InputError
from snapshots.ledger.history import History
from snapshots.ledger.totals import totals
from snapshots.telemetry.metrics import Metrics
from tests.support.command import snapshots as command
from tests.telemetry.account import agrees, collected, from_the_ledger

CONTRACT = {"fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}]}
CHUNKS = 5


def make(path, first=1, lines=2000):
    rows = ["x,bad" if n % 7 == 0 else f"{n},name {n}" for n in range(first, first + lines)]
    rows[10:10] = ["", "1,2,3"]
    path.write_text("\n".join(["id,name", *rows]) + "\n")
    return path


@pytest.fixture
def source(tmp_path):
    return make(tmp_path / "people.csv")


def load(source, database, listener, **options):
    return snapshots.load(
        source,
        database=database,
        contract=CONTRACT,
        table="people",
        max_rejects="100%",
        chunk_size=source.stat().st_size // CHUNKS,
        listener=listener,
        **options,
    )


def value(told, name, **labels):
    """The one sample that has these labels."""
    (found,) = [v for (n, has), v in told.items() if n == name and set(labels.items()) <= has]
    return found


def test_counters_are_the_ledgers_sums(database, source):
    metrics = Metrics(locations.TargetSearch(database))
    result = load(source, database, metrics)
    told = collected(metrics)
    assert agrees(told, database), from_the_ledger(database)
    assert value(told, "snapshots_records_total", bucket="loaded") == result.counts.loaded > 1000
    assert value(told, "snapshots_rejects_total", code="field_count") == 1
    chunks = value(told, "snapshots_chunk_duration_seconds_count")
    assert chunks >= CHUNKS
    assert value(told, "snapshots_import_ends_total", outcome="finished") == 1
    assert value(told, "snapshots_imports", state="finished") == 1
    assert value(told, "snapshots_database_up") == 1


def test_at_every_moment_they_say_what_is_durable(sqlite_url, source):
    metrics = Metrics(locations.TargetSearch(sqlite_url))
    agreed = []

    def listener(event):
        metrics(event)
        if isinstance(event, Committed):
            # One worker, and it may have committed another chunk by now: then look again.
            told = value(collected(metrics), "snapshots_records_total", bucket="loaded")
            held = value(from_the_ledger(sqlite_url), "snapshots_records_total", bucket="loaded")
            agreed.append(told <= held)

    load(source, sqlite_url, listener)
    assert len(agreed) >= CHUNKS
    assert all(agreed)
    assert agrees(collected(metrics), sqlite_url)


def test_a_new_process_begins_where_the_ledger_is(database, source, tmp_path):
    load(source, database, Metrics(locations.TargetSearch(database)))
    later = Metrics(locations.TargetSearch(database))
    assert agrees(collected(later), database)
    load(make(tmp_path / "more.csv", first=5000), database, later)
    assert agrees(collected(later), database)
    assert value(collected(later), "snapshots_import_ends_total", outcome="finished") == 1


def test_what_others_load_meanwhile_is_counted(database, source, tmp_path):
    """As a worker and a sync do that share a database: each tells the whole account."""
    one, other = (Metrics(locations.TargetSearch(database)) for _ in range(2))
    load(source, database, one)
    load(make(tmp_path / "more.csv", first=5000), database, other)
    for metrics in (one, other):
        assert agrees(collected(metrics), database)
        assert value(collected(metrics), "snapshots_import_ends_total", outcome="finished") == 1


class Overtaken:
    """A session after each of whose statements somebody else commits."""

    def __init__(self, session, commit):
        self.session = session
        self.commit = commit

    def execute(self, sql, params=()):
        rows = self.session.execute(sql, params)
        self.commit()
        return rows


def test_what_the_ledger_holds_is_read_at_one_moment(database, source, tmp_path):
    """Else a reject that is committed meanwhile would seem to be in no bucket."""
    load(source, database, None)
    firsts = itertools.count(10_000, 2_000)

    def commit():
        first = next(firsts)
        load(make(tmp_path / f"{first}.csv", first=first, lines=20), database, None)

    target = locations.target(database)
    session = target.connect()
    try:
        before = totals(History(target, session))
        history = History(target, Overtaken(session, commit))
        # Which columns there are is asked before, and does not change.
        history.session, overtaken = session, history.session
        assert history.knows(1)
        history.session = overtaken
        seen = totals(history)
        after = totals(History(target, session))
    finally:
        session.close()
    assert seen == before
    assert after.finished == 2
    assert after.counts.rejected == sum(after.rejects_by_code.values()) > before.counts.rejected


def test_a_chunk_that_was_never_told_is_counted_when_the_import_goes_on(sqlite_url, source):
    """As when the answer to COMMIT is lost and the database stays away."""
    metrics = Metrics(locations.TargetSearch(sqlite_url))

    def deaf(event):
        if isinstance(event, Committed):
            raise ConnectionError("gone")
        metrics(event)

    with pytest.raises(ConnectionError):
        load(source, sqlite_url, deaf)
    assert value(from_the_ledger(sqlite_url), "snapshots_records_total", bucket="loaded") > 0
    result = load(source, sqlite_url, metrics)
    assert result.outcome == "finished"
    assert agrees(collected(metrics), sqlite_url)
    assert value(collected(metrics), "snapshots_import_ends_total", outcome="failed") == 1


def test_small_inputs_at_once_are_counted_once(database, tmp_path):
    """Each is committed before it is told to be started; a new account learns of all of them."""
    load(make(tmp_path / "first.csv", lines=20), database, None)
    metrics = Metrics(locations.TargetSearch(database))
    paths = [make(tmp_path / f"{n}.csv", first=100 * n, lines=20 + n) for n in range(1, 9)]

    def one(path):
        return snapshots.load(
            path, database=database, table="people", contract=CONTRACT,
            max_rejects="100%", listener=metrics,
        )  # fmt: skip

    with ThreadPoolExecutor(4) as pool:
        assert {result.outcome for result in pool.map(one, paths)} == {"finished"}
    assert one(paths[0]).outcome == "already_imported"
    assert agrees(collected(metrics), database)
    assert value(collected(metrics), "snapshots_import_ends_total", outcome="finished") == 8


def test_an_import_that_was_never_told_is_counted_once_it_is_seen(sqlite_url, source):
    """As when the answer to the one COMMIT of a small input is lost."""
    metrics = Metrics(locations.TargetSearch(sqlite_url))
    assert value(collected(metrics), "snapshots_records_total", bucket="loaded") == 0
    load(source, sqlite_url, None)
    assert load(source, sqlite_url, metrics).outcome == "already_imported"
    assert agrees(collected(metrics), sqlite_url)


def test_before_there_is_anything(database):
    told = collected(Metrics(locations.TargetSearch(database)))
    assert value(told, "snapshots_records_total", bucket="loaded") == 0
    assert value(told, "snapshots_database_up") == 1
    assert not [name for name, _ in told if name == "snapshots_last_success_timestamp_seconds"]


def test_a_database_that_goes_away(postgres_server, source):
    database = postgres_server.url("goes_away")
    metrics = Metrics(locations.TargetSearch(database))
    load(source, database, metrics)
    before = collected(metrics)
    postgres_server.stop()
    try:
        told = collected(metrics)
        assert value(told, "snapshots_database_up") == 0
        assert value(told, "snapshots_records_total", bucket="loaded") == value(
            before, "snapshots_records_total", bucket="loaded"
        )
    finally:
        postgres_server.start()
    told = collected(metrics)
    assert value(told, "snapshots_database_up") == 1
    assert agrees(told, database)


def test_a_killed_import_is_interrupted_and_its_chunks_are_counted(database, source, tmp_path):
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(CONTRACT))
    done = command(
        "import", source, "--database", database, "--contract", schema, "--chunk-size", "8kB",
        "--max-rejects", "100%", "--workers", 1, cwd=tmp_path, SNAPSHOTS_FAULT="after-commit:3",
    )  # fmt: skip
    assert done.returncode == -9
    told = collected(Metrics(locations.TargetSearch(database)))
    assert agrees(told, database)
    assert value(told, "snapshots_records_total", bucket="loaded") > 0
    assert value(told, "snapshots_imports", state="interrupted") == 1
    assert value(told, "snapshots_imports", state="running") == 0


def test_the_queue_is_as_long_as_was_last_said(sqlite_url):
    metrics = Metrics(locations.TargetSearch(sqlite_url))
    metrics(InputsWaiting(12))
    metrics(InputsWaiting(7))
    assert value(collected(metrics), "snapshots_queued_inputs") == 7


def test_an_import_that_another_process_has_in_hand_has_not_failed(sqlite_url):
    """As where two services share a folder: whoever has it tells how it ends."""
    metrics = Metrics(locations.TargetSearch(sqlite_url))
    for error in (ImportBusy("import 1 is already running"), InputError("empty")):
        metrics(Opened("a.csv"))
        metrics(Failed("a.csv", None, error))
    assert value(collected(metrics), "snapshots_import_ends_total", outcome="failed") == 1


def test_no_password_is_a_label(postgres_url):
    told = collected(Metrics(locations.TargetSearch(postgres_url)))
    assert "s3cret" not in str(told)


@pytest.mark.parametrize("duplicates", ["reject", "last"])
def test_staged_rows_count_when_they_are_published(database, tmp_path, duplicates):
    """Until then some may become rejects, and a counter never falls."""
    metrics = Metrics(locations.TargetSearch(database))
    seen = []

    def listener(event):
        metrics(event)
        if isinstance(event, Committed | Settled):
            seen.append(value(collected(metrics), "snapshots_records_total", bucket="loaded"))

    path = tmp_path / "t.csv"
    path.write_text("id,name\n" + "".join(f"{n % 900},{n}\n" for n in range(1000)))
    options = {"mode": "upsert", "primary_key": ("id",), "duplicates": duplicates, "table": "t"}
    result = snapshots.load(
        path, database=database, max_rejects="100%", chunk_size=2000, listener=listener, **options
    )
    assert result.outcome == "finished"
    assert (result.counts.loaded, set(seen)) == (900, {0})
    told = collected(metrics)
    assert agrees(told, database), (told, from_the_ledger(database))
    assert value(told, "snapshots_records_total", bucket="loaded") == 900
    moved = "rejected" if duplicates == "reject" else "skipped"
    assert value(told, "snapshots_records_total", bucket=moved) == 100
    fresh = collected(Metrics(locations.TargetSearch(database)))
    assert agrees(fresh, database)


def test_rows_that_are_not_published_do_not_count(database, tmp_path):
    metrics = Metrics(locations.TargetSearch(database))
    path = tmp_path / "t.csv"
    path.write_text("id,name\n1,a\n1,b\n2,c\n")
    options = {"mode": "upsert", "primary_key": ("id",), "table": "t", "database": database}
    refused = snapshots.load(path, max_rejects="0", listener=metrics, **options)
    assert (refused.exit_code, refused.counts.rejected) == (4, 1)
    told = collected(metrics)
    assert agrees(told, database), (told, from_the_ledger(database))
    assert value(told, "snapshots_records_total", bucket="loaded") == 0
    done = snapshots.resume(1, database=database, max_rejects="1", listener=metrics)
    assert done.counts.loaded == 2
    told = collected(metrics)
    assert agrees(told, database), (told, from_the_ledger(database))
    assert value(told, "snapshots_records_total", bucket="loaded") == 2
