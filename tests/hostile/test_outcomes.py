"""Every hostile input comes to what was said of it in advance, on every target alike."""

import itertools

import pytest

import snapshots
from tests.hostile import characters, lines, quotes, rules, structure, values
from tests.hostile.case import EVERYWHERE

ROOMS = {
    "structure": structure.CASES,
    "quotes": quotes.CASES,
    "line ends": lines.CASES,
    "bytes": characters.CASES,
    "values": values.CASES,
    "constraints": rules.CASES,
}
CASES = [(f"{room}: {case.name}", case) for room, cases in ROOMS.items() for case in cases]
REFUSALS = [*structure.REFUSALS, *characters.REFUSALS]
_numbers = itertools.count()


EACH = [
    pytest.param(kind, case, id=f"{name}-{kind}")
    for name, case in CASES
    for kind in EVERYWHERE
    if kind in case.targets
]


def test_there_are_enough_of_them():
    names = [name for name, _ in CASES]
    assert len(set(names)) == len(names)
    assert len(names) >= 60


@pytest.mark.parametrize(("home", "case"), EACH, indirect=["home"])
def test_comes_to_what_was_said(home, case, tmp_path):
    table = f"hostile_{next(_numbers)}"
    result = home.load(case, tmp_path, table)
    assert result.outcome == "finished", result.message
    found = home.outcome(result, table)
    assert (found.rejects, found.skipped) == (case.rejects, case.skipped)
    assert found.rows == case.rows
    if case.columns is not None:
        assert found.columns == case.columns
    counts = result.counts
    assert counts.balanced
    assert (counts.loaded, counts.rejected) == (len(case.rows), len(case.rejects))


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
@pytest.mark.parametrize("home", EVERYWHERE, indirect=True)
def test_is_refused_with_a_hint(home, refusal, tmp_path):
    with pytest.raises(snapshots.SnapshotsError) as refused:
        home.load(refusal, tmp_path, f"hostile_{next(_numbers)}")
    assert refused.value.code == refusal.code, refused.value
    assert refused.value.hint, "it says what happened and not what to do"
