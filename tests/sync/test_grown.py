"""A service follows files that grow: each row of them is loaded once."""

import pytest

from tests.support.sync_process import Service, once, query, rows


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def add(path, first, count):
    with path.open("a") as file:
        file.write(rows(first, count).partition("\n")[2])


def ids(database):
    return [n for (n,) in query(database, "SELECT id FROM log ORDER BY id")]


def test_a_log_is_followed(database, folder):
    log = folder / "log.csv"
    log.write_text(rows(0, 10))
    with Service(database, folder) as service:
        service.wait_ended("log.csv")
        for turn in range(1, 6):
            add(log, 10 * turn, 10)
            service.wait_for(lambda turn=turn: len(service.said("ended")) > turn)
        assert [one["continues"] for one in service.said("ended")] == [None, 1, 2, 3, 4, 5]
        # Rotated: another file has the name now.
        log.rename(folder / "log.csv.old")
        log.write_text(rows(100, 3))
        service.wait_for(lambda: len(service.said("ended")) == 7)
        last = service.said("ended")[-1]
        assert (last["continues"], last["replaces"], last["replaced_rows"]) == (None, 6, 60)
        assert service.terminate() == 0
    assert ids(database) == [*range(60), 100, 101, 102]


def test_what_may_not_go_on_is_refused_until_it_changes(database, folder):
    log = folder / "log.csv"
    log.write_text(rows(0, 2) + "2,na")
    once(database, folder)
    log.write_text(rows(0, 3))
    code, said = once(database, folder)
    (refused,) = [one for one in said if one["event"] == "refused"]
    assert code == 1
    assert "may have ended inside a record" in refused["error"]["message"]
    assert "--grown all" in refused["hint"]
    assert ids(database) == [0, 1, 2]
    code, said = once(database, folder, "--grown", "all")
    assert [one for one in said if one["event"] in ("refused", "ended")] == []
    add(log, 3, 1)
    assert once(database, folder, "--grown", "all")[0] == 0
    assert ids(database) == [0, 0, 1, 1, 2, 2, 3]


def test_killed_while_it_follows(database, folder):
    log = folder / "log.csv"
    log.write_text(rows(0, 500))
    for turn, fault in enumerate(["before-commit", "after-commit", "mid-write"]):
        with Service(database, folder, SNAPSHOTS_FAULT=fault) as service:
            service.process.wait(60)
        add(log, 500 + 100 * turn, 100)
    assert once(database, folder)[0] == 0
    assert ids(database) == list(range(800))
