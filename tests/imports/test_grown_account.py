"""Parts of files that grow: limits, resuming, `verify`, and what is said of them."""

import pytest

import snapshots
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.growing_log import HEADER, add, lines, load, log, numbers, own_state, refused
from tests.support.input_files import rows

__all__ = ["log", "own_state"]


def test_the_rest_has_limits_of_its_own(database, log):
    load(log, database)
    add(log, lines(4, 8))
    assert load(log, database, limit=1).outcome == "limited"
    assert snapshots.resume(2, database=database).outcome == "finished"
    add(log, b"".join(b"bad %d\n" % n for n in range(4)))
    over = load(log, database, max_rejects=2)
    assert (over.exit_code, over.counts.rejected) == (4, 4)
    assert numbers(database) == [1, 2, 3, 4, 5, 6, 7]


def test_an_unfinished_part_goes_on_to_the_new_end(database, log):
    add(log, lines(4, 400))
    assert load(log, database, limit=100, chunk_size=512).outcome == "limited"
    add(log, lines(400, 420))
    done = load(log, database, chunk_size=512)
    assert (done.outcome, done.record.import_id) == ("finished", 1)
    assert numbers(database) == list(range(1, 420))
    add(log, lines(420, 600))
    load(log, database, limit=50)
    add(log, lines(600, 610))
    assert snapshots.resume(2, database=database).outcome == "finished"
    assert numbers(database) == list(range(1, 610))
    assert load(log, database).outcome == "already_imported"


def test_what_another_import_has_loaded_does_not_go_on(database, log):
    load(log, database)
    add(log, b"bad\nbad\n")
    assert load(log, database, max_rejects=0).exit_code == 4
    done = load(log, database, max_rejects=9)
    assert (done.record.import_id, done.record.continues, done.exit_code) == (3, 1, 3)
    with pytest.raises(snapshots.SnapshotsError, match="Import 3 has loaded what import 2"):
        snapshots.resume(2, database=database)
    add(log, lines(4, 6))
    assert load(log, database).record.continues == 3
    with pytest.raises(snapshots.SnapshotsError, match="has changed since import 2 began"):
        snapshots.resume(2, database=database)
    assert numbers(database) == [1, 2, 3, 4, 5]


def test_a_part_that_stands_no_more(database, log):
    load(log, database)
    add(log, lines(4, 5))
    load(log, database)
    rows(database, "UPDATE snapshots_imports SET state = 'cancelled' WHERE id = 1")
    error = refused(log, database)
    assert (error.code, "--grown all" in error.hint) == ("part_gone", True)
    assert load(log, database, grown="all").counts.loaded == 4


def test_a_dry_run_tells(database, log):
    load(log, database)
    add(log, lines(4, 6))
    said = []
    checked = load(log, database, dry_run=True, listener=said.append)
    assert (checked.outcome, checked.counts.loaded) == ("dry_run", 2)
    assert any("before line 5 is already loaded" in str(one) for one in said)
    assert numbers(database) == [1, 2, 3]


def test_verify_reads_the_part_of_each(database, log):
    load(log, database, chunk_size=16)
    add(log, lines(4, 40))
    load(log, database)
    add(log, lines(40, 41))
    for import_id, loaded in ((1, 3), (2, 36)):
        done = command("verify", str(import_id), "--database", database, cwd=log.parent)
        assert done.returncode == 0, done.stderr
        assert f"{loaded} rows equal" in done.stdout
        assert "the input has grown since" in done.stderr
    rows(database, "UPDATE log SET t = 'other' WHERE n = 20")
    assert command("verify", "2", "--database", database, cwd=log.parent).returncode == 8


def test_the_summary_says_how_many_rows_of_an_edited_input_stay(database, log):
    load(log, database)
    add(log, lines(4, 5))
    load(log, database)
    log.write_bytes(HEADER + lines(7, 8))
    asked = ("import", "log.csv", "--database", database, "--progress", "none")
    done = command(*asked, cwd=log.parent)
    # The first two had another name, and another path has the same file.
    assert done.returncode == 0, done.stderr
    log.write_bytes(HEADER + lines(8, 9))
    done = command(*asked, cwd=log.parent)
    assert "        1  rows of import 3 stay" in done.stdout
    log.write_bytes(HEADER + lines(9, 10))
    (result,) = objects(command(*asked, "--json", cwd=log.parent))
    assert (result["replaces"], result["replaced_rows"]) == (4, 1)
