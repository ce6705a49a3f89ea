"""Checks who may ask, from where, how often, and how much they may send."""

from __future__ import annotations

import math
import re
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException

from snapshots.engine.repair.links import PREFIX
from snapshots.time_limits import PROGRESS_SECONDS
from snapshots.web.gate.rate_limit import ClientRateLimit
from snapshots.web.gate.tokens import presented
from snapshots.web.problems import HEADERS, problem

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from snapshots.web.gate.tokens import Token, Tokens
    from snapshots.web.settings import ServiceSettings

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
OPEN: Final = frozenset({"/healthz", "/readyz"})
"""Paths for probes, which need no token: they say only that the service is running."""
UPLOADS: Final = "/v1/files"
RESUMABLE: Final = "/v1/uploads"
FORM_UPLOAD: Final = "/new/file"
SHARED: Final = "/shared/"
"""Begins the paths of links: each has its own secret, and the endpoints check it."""
_LARGE: Final = (UPLOADS, RESUMABLE, FORM_UPLOAD)
"""Paths whose bodies are files."""
_CORRECTIONS: Final = "/replay"
"""Ends paths that take files of corrections, which may be as large as uploads."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_STREAMS: Final = ("/events", "/live")
"""Their answers do not end by themselves, with or without a body."""
_DATA: Final = ("/v1", "/imports", "/tables", "/new", SHARED)
"""Answers that hold records: no cache keeps them."""
_SHARED_FILES: Final = f"{SHARED}static/"
PROGRESS_BYTES: Final = 1024
"""Of a body must come in PROGRESS_SECONDS, or its end."""
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([\w.~!$&'()*+,;=%-]+))(?::\d*)?", re.ASCII)


class Guard:
    """Stands before the whole application, so that every answer gets its headers."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings, tokens: Tokens | None) -> None:
        self._app = app
        self._settings = settings
        self._tokens = tokens
        self._rate = ClientRateLimit(settings.rate_limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Is called by the server, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = _with_headers(scope, send)
        refused = self._refused(scope)
        if refused is not None:
            await refused(scope, receive, send)
            return
        if scope["method"] == "HEAD" and not scope["path"].endswith(_STREAMS):
            # The server leaves the body out of the answer.
            scope = {**scope, "method": "GET"}
        await self._app(scope, _counted(receive, self._most(scope)), send)

    def _refused(self, scope: Scope) -> Response | None:
        """Returns the answer that refuses a request; None if it may pass."""
        headers = Headers(scope=scope)
        if len(headers.getlist("host")) > 1:
            # Which of them something before us has gone by cannot be known.
            return problem(400, "The request has more than one Host header.")
        if scope["path"] in OPEN:
            return None
        if b"%00" in scope["query_string"] or "\0" in scope["path"]:
            return problem(422, "The URL contains a NUL, which is not allowed.", code="usage")
        return (
            self._wrong_host(headers)
            or _foreign(scope, headers)
            or self._not_allowed(scope, headers)
            or self._too_large(scope, headers)
        )

    def _wrong_host(self, headers: Headers) -> Response | None:
        """Checks the Host header: a page elsewhere may have had its own name resolved to this
        address."""
        names = self._settings.names
        host = _HOST.fullmatch(headers.get("host", ""))
        if names is None and "host" in headers and host is None:
            return problem(400, "The Host header is not valid.")
        if names is None or (host and (host[1] or host[2]).lower() in names):
            return None
        return problem(
            421,
            "This service does not answer to this host name.",
            hint="To allow it, the operator starts the service with --server-name NAME",
        )

    def _not_allowed(self, scope: Scope, headers: Headers) -> Response | None:
        """Checks token and rate. A client with a token is counted by its name, any other by its
        address."""
        token, shared = None, scope["path"].startswith(SHARED)
        given = presented(headers.get("authorization", ""))
        if self._tokens is not None and not shared:
            token = self._tokens.find(given)
        client = f"token {token.name}" if token else str((scope.get("client") or ("",))[0])
        scope["snapshots.client"] = client
        if seconds := self._rate.wait(client):
            again = {"Retry-After": str(math.ceil(seconds))}
            return problem(429, "Too many requests in a short time.", headers=again)
        return None if shared else self._no_token(scope, headers, given, token)

    def _no_token(
        self, scope: Scope, headers: Headers, given: str, token: Token | None
    ) -> Response | None:
        """Checks what a token allows. `given`: what the request has for one."""
        if given.startswith(PREFIX):
            # Also where nobody needs a token: who got a link is to have nothing else.
            return problem(403, "This link shows the rejects of one import, and nothing else.")
        if self._tokens is None:
            return None
        if token is None:
            return problem(
                401,
                "The token is not valid."
                if "authorization" in headers
                else "This service requires a token.",
                hint="Send it as Authorization: Bearer TOKEN, or as the password of a login.",
                headers={"WWW-Authenticate": _challenge(scope["path"])},
            )
        if token.scope == "read" and scope["method"] not in SAFE:
            return problem(403, "This token allows reading only.")
        return None

    def _too_large(self, scope: Scope, headers: Headers) -> Response | None:
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length) > self._most(scope):
            return problem(413, _too_much(self._most(scope)))
        return None

    def _most(self, scope: Scope) -> int:
        """Returns how many bytes the body of a request may have."""
        path = scope["path"]
        upload = path.startswith(_LARGE) or path.endswith(_CORRECTIONS)
        return self._settings.max_upload if upload else self._settings.max_body


def _foreign(scope: Scope, headers: Headers) -> Response | None:
    """Whether a page of another site sent the request, as browsers tell: such pages may change
    nothing."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if scope["method"] in SAFE or site in {"same-origin", "none"}:
        return None
    # A browser that is too old for the one sends the other; a program sends neither.
    if site is None and (origin is None or _same(origin, headers.get("host", ""))):
        return None
    return problem(403, "Requests from pages of other sites are refused.", code="foreign_origin")


def _same(origin: str, host: str) -> bool:
    place = _split(origin).netloc.lower()
    return bool(place) and place == host.lower()


def _split(url: str) -> SplitResult:
    """Splits a URL that anybody may have written; gives empty parts if it is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _challenge(path: str) -> str:
    """Returns the header that asks for a token; a browser asks its user for a login."""
    scheme = "Bearer" if path.startswith("/v1/") else "Basic"
    return f'{scheme} realm="snapshots"'


def _too_much(most: int) -> str:
    return f"The body of the request is larger than the limit of {most} bytes."


def _counted(receive: Receive, most: int) -> Receive:
    """Counts the body as it arrives, up to a limit, because not every request says its length. A
    client that sends too little in a while is not waited for."""
    left = most
    missing, patience = PROGRESS_BYTES, PROGRESS_SECONDS
    ended = False

    async def counted() -> Message:
        nonlocal left, missing, patience, ended
        if ended:
            # What comes now is that the client is gone.
            return await receive()
        begun = time.monotonic()
        try:
            with anyio.fail_after(patience):
                message = await receive()
        except TimeoutError:
            ended = True
            detail = f"The body of the request stopped arriving for {PROGRESS_SECONDS:g} s."
            raise HTTPException(408, detail, headers={"Connection": "close"}) from None
        came = len(message.get("body", b""))
        ended = not message.get("more_body", False)
        left, missing = left - came, missing - came
        # The time in which the service itself is slow is not the client's.
        patience -= time.monotonic() - begun
        if missing <= 0:
            missing, patience = PROGRESS_BYTES, PROGRESS_SECONDS
        if left < 0:
            raise HTTPException(413, _too_much(most))
        return message

    return counted


def _with_headers(scope: Scope, send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if scope["path"].startswith(_DATA) and not scope["path"].startswith(_SHARED_FILES):
                headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sent
