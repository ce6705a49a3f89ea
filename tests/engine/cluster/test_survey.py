"""An input that is cut by many readers leaves what one reader leaves, and is fetched once."""

import random

import pytest

import snapshots
from snapshots.engine.cluster import survey_cutter
from snapshots.engine.cluster.survey_task import LOOK_FURTHER
from tests.engine.cluster.test_local import account
from tests.support.web_server import serving

MIB = 1 << 20


@pytest.fixture
def web():
    with serving() as web:
        yield web


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))


@pytest.fixture
def again(monkeypatch):
    """How many ranges each import has surveyed again."""
    seen = []
    cut = survey_cutter.SurveyCutter.__iter__

    def counting(cutter):
        yield from cut(cutter)
        seen.append(cutter.again)

    monkeypatch.setattr(survey_cutter.SurveyCutter, "__iter__", counting)
    return seen


def plain(rng):
    rows = (f'{n},"{rng.getrandbits(300)}",{"x" * rng.randrange(99)}\n' for n in range(32_000))
    return "a,b,c\n" + "".join(rows)


def with_faults(rng):
    """Notes of several lines, broken quotes, and a record that is longer than a range."""
    parts = ["a,b,c\n"]
    for n in range(30_000):
        note = rng.choice(['"two\nlines"', '"a,""b""\n1,2,3\nthree"', '"x" y', '"open', "plain"])
        parts.append(f"{n},{rng.getrandbits(400)},{note}\n")
    parts[17_000:17_000] = ['1,2,"' + "long\n" * 500_000 + '"\n']
    return "".join(parts)


def against_guesses(_rng):
    return "a,b\n" + ',\n",1\n' * 600_000


MADE = {"plain": plain, "faults": with_faults, "against guesses": against_guesses}


def surveyed(requests):
    """The bytes of the input that were asked for once the plan was made."""
    if not requests:
        return 0
    first = max(number for number, one in enumerate(requests) if one.range[0] == 0)
    return sum(one.range[1] + 1 - one.range[0] for one in requests[first:])


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("how", ["file", "url"])
def test_many_readers_leave_what_one_leaves(tmp_path, postgres_url, web, again, kind, how):
    data = MADE[kind](random.Random(4)).encode()
    path = tmp_path / "rides.csv"
    path.write_bytes(data)
    source = str(path)
    if how == "url":
        _, source = web.put("/rides.csv", data)
    given = {
        "database": postgres_url,
        "chunk_size": MIB // 4,
        "again": True,
        "all_text": True,
        "max_rejects": "100%",
    }
    apart = snapshots.load(source, table="apart", cluster="local", workers=2, **given)
    fetched = surveyed(web.requests)
    here = snapshots.load(source, table="here", **given)
    assert (apart.outcome, apart.counts) == (here.outcome, here.counts)
    assert len(again) == 1
    assert (again[0] == 0) == (kind == "plain")
    one, other = (
        account(postgres_url, result.record.import_id, table)
        for result, table in ((apart, "apart"), (here, "here"))
    )
    assert one[:-1] == other[:-1]  # rows, rejects, hash, size and records; chunks are others
    if how == "url" and kind != "faults":
        # Behind a long record, bytes are fetched until its end is known.
        assert fetched <= len(data) + 8 * LOOK_FURTHER
    assert list(tmp_path.glob("snapshots-kept-*/*")) == []
