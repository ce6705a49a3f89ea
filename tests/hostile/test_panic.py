"""A panic of the kernel is an error like any other: said, noted, and gone on from."""

import json

import pytest

import snapshots
from snapshots._native import PanicException
from snapshots.engine.events import Notice
from snapshots.errors import Defect
from tests.hostile.case import EVERYWHERE
from tests.support.command import objects
from tests.support.command import snapshots as command


@pytest.mark.parametrize("home", EVERYWHERE, indirect=True)
def test_in_a_worker(home, tmp_path):
    (tmp_path / "a.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(500)))
    (tmp_path / "b.csv").write_text("id\n1\n")
    arguments = ("--database", home.url, "--chunk-size", "1KB", "--workers", 1, "--json")
    done = command(
        "a.csv", "b.csv", *arguments, cwd=tmp_path, SNAPSHOTS_FAULT="after-claim:2:panic"
    )
    assert done.returncode == 1, done.stderr
    failed, sound = objects(done)
    assert failed["error"]["code"] == "defect"
    assert "as a test wants it" in failed["error"]["message"]
    assert failed["error"]["hint"]
    assert sound["outcome"] == "finished", "the next input has nothing to do with it"
    record = min(snapshots.history(home.url), key=lambda record: record.import_id)
    assert record.state == "interrupted"
    assert 0 < record.loaded < 500
    done = command("resume", record.import_id, *arguments[:2], "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["loaded"] == 500, done.stderr
    (found,) = home.session.execute("SELECT count(*), count(DISTINCT _line) FROM a")
    assert tuple(map(int, found)) == (500, 500)


def test_while_an_input_is_looked_at(tmp_path):
    """Wherever it is: here a listener raises it, as detection might."""
    (tmp_path / "a.csv").write_text("id\n1\n")

    def listener(event):
        if isinstance(event, Notice):
            raise PanicException("index out of bounds")

    with pytest.raises(Defect, match="index out of bounds") as caught:
        snapshots.load(tmp_path / "a.csv", database=f"sqlite:///{tmp_path}/a.db", listener=listener)
    assert caught.value.place.endswith("a.csv")
