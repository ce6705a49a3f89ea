"""The account itself: chunks that tile, sums, and the rejects of the source."""

import json

import pytest

from snapshots.errors import ImportBusy, NoSuchImport, UsageError
from snapshots.ledger import verifications
from tests.verify.loaded import execute, load, numbers, verify


def dirty(folder):
    """1,000 records, of which each hundredth is a reject."""
    path = folder / "dirty.csv"
    rows = (f"{n},{n}\n" if n % 100 else f"{n},{n},more\n" for n in range(1000))
    path.write_text("id,name\n" + "".join(rows))
    return path


@pytest.fixture
def dirty_import(database, tmp_path):
    return load(database, dirty(tmp_path), chunk_size=2000, max_rejects="100%")


def test_rejects_are_those_of_the_source(database, dirty_import):
    report = verify(database, dirty_import)
    assert (report.exit_code, report.equal, report.ledger) == (0, 990, [])


def test_a_reject_that_is_gone(database, dirty_import):
    execute(database, "DELETE FROM snapshots_rejects WHERE line = 302")
    report = verify(database, dirty_import)
    assert report.exit_code == 7
    assert any(" rejects, and " in one for one in report.ledger)
    assert any("Line 302" in one and "the ledger has none" in one for one in report.ledger)
    # The rows are compared all the same.
    assert (report.equal, report.differs) == (990, False)
    assert verify(database, dirty_import, counts=True).exit_code == 7


def test_a_reject_that_was_changed(database, dirty_import):
    execute(database, "UPDATE snapshots_rejects SET code = 'too_long' WHERE line = 302")
    report = verify(database, dirty_import)
    assert report.exit_code == 7
    assert any("Line 302" in one and "field_count" in one for one in report.ledger)


def test_a_reject_of_a_good_record(database, dirty_import):
    execute(database, "UPDATE snapshots_rejects SET line = 303 WHERE line = 302")
    report = verify(database, dirty_import)
    assert report.exit_code == 7
    assert any("Line 303" in one and "a valid row in the input" in one for one in report.ledger)


def test_a_chunk_that_is_gone(database, dirty_import):
    starts = execute(database, "SELECT start_offset FROM snapshots_chunks ORDER BY start_offset")
    assert len(starts) > 3
    execute(database, f"DELETE FROM snapshots_chunks WHERE start_offset = {starts[1][0]}")
    report = verify(database, dirty_import)
    assert (report.exit_code, report.compared) == (7, False)
    assert any(f"Bytes {starts[1][0]} to {starts[2][0]}" in one for one in report.ledger)
    assert any("is damaged" in one for one in report.ledger)


def test_sums_that_were_changed(database, dirty_import):
    execute(
        database,
        "UPDATE snapshots_imports SET records = records + 1, loaded = loaded + 1",
    )
    report = verify(database, dirty_import, counts=True)
    assert report.exit_code == 7
    assert any("The chunks add up to 1000 records" in one for one in report.ledger)


def test_counts_that_the_input_does_not_give(database, dirty_import):
    execute(
        database,
        "UPDATE snapshots_chunks SET loaded = loaded - 1, skipped = skipped + 1"
        " WHERE start_offset = 0",
        "UPDATE snapshots_imports SET loaded = loaded - 1, skipped = skipped + 1",
    )
    report = verify(database, dirty_import)
    assert report.exit_code == 7
    assert any("the input gives" in one for one in report.ledger)


def test_rows_that_the_database_has_refused(database, tmp_path):
    execute(
        database,
        "CREATE TABLE t (id integer, name varchar(20) UNIQUE, _import_id bigint, _line bigint)",
        "INSERT INTO t (id, name, _import_id, _line) VALUES (0, 'name 5', 0, 0)",
    )
    import_id = load(database, numbers(tmp_path), max_rejects="100%")
    report = verify(database, import_id)
    assert (report.exit_code, report.equal, report.ledger) == (0, 999, [])
    execute(
        database,
        "DELETE FROM t WHERE _import_id = 0",
        f"INSERT INTO t (id, name, _import_id, _line) VALUES (5, 'name 5', {import_id}, 7)",
    )
    report = verify(database, import_id)
    assert (report.exit_code, report.more) == (8, 1)


def test_the_result_is_kept(database, tmp_path, dirty_import):
    from contextlib import closing

    from snapshots import locations
    from snapshots.ledger.history import History

    report = verify(database, dirty_import, by="somebody")
    target = locations.target(database)
    with closing(target.connect()) as session:
        found = verifications.find(History(target, session), dirty_import)
    assert (found.state, found.result, found.by) == ("finished", "equal", "somebody")
    assert found.finished_at >= found.started_at
    assert json.loads(json.dumps(report.to_object())) == found.report


def test_what_cannot_be_verified(database, dirty_import):
    with pytest.raises(NoSuchImport):
        verify(database, 999999)
    execute(database, "UPDATE snapshots_imports SET same_as = 1")
    with pytest.raises(UsageError, match="loaded nothing"):
        verify(database, dirty_import)


def test_one_that_is_being_verified(database, dirty_import):
    from snapshots.engine.lease import owner

    verify(database, dirty_import)
    execute(
        database,
        f"UPDATE snapshots_verifications SET state = 'running', owner = '{owner.this_process()}'",
    )
    with pytest.raises(ImportBusy, match="being verified"):
        verify(database, dirty_import)
