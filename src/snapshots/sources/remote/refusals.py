"""Errors for answers without bytes and for failing networks: each says what to do."""

from __future__ import annotations

import socket
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from snapshots.errors import InputError
from snapshots.retry_after import retry_after
from snapshots.sources.remote.access import TransientFailure

if TYPE_CHECKING:
    from http.client import HTTPMessage

_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_PASSING: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, *_BUSY)
_GONE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_LATER: Final = "Try again later."


def of_status(status: int, headers: HTTPMessage, place: str) -> InputError:
    """The error for an answer that is neither the object nor a redirect."""
    if status in _BUSY:
        wait = retry_after(headers.get("Retry-After"))
        hint = f"It asks to come again in {wait:.0f} s." if wait else _LATER
        return TransientFailure.of(f"The server is busy ({status}).", place, hint, wait)
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TransientFailure.of(f"The server has a failure ({status}).", place, _LATER)
    if status == HTTPStatus.UNAUTHORIZED:
        return InputError(
            "The server wants to know who asks (401).",
            place=place,
            hint="Put user and password into ~/.netrc, or into the URL:"
            " https://user:password@host/...",
        )
    if status == HTTPStatus.FORBIDDEN:
        return InputError(
            "The server refuses to give this (403).",
            place=place,
            hint="Check who may read it; a signed URL may have run out, then get a new one.",
        )
    if status in _GONE:
        return InputError(
            f"There is nothing at this URL ({status}).", place=place, hint="Check the URL."
        )
    return InputError(
        f"The server answers with status {status}.",
        place=place,
        hint="Check the URL, for instance with curl -v.",
    )


def no_connection(error: OSError, place: str) -> InputError:
    """The error for a connection that cannot be made."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return InputError(
            f"The server's certificate is not trusted: {error.verify_message}.",
            place=place,
            hint="Check the host's name; SSL_CERT_FILE can name the certificates of an authority"
            " of your own.",
        )
    if isinstance(error, ssl.SSLError):
        return InputError(
            f"There is no TLS connection with the server: {error.reason or 'it was cut'}.",
            place=place,
            hint="Check whether the port speaks TLS (https) or not (http).",
        )
    if isinstance(error, socket.gaierror):
        return TransientFailure.of(
            "No host of that name is known.", place, "Check the URL and the network."
        )
    if isinstance(error, ConnectionRefusedError):
        return TransientFailure.of("No server listens there.", place, "Check host and port.")
    if isinstance(error, TimeoutError):
        return TransientFailure.of(
            "The server does not answer.",
            place,
            "Check host and port, and whether only a proxy leads there: proxies are not used, but"
            " curl can read through one: curl ... | snapshots import -",
        )
    return TransientFailure.of(
        f"The server cannot be reached: {error.strerror or error}.", place, _LATER
    )
