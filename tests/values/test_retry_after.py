"""The one reader of Retry-After."""

from datetime import UTC, datetime

import pytest

from snapshots.retry_after import MOST_SECONDS, retry_after

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120), (" 7 ", 7), ("0", 0), ("9" * 5000, MOST_SECONDS),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30), ("Sun, 01 Mar 2026 12:00:30 -0000", 30),
        ("Sun, 01 Mar 2026 14:00:30 +0200", 30), ("Sun, 01 Mar 2020 12:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 -2300", MOST_SECONDS),
        (None, None), ("", None), ("soon", None), ("-1", None), ("1.5", None), ("٣", None),
        ("Sun, 99 Mar 2026 12:00:30 GMT", None), ("Sun, 01 Mar 99999999 12:00:30 GMT", None),
        ("²", None), ("1e9", None), ("\x00", None), (",,,", None),
    ],
)  # fmt: skip
def test_seconds(value, seconds):
    assert retry_after(value, NOW) == seconds
