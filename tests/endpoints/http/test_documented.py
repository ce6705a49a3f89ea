"""docs/reference/answers.md says what the code does."""

import re
from pathlib import Path

import pytest

from snapshots import time_limits
from snapshots.endpoints.http import answers, exchange, response, transport

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "answers.md").read_text("utf-8")
TEXT = " ".join(PAGE.split())
ROWS = [line.split("|")[1:-1] for line in PAGE.splitlines() if re.match(r"\| [\d\w]", line)]


def row(start: str) -> str:
    """What is done, for the row that begins so."""
    (found,) = [cells[2] for cells in ROWS if cells[0].strip().startswith(start)]
    return found


@pytest.mark.parametrize(
    ("start", "statuses", "action"),
    [
        ("200 to 299", {200, 201, 206, 208, 299}, "delivered"),
        ("207, `--results", {207}, "results"),
        ("300 to 399", {300, 304, 399}, "halt"),
        ("401, 403, 407", {401, 403, 407}, "halt"),
        ("408, 425", {408, 425}, "retry"),
        ("429", {429}, "retry"),
        ("500", {500}, "retry"),
        ("503", {503}, "retry"),
        ("other 5xx", {501, 502, 504, 599}, "retry"),
        ("405, 406, 411, 414, 415, 431", answers.NOT_ABOUT_RECORDS, "refused"),
        ("other 4xx", {400, 404, 409, 413, 422, 499}, "refused"),
    ],
)
def test_every_status_has_its_row(start: str, statuses: set[int], action: str) -> None:
    assert {answers.action(status) for status in statuses} == {action}
    assert ("sent again" in row(start)) == (action == "retry")
    assert ("stops" in row(start)) == (action == "halt")


def test_the_numbers_are_those_of_the_code() -> None:
    listed = ", ".join(map(str, sorted(answers.NOT_ABOUT_RECORDS)))
    assert f"| {listed} | rejected" in TEXT
    assert f"{transport.READ_BYTES // 1024} KiB" in TEXT
    assert f"{response.LONGEST} characters" in TEXT
    assert (
        f"{exchange.RETRY.first_pause:g} s at first, and doubles"
        f" up to {exchange.RETRY.longest_pause:g} s" in TEXT
    )
    assert f"never answered gets {time_limits.FIRST_CONTACT_SECONDS:g} s" in TEXT
    limits = (ROOT / "native" / "src" / "delivery" / "limits.rs").read_text("utf-8")
    (judged,) = re.findall(r"JUDGED: usize = (\d+)", limits)
    assert f"(at least {judged})" in TEXT
