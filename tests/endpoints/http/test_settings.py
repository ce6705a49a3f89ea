"""What cannot work is said before anything is sent."""

from typing import Any

import pytest

from snapshots.endpoints.http import ApiKey, HttpSettings
from snapshots.errors import UsageError


@pytest.mark.parametrize(
    "url",
    ["", "localhost:9009/movies", "ftp://h/x", "http://", "http://h:x/", "http://h:99999/", "//h"],
)
def test_no_http_url(url: str) -> None:
    with pytest.raises(UsageError, match="not an HTTP URL"):
        HttpSettings(url)


def test_a_password_in_the_url() -> None:
    with pytest.raises(UsageError) as caught:
        HttpSettings("https://me:hunter2@h/x")
    assert "hunter2" not in f"{caught.value}{caught.value.hint}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "GET"},
        {"batch": 0},
        {"concurrency": 0},
        {"concurrency": 100_000},
        {"timeout": 0},
        {"timeout": float("nan")},
        {"rate": 0},
        {"rate": float("nan")},
        {"retry_seconds": float("inf")},
        {"retry_seconds": -1},
        {"headers": {"X Y": "1"}},
        {"headers": {"X": "1\r\nY: 2"}},
        {"headers": {"Content-Length": "5"}},
        {"key_header": "a:b"},
        {"auth": ApiKey("1\r\nX: 2")},
        {"auth": ApiKey("1", header="a b")},
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        HttpSettings("http://h/x", **wrong)
