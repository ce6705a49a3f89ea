"""Decides what is done about an answer, as docs/reference/answers.md lists it."""

from __future__ import annotations

import math
import re
from typing import Literal, TypeAlias

from snapshots.endpoints.http.first_contact import Spoken
from snapshots.endpoints.http.quota import Quota
from snapshots.endpoints.http.response import MULTI_STATUS, NoAnswer, Response, excerpt
from snapshots.endpoints.http.settings import HttpSettings
from snapshots.errors import CannotConnect, SnapshotsError, TargetError, Undeliverable

Action: TypeAlias = Literal["delivered", "results", "retry", "refused", "halt"]

TOO_EARLY = {408, 425, 429}
THROTTLED = {429, 503}
UNAUTHORIZED = 401
WRONG_KEY = {UNAUTHORIZED, 403, 407}
NOT_ABOUT_RECORDS = {405, 406, 411, 414, 415, 431}
"""Statuses that smaller pages would get as well."""
REFUSE_THE_REQUEST = NOT_ABOUT_RECORDS | {400, 413}
"""Statuses that the same bytes would have met before as well. All other 4xx speak of what there is
at the server, which a request without an answer may have changed."""
MISPLACED = {404, 405, 415}
"""Statuses that speak of a wrong address, method or type, if nothing else comes at first."""
GONE = {404, 410}
"""What an API answers to the DELETE of a row that it does not have."""
CONFLICT = 409
BEHIND = {502, 504}
"""Statuses by which a gateway says that the server behind it gave no useful answer. That server may
have taken the request."""
FAULT = 500
TOO_MANY = 429
PROXY_CREDENTIALS = 407
BAD_REQUEST = 400


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


def misconfigured(settings: HttpSettings, answer: Response) -> SnapshotsError:
    """Returns the error for an answer that every record would get: nothing more can be sent."""
    place, status = settings.display(), answer.status
    body_text = excerpt(answer.body, settings.secrets())
    if status == MULTI_STATUS:
        return TargetError(
            "the API answers with a result for each record, but no format for results is set",
            place=place,
            hint="Start a new delivery that reads them, such as --results combocurve --again. See"
            " docs/reference/answers.md for others.",
        )
    if status == PROXY_CREDENTIALS and settings.route.proxy_for(settings.url) is not None:
        return unreachable(settings, "proxy credentials", str(status))
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


def misplaced(settings: HttpSettings, answer: Response, method: str) -> SnapshotsError:
    """Returns the error for a delivery whose first answers are all the same status of MISPLACED."""
    body_text = excerpt(answer.body, settings.secrets())
    allowed = excerpt(answer.headers.get("allow", ""), settings.secrets())
    what, hint = {
        404: ("nothing exists at this address", "Check the host and path of the address."),
        405: (
            f"this address does not accept {method}",
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
_NO_CERTIFICATE = re.compile(rb"SSL certificate (was sent|error)", re.IGNORECASE)
_NOT_ENCRYPTED = re.compile(
    rb"HTTPS (port|server|scheme)|SSL-enabled|requires (TLS|SSL|HTTPS)", re.IGNORECASE
)


def wants_tls(settings: HttpSettings, answer: Response) -> SnapshotsError | None:
    """Returns the error for a server that says that it wants TLS, or a client certificate; None if
    the answer does not say so."""
    plain = settings.url.lower().startswith("http:")
    if answer.status != BAD_REQUEST:
        return None
    if not plain and _NO_CERTIFICATE.search(answer.body):
        return unreachable(settings, "client certificate", excerpt(answer.body))
    return unencrypted(settings) if plain and _NOT_ENCRYPTED.search(answer.body) else None


def unreachable(settings: HttpSettings, kind: str, text: str) -> SnapshotsError:
    """Returns the error for a connection that cannot be made, or over which nothing can be sent.
    `kind` is the kernel's word for what is wrong."""
    what, hint = {
        "certificate": (
            "The certificate of the server is not trusted",
            "Check the host name. For a private CA, name its certificate: --ca FILE, or set"
            " SSL_CERT_FILE.",
        ),
        "proxy certificate": (
            "The certificate of the proxy is not trusted",
            "Check the host name in the proxy's address. For a private CA, name its certificate:"
            " --ca FILE, or set SSL_CERT_FILE.",
        ),
        "proxy tls": (
            "The TLS connection with the proxy failed",
            "If the proxy speaks no TLS at this port, begin its address with http://.",
        ),
        "client certificate": (
            "The server demands a client certificate, or does not accept ours",
            "Name the certificate and its key: --cert FILE --cert-key FILE.",
        ),
        "proxy credentials": (
            "The proxy does not let us through",
            "Write name and password into its address, in a variable:"
            " HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT.",
        ),
        "proxy": (
            "The proxy refuses to connect with the server",
            "Check the address of the proxy, and what it allows. To use none: --proxy none.",
        ),
        "http2": (
            "The server does not speak HTTP/2 at this address",
            "Leave --http2 out.",
        ),
        "tls": (
            "The TLS connection failed",
            "Check that the server uses TLS at this port, or begin the address with http://.",
        ),
    }[kind]
    return CannotConnect(f"{what}: {text}", place=settings.display(), hint=hint)


def describe(settings: HttpSettings, answer: Response | NoAnswer) -> str:
    """Describes a failure by its status and reason, or says why there was no answer."""
    if isinstance(answer, NoAnswer):
        return str(answer)
    text = excerpt(answer.body, settings.secrets())
    return f"HTTP {answer.status}: {text}" if text else f"HTTP {answer.status}"


def no_http(settings: HttpSettings, spoken: Spoken, failure: NoAnswer | None) -> SnapshotsError:
    """Returns the error for a server that has never answered in HTTP."""
    last = "it accepts connections but sends nothing" if failure is None else str(failure)
    place, hint = settings.display(), f"Check the host and port of the address. {NOTHING_REJECTED}"
    if spoken == "tls" and settings.url.lower().startswith("http:"):
        return unencrypted(settings)
    if spoken == "http":
        return unreachable(settings, "http2", "it answers by HTTP/1.1")
    if spoken == "http2":
        return CannotConnect(
            "The server accepts only HTTP/2 at this address.",
            place=place,
            hint=f"Use it from the start: --http2. {NOTHING_REJECTED}",
        )
    if spoken in {"nothing", "unknown"} and (failure is None or not failure.reached):
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


def none_left(settings: HttpSettings, seconds: float) -> SnapshotsError:
    """Returns the error for an API that says that no request is left for longer than may be
    waited."""
    return Undeliverable(
        f"The API says that no request is left for the next {seconds:,.0f} s",
        place=settings.display(),
        hint="Resume the delivery later, or wait longer: --retry-seconds.",
        retryable=True,
    )


def quota_used(settings: HttpSettings, quota: Quota, seconds: float) -> SnapshotsError:
    """Returns the error for a day whose requests are all made."""
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    return Undeliverable(
        f"The {quota.most:,} requests of this day are made; the next day begins at 00:00 UTC, in"
        f" {hours} h {minutes} min",
        place=settings.display(),
        hint="Resume the delivery then: it sends the rest.",
        retryable=True,
    )


def wait_longer(settings: HttpSettings, status: int, seconds: float) -> SnapshotsError:
    """Returns the error for an API that asks to wait longer than the delivery may."""
    return Undeliverable(
        f"The API answers {status} and asks to wait {seconds:,.0f} s, which is too long",
        place=settings.display(),
        hint="Resume the delivery later.",
        retryable=True,
    )
