"""kill -9 of deliveries with every form of a body, with methods of their own, and by key."""

import pytest

from tests.faults.test_kill_delivery import kill_at_random
from tests.support.killed_deliveries import NESTED, ByMethod, make_rows

FORMS = {
    "ndjson": (("--body", "ndjson", "--batch-bytes", "600"), 20),
    "actions": (
        ("--action-line", '{"index": {"_id": "{id}"}}', "--nested", "--batch-bytes", "2KB"),
        20,
    ),
    "envelope": (("--envelope", "rows", "--nested", "--batch-bytes", "1KB"), 20),
    "object": (("--envelope", "rows"), 1),
    "form": (("--body", "form"), 1),
}
BY_METHOD = ("--method-column", "how")


@pytest.mark.parametrize("form", ["ndjson", "actions", "form"])
def test_rows_with_methods_of_their_own_are_sent_again_under_the_same_keys(
    sqlite_url, tmp_path, form
):
    more, batch = FORMS[form]
    rows = make_rows(tmp_path / "rows.csv", 2500, contract=NESTED)
    how = {"api": ByMethod, "more": (*more, *BY_METHOD)}
    kill_at_random(sqlite_url, tmp_path, 3, rows, most=150, batch=batch, **how)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("form", FORMS)
def test_killed_fifty_times(database, tmp_path, form):
    more, batch = FORMS[form]
    rows = make_rows(tmp_path / "rows.csv", 30_000, contract=NESTED)
    how = {"api": ByMethod, "more": (*more, *BY_METHOD)}
    twice = kill_at_random(database, tmp_path, 50, rows, most=400, batch=batch, **how)
    print(f"{form}: {twice} of {len(rows.good)} rows were sent twice, with equal keys")
