"""What is done about an answer: the table of docs/reference/answers.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from snapshots.errors import CannotConnect, SnapshotsError, TargetError, Undeliverable
from snapshots.secrecy import HIDDEN, without_secrets
from snapshots.targets.http.connection import Answer
from snapshots.targets.http.settings import HttpSettings

Deed: TypeAlias = Literal["delivered", "results", "retry", "refused", "halt"]

TOO_EARLY = {408, 425, 429}
THROTTLED = {429, 503}
WRONG_KEY = {401, 403, 407}
NOT_ABOUT_RECORDS = {405, 406, 411, 414, 415, 431}
"""Smaller pages would be refused as well."""
MULTI_STATUS = 207
FAULT = 500
TOO_MANY = 429
LONGEST = 500
"""Characters of an answer that are kept."""


def deed(status: int) -> Deed:
    """What to do about an answer of this status."""
    if 200 <= status < 300:
        return "results" if status == MULTI_STATUS else "delivered"
    if status in TOO_EARLY or status >= 500:
        return "retry"
    if status in WRONG_KEY or status < 400:
        return "halt"
    return "refused"


def excerpt(body: bytes | str, secrets: Sequence[str] = ()) -> str:
    """The beginning of an answer on one line, without what nobody may see."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    text = without_secrets(" ".join(text[: 4 * LONGEST].split()))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def misconfigured(settings: HttpSettings, answer: Answer) -> SnapshotsError:
    """Why nothing more can be sent: the same would be said of every record."""
    place, status = settings.display(), answer.status
    said = excerpt(answer.body, settings.secrets())
    if status == MULTI_STATUS:
        return TargetError(
            "the API answers with a result for each record, which is not being read",
            place=place,
            hint="Say how to read it in a new delivery: --results combocurve --again.",
        )
    if status in WRONG_KEY:
        what = "does not know us" if status != 403 else "does not let us in"
        return CannotConnect(
            f"The API {what}: {status} {said}".rstrip(),
            place=place,
            hint="Check the token, the API key and the headers.",
        )
    there = excerpt(answer.headers.get("location", ""), settings.secrets())
    return CannotConnect(
        f"The API answers {status}, a redirect{f' to {there}' if there else ''}; "
        "records are not sent on to another address.",
        place=place,
        hint="Give the address that it names, if you trust it.",
    )


def wait_longer(settings: HttpSettings, status: int, seconds: float) -> SnapshotsError:
    """Why nothing more is sent for now."""
    return Undeliverable(
        f"The API answers {status} and asks to wait {seconds:,.0f} s, longer than is waited",
        place=settings.display(),
        hint="Resume the delivery later.",
        retryable=True,
    )
