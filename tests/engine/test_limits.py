import pytest

from snapshots.engine.limits import RejectLimit
from snapshots.errors import UsageError
from snapshots.model import Counts


def counts(records, rejected):
    return Counts(records, records - rejected, rejected, 0)


def test_share_is_judged_from_a_thousand_records_on():
    budget = RejectLimit.parse("10%")
    assert not budget.exceeded(counts(999, 999))
    assert not budget.exceeded(counts(1000, 100))
    assert budget.exceeded(counts(1000, 101))


def test_number_is_judged_at_once():
    budget = RejectLimit.parse("2")
    assert not budget.exceeded(counts(2, 2))
    assert budget.exceeded(counts(3, 3))
    assert RejectLimit.parse("0").exceeded(counts(1, 1))


def test_everything_may_be_rejected():
    assert not RejectLimit.parse("100%").exceeded(counts(5000, 5000))


@pytest.mark.parametrize("text", ["", "x", "-1", "101%", "-1%", "1.5", "%"])
def test_nonsense_is_refused(text):
    with pytest.raises(UsageError):
        RejectLimit.parse(text)


@pytest.mark.parametrize("text", ["5", "10%", "2.5%"])
def test_reads_back_what_it_prints(text):
    assert str(RejectLimit.parse(text)) == text
