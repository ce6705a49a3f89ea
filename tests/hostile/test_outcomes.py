"""Every hostile input comes to what was said of it in advance, on every target alike."""

import itertools

import pytest

import snapshots
from tests.hostile import characters, lines, quotes, rules, structure, values
from tests.hostile.case import EVERYWHERE, load, outcome

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


@pytest.mark.parametrize(("shared_database", "case"), EACH, indirect=["shared_database"])
def test_comes_to_what_was_said(shared_database, case, tmp_path):
    table = f"hostile_{next(_numbers)}"
    result = load(case, tmp_path, shared_database, table)
    assert result.outcome == "finished", result.message
    found = outcome(result, shared_database, table)
    assert (found.rejects, found.skipped) == (case.rejects, case.skipped)
    assert found.rows == case.rows
    if case.columns is not None:
        assert found.columns == case.columns
    counts = result.counts
    assert counts.balanced
    assert (counts.loaded, counts.rejected) == (len(case.rows), len(case.rejects))


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
@pytest.mark.parametrize("shared_database", EVERYWHERE, indirect=True)
def test_is_refused_with_a_hint(shared_database, refusal, tmp_path):
    with pytest.raises(snapshots.SnapshotsError) as refused:
        load(refusal, tmp_path, shared_database, f"hostile_{next(_numbers)}")
    assert refused.value.code == refusal.code, refused.value
    assert refused.value.hint, "it says what happened and not what to do"
