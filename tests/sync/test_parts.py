"""The parts of the service that need no process."""

import threading

import pytest

from snapshots.errors import UsageError
from snapshots.sync.after_policy import AfterPolicy
from snapshots.sync.folder import WatchedFolder, look_at
from snapshots.sync.stability import StabilityCheck
from snapshots.targets.sql.writer_queue import WriterQueue
from snapshots.time_limits import WRITER_SILENCE_SECONDS


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.csv", True), ("A.CSV", True), ("a.csv.gz", True), ("a.csv.zst", True), ("a.gz", False),
        ("a.csv.part", False), ("a.tmp", False), (".a.csv", False), ("~a.csv", False),
        ("a.csv~", False), ("sub/a.csv", False), ("done/a.csv", False),
    ],
)  # fmt: skip
def test_which_files_are_wanted(name, wanted):
    assert WatchedFolder("/in", without="/in/done").wants(f"/in/{name}") is wanted


def test_subfolders_are_wanted_when_asked_for_and_hidden_ones_never():
    folder = WatchedFolder("/in", ("sales_*.csv",), recursive=True)
    assert folder.wants("/in/sub/sales_1.csv.xz")
    assert not folder.wants("/in/.sub/sales_1.csv")
    assert not folder.wants("/in/sub/other.csv")


def test_a_file_is_whole_when_it_is_still_or_closed(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id\n")
    arrivals = StabilityCheck(2.0, reports_closing=True)
    arrivals.seen(look_at(str(path)), now=0.0)
    assert arrivals.ready(1.0) == []
    assert [file.path for file in arrivals.ready(2.5)] == [str(path)]
    with path.open("a"):
        arrivals.changed(str(path), now=3.0)
        assert arrivals.ready(20.0) == [], "its writer has not closed it"
    arrivals.closed(str(path), now=20.0)
    assert [file.path for file in arrivals.ready(20.0)] == [str(path)]
    assert len(arrivals) == 0


def test_a_writer_whose_end_was_not_heard_keeps_nobody_waiting_for_ever(tmp_path):
    """As when the system has dropped events."""
    path = tmp_path / "a.csv"
    path.write_text("id\n")
    arrivals = StabilityCheck(2.0, reports_closing=True)
    arrivals.changed(str(path), now=0.0)
    assert arrivals.ready(1.0) == []
    assert [file.path for file in arrivals.ready(WRITER_SILENCE_SECONDS)] == [str(path)]
    assert len(arrivals) == 0


def test_a_file_that_somebody_has_open_for_writing_is_not_whole(tmp_path):
    path = tmp_path / "a.csv"
    arrivals = StabilityCheck(1.0, reports_closing=False)
    with path.open("w") as writer:
        writer.write("id\n")
        writer.flush()
        arrivals.seen(look_at(str(path)), now=0.0)
        assert arrivals.ready(5.0) == []
    assert [file.path for file in arrivals.ready(10.0)] == [str(path)]


@pytest.mark.parametrize("text", ["", "move", "remove", "keep it"])
def test_what_is_no_way_to_treat_a_file(text):
    with pytest.raises(UsageError):
        AfterPolicy.parse(text)


def test_a_file_that_has_changed_is_left_alone(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id\n1\n")
    file = look_at(str(path))
    path.write_text("id\n1\n2\n")
    assert AfterPolicy(delete=True).apply(file, WatchedFolder(str(tmp_path))) == "kept"
    assert path.exists()


def test_a_file_whose_rights_have_changed_is_the_same(tmp_path):
    """Many programs write a file first, and say then who may read it."""
    path = tmp_path / "a.csv"
    path.write_text("id\n1\n")
    file = look_at(str(path))
    path.chmod(0o640)
    assert AfterPolicy(delete=True).apply(file, WatchedFolder(str(tmp_path))) == "deleted"


def test_turns_are_taken_in_the_order_of_their_asking():
    turns, taken, asked = WriterQueue(), [], threading.Semaphore(0)

    def take(number):
        asked.release()
        with turns.mine(30):
            taken.append(number)

    threads = []
    with turns.mine(30):
        for number in range(5):
            threads.append(threading.Thread(target=take, args=(number,)))
            threads[-1].start()
            asked.acquire()
            while turns._next < number + 2:
                pass
    for thread in threads:
        thread.join()
    assert taken == list(range(5))


def test_a_turn_that_does_not_come_is_not_waited_for_for_ever():
    turns = WriterQueue()
    with turns.mine(1), pytest.raises(TimeoutError), turns.mine(0.05):
        pass
    with turns.mine(1):
        pass
