"""What a listener hears: durable, whole, in order, once."""

from collections import Counter

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.events import Committed, Failed, ImportResult, Opened, Progress, Started
from snapshots.errors import InputError
from snapshots.ledger.history import History
from snapshots.model import Counts

CHUNKS = 5
LINES = ["id,name", *("x,bad" if n % 7 == 0 else f"{n},name {n}" for n in range(1, 2000))]


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("\n".join(LINES) + "\n")
    return path


def load(source, database, heard, **options):
    contract = {"fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}]}
    return snapshots.load(
        source,
        database=database,
        contract=contract,
        max_rejects="100%",
        chunk_size=source.stat().st_size // CHUNKS,
        listener=heard,
        **options,
    )


def of_kind(heard, kind):
    return [event for event in heard if isinstance(event, kind)]


def test_the_chunks_told_are_those_of_the_ledger(database, source):
    heard = []
    result = load(source, database, heard.append)
    told = of_kind(heard, Committed)
    assert len(told) >= CHUNKS
    target = locations.target(database)
    session = target.connect(create=False)
    stored = History(target, session).chunks(result.record.import_id)
    session.close()
    assert {(e.start, e.end, e.counts) for e in told} == {
        (c.start, c.end, c.counts) for c in stored
    }
    assert sum((e.counts for e in told), Counts()) == result.counts
    codes = sum((Counter(e.rejects_by_code) for e in told), Counter())
    assert codes == result.rejects_by_code
    assert codes.total() == result.counts.rejected > 0


def test_the_order_is_as_promised(sqlite_url, source):
    heard = []
    load(source, sqlite_url, heard.append)
    kinds = [type(event) for event in heard]
    first = kinds.index(Started)
    assert kinds[0] is Opened
    assert [kinds.count(kind) for kind in (Opened, Started, ImportResult)] == [1, 1, 1]
    assert kinds[-1] is ImportResult
    assert set(kinds[first + 1 : -1]) == {Committed, Progress}


def test_what_is_told_is_durable(database, source):
    target = locations.target(database)
    seen = []

    def look(event):
        if isinstance(event, Committed):
            session = target.connect(create=False)
            (chunk,) = History(target, session).chunks(event.import_id, start=event.start)
            seen.append((event.counts, event.end) == (chunk.counts, chunk.end))
            session.close()

    load(source, database, look)
    assert len(seen) >= CHUNKS
    assert all(seen)


def test_going_on_tells_only_the_rest(sqlite_url, source):
    before, after = [], []
    limited = load(source, sqlite_url, before.append, limit=700)
    assert limited.outcome == "limited"
    whole = snapshots.resume(
        limited.record.import_id, database=sqlite_url, max_rejects="100%", listener=after.append
    )
    first = sum((e.counts for e in of_kind(before, Committed)), Counts())
    rest = sum((e.counts for e in of_kind(after, Committed)), Counts())
    assert first.records == 700
    assert first + rest == whole.counts
    assert of_kind(after, Started)[0].resumed


def test_what_cannot_be_begun_is_told(sqlite_url, tmp_path):
    heard = []
    with pytest.raises(InputError) as raised:
        snapshots.load(tmp_path / "missing.csv", database=sqlite_url, listener=heard.append)
    opened, failed = heard
    assert opened == Opened(str(tmp_path / "missing.csv"))
    assert failed == Failed(str(tmp_path / "missing.csv"), None, raised.value)


def test_an_error_in_the_middle_is_told_once(sqlite_url, source):
    heard = []

    def listener(event):
        heard.append(event)
        if isinstance(event, Committed):
            raise RuntimeError("the listener broke")

    with pytest.raises(RuntimeError):
        load(source, sqlite_url, listener)
    (started,) = of_kind(heard, Started)
    (failed,) = of_kind(heard, Failed)
    assert failed.import_id == started.import_id
    assert not of_kind(heard, ImportResult)
