"""Decides what is done about an answer, as docs/reference/answers.md lists it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

from snapshots.defaults import Results
from snapshots.endpoints.http.connection import NoAnswer, Response
from snapshots.endpoints.http.first_contact import Spoken
from snapshots.endpoints.http.settings import HttpSettings
from snapshots.errors import CannotConnect, SnapshotsError, TargetError, Undeliverable
from snapshots.redaction import HIDDEN, without_secrets

Action: TypeAlias = Literal["delivered", "results", "retry", "refused", "halt"]

TOO_EARLY = {408, 425, 429}
THROTTLED = {429, 503}
WRONG_KEY = {401, 403, 407}
NOT_ABOUT_RECORDS = {405, 406, 411, 414, 415, 431}
"""Statuses that smaller pages would get as well."""
REFUSE_THE_REQUEST = NOT_ABOUT_RECORDS | {400, 413}
"""Statuses that the same bytes would have met before as well. All other 4xx speak of what there is
at the server, which a request without an answer may have changed."""
MISPLACED = {404, 405, 415}
"""Statuses that speak of a wrong address, method or type, if nothing else comes at first."""
BEHIND = {502, 504}
"""Statuses by which a gateway says that the server behind it gave no useful answer. That server may
have taken the request."""
MULTI_STATUS = 207
FAULT = 500
TOO_MANY = 429
BAD_REQUEST = 400
LONGEST = 500
"""Characters of an answer that are kept."""


def decided_by_body(results: Results) -> frozenset[int]:
    """Returns the statuses that say nothing without the complete body."""
    return frozenset() if results == "none" else frozenset({MULTI_STATUS})


def action(status: int, *, unsure: bool = False) -> Action:
    """Returns what to do about an answer of this status. `unsure`: the records were sent before,
    and may have been taken then.

    >>> action(201), action(404), action(503), action(401)
    ('delivered', 'refused', 'retry', 'halt')
    """
    if 200 <= status < 300:
        return "results" if status == MULTI_STATUS else "delivered"
    if status in TOO_EARLY or status >= 500:
        return "retry"
    if status in WRONG_KEY or status < 400:
        return "halt"
    return "retry" if unsure and status not in REFUSE_THE_REQUEST else "refused"


def excerpt(body: bytes | str, secrets: Sequence[str] = ()) -> str:
    """Returns the beginning of an answer on one line, without secrets."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    text = without_secrets(" ".join(text[: 4 * LONGEST].split()))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def misconfigured(settings: HttpSettings, answer: Response) -> SnapshotsError:
    """Returns the error for an answer that every record would get: nothing more can be sent."""
    place, status = settings.display(), answer.status
    body_text = excerpt(answer.body, settings.secrets())
    if status == MULTI_STATUS:
        return TargetError(
            "the API answers with a result for each record, but no format for results is set",
            place=place,
            hint="Start a new delivery that reads them: --results combocurve --again.",
        )
    if status in WRONG_KEY:
        what = "does not accept these credentials" if status != 403 else "denies access"
        return CannotConnect(
            f"The API {what}: {status} {body_text}".rstrip(),
            place=place,
            hint="Check the token, the API key and the headers.",
        )
    there = excerpt(answer.headers.get("location", ""), settings.secrets())
    return CannotConnect(
        f"The API answers {status}, a redirect{f' to {there}' if there else ''}; redirects are not"
        " followed, so that no other address gets the records.",
        place=place,
        hint="If you trust the new address, use it instead.",
    )


def misplaced(settings: HttpSettings, answer: Response) -> SnapshotsError:
    """Returns the error for a delivery whose first answers are all the same status of MISPLACED."""
    body_text = excerpt(answer.body, settings.secrets())
    allowed = excerpt(answer.headers.get("allow", ""), settings.secrets())
    what, hint = {
        404: ("nothing exists at this address", "Check the host and path of the address."),
        405: (
            f"this address does not accept {settings.method}",
            (f"It allows {allowed}. " if allowed else "")
            + "Check the address, or use another method: --method PUT or --method PATCH.",
        ),
        415: (
            "it does not accept the content type of JSON",
            "Name the content type that it accepts: --header 'Content-Type: ...'.",
        ),
    }[answer.status]
    text = f"The API answers every request with {answer.status}: {what}. {body_text}"
    return CannotConnect(text.rstrip(), place=settings.display(), hint=f"{hint} {NOTHING_REJECTED}")


NOTHING_REJECTED = "No record was rejected because of this."
_NOT_ENCRYPTED = re.compile(
    rb"HTTPS (port|server|scheme)|SSL-enabled|requires (TLS|SSL|HTTPS)", re.IGNORECASE
)


def wants_tls(settings: HttpSettings, answer: Response) -> SnapshotsError | None:
    """Returns the error for a server that says that it wants TLS; None if the answer does not say
    so."""
    plain = settings.url.lower().startswith("http:")
    if answer.status != BAD_REQUEST or not plain or not _NOT_ENCRYPTED.search(answer.body):
        return None
    return unencrypted(settings)


def describe(settings: HttpSettings, answer: Response | NoAnswer) -> str:
    """Describes a failure by its status and reason, or says why there was no answer."""
    if isinstance(answer, NoAnswer):
        return str(answer)
    text = excerpt(answer.body, settings.secrets())
    return f"HTTP {answer.status}: {text}" if text else f"HTTP {answer.status}"


def no_http(settings: HttpSettings, spoken: Spoken, failure: NoAnswer | None) -> SnapshotsError:
    """Returns the error for a server that has never answered in HTTP/1.1."""
    last = "it accepts connections but sends nothing" if failure is None else str(failure)
    place, hint = settings.display(), f"Check the host and port of the address. {NOTHING_REJECTED}"
    if spoken == "tls" and settings.url.lower().startswith("http:"):
        return unencrypted(settings)
    if spoken == "http2":
        return CannotConnect(
            "The server accepts only HTTP/2, and records are sent by HTTP/1.1.",
            place=place,
            hint=f"Use an address that accepts HTTP/1.1, for example a proxy's. {NOTHING_REJECTED}",
        )
    if spoken == "nothing" and (failure is None or not failure.sent):
        return CannotConnect(
            f"The API cannot be reached: {failure or 'no connection: timed out'}",
            place=place,
            hint="Check the address, and that the server runs; then repeat the command.",
            retryable=True,
        )
    return CannotConnect(
        f"The server at this address does not answer in HTTP: {last}",
        place=place,
        hint=hint,
        retryable=True,
    )


def unencrypted(settings: HttpSettings) -> SnapshotsError:
    """Returns the error for a TLS port that was asked in plain HTTP."""
    return CannotConnect(
        "The server expects TLS at this port, but the address begins with http://.",
        place=settings.display(),
        hint=f"Begin the address with https://. {NOTHING_REJECTED}",
    )


def wait_longer(settings: HttpSettings, status: int, seconds: float) -> SnapshotsError:
    """Returns the error for an API that asks to wait longer than the delivery may."""
    return Undeliverable(
        f"The API answers {status} and asks to wait {seconds:,.0f} s, which is too long",
        place=settings.display(),
        hint="Resume the delivery later.",
        retryable=True,
    )
