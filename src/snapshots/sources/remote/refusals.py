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
        hint = f"The server asks to wait {wait:.0f} s." if wait else _LATER
        return TransientFailure.of(f"The server is busy ({status}).", place, hint, wait)
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TransientFailure.of(f"The server has an internal error ({status}).", place, _LATER)
    if status == HTTPStatus.UNAUTHORIZED:
        return InputError(
            "The server requires a login (401).",
            place=place,
            hint="Put the user and password into ~/.netrc, or into the URL:"
            " https://user:password@host/...",
        )
    if status == HTTPStatus.FORBIDDEN:
        return InputError(
            "The server denies access (403).",
            place=place,
            hint="Check who may read it. If the URL is signed, it may have expired: get a new one.",
        )
    if status in _GONE:
        return InputError(
            f"Nothing exists at this URL ({status}).", place=place, hint="Check the URL."
        )
    return InputError(
        f"The server answers with status {status}.",
        place=place,
        hint="Check the URL, for example with curl -v.",
    )


def no_connection(error: OSError, place: str) -> InputError:
    """The error for a connection that cannot be made."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return InputError(
            f"The server's certificate is not trusted: {error.verify_message}.",
            place=place,
            hint="Check the host name. For a private CA, set SSL_CERT_FILE to its certificate.",
        )
    if isinstance(error, ssl.SSLError):
        return InputError(
            f"The TLS connection failed: {error.reason or 'it was closed'}.",
            place=place,
            hint="Check whether the port uses TLS (https) or not (http).",
        )
    if isinstance(error, socket.gaierror):
        return TransientFailure.of(
            "The host name is unknown.", place, "Check the URL and the network."
        )
    if isinstance(error, ConnectionRefusedError):
        return TransientFailure.of(
            "No server listens on this port.", place, "Check the host and port."
        )
    if isinstance(error, TimeoutError):
        return TransientFailure.of(
            "The server does not answer.",
            place,
            "Check the host and port. If a proxy leads to it, name the proxy in HTTPS_PROXY.",
        )
    return TransientFailure.of(
        f"The server cannot be reached: {error.strerror or error}.", place, _LATER
    )
