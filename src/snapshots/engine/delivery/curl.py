"""Shows requests as commands for curl, with the names of variables in place of their values."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from snapshots._native import Outbox
from snapshots.endpoints.http import ApiKey, request_plan
from snapshots.endpoints.http.transport import sent_url
from snapshots.engine.delivery.looked_up import VARIABLE
from snapshots.engine.delivery.settings import address_of, settings
from snapshots.engine.plan.access import Access
from snapshots.engine.plan.address import parts_of
from snapshots.engine.plan.endpoint import without_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from snapshots._native import Block
    from snapshots.defaults import RequestMethod
    from snapshots.engine.delivery.change_preview import ChangePreview
    from snapshots.engine.plan.endpoint import Endpoint
    from snapshots.engine.plan.plan import Plan

_MARK = "xVARIABLE{}x"
"""Stands for a variable in an address, of characters that no address needs to quote."""
_MARKED = re.compile(r"xVARIABLE(\d+)x")


class RequestPreview:
    """Takes the blocks of a dry run, and shows the first requests."""

    def __init__(self, plan: Plan, most: int, changes: ChangePreview | None) -> None:
        """`changes`: tells which rows would be sent; None: all of them."""
        self._request = plan.request
        self._most = most
        self._changes = changes
        self._variables: list[str] = []
        # Of secrets nothing is needed but their names.
        open_ = replace(self._request, headers=(), proxy=None, access=Access(), auth=None)
        marked = VARIABLE.sub(self._mark, self._request.url)
        self._settings = replace(
            settings(open_), url=marked, address=address_of(parts_of(marked)), looked_up=()
        )
        columns = [column.name for column in plan.contract.columns]
        self._plan = request_plan(self._settings, self._request.seed, columns)
        self.commands: list[str] = []
        """One for each request."""

    def take(self, blocks: Iterable[Block]) -> None:
        """Shows the requests of some blocks, as long as there are too few."""
        for block in blocks:
            if self._changes is None:
                self._show(block, self._request.method, None)
                continue
            for method, rows in self._changes.judge(block).items():
                self._show(block, method, rows)

    def _show(self, block: Block, method: RequestMethod, rows: Sequence[int] | None) -> None:
        if len(self.commands) >= self._most:
            return
        outbox = Outbox(block, self._plan, method, rows)
        for row in outbox.incomplete():
            outbox.decide(row, row + 1)
        while len(self.commands) < self._most and (found := outbox.take()) is not None:
            self.commands.append(self._command(outbox, *found))

    def _command(self, outbox: Outbox, start: int, end: int) -> str:
        method, path, key, body = outbox.request(start, end)
        parts = [
            f"curl --request {method or self._request.method}",
            *self._headers(key),
            *_ways(self._request),
            f"--data-raw {shlex.quote(body.decode())}",
            self._named(sent_url(self._settings, path)),
        ]
        return " \\\n  ".join(parts)

    def _headers(self, key: str | None) -> Iterator[str]:
        request, auth = self._request, self._request.auth
        given = {"content-type": ("Content-Type", self._settings.form.content_type)}
        if key is not None:
            given[request.key_header.lower()] = (request.key_header, key)
        found = {at: shlex.quote(f"{name}: {value}") for at, (name, value) in given.items()}
        for name, value in request.headers:
            kept = without_secret(name, value)
            shown = _variable(name) if kept is None else _looked_up(kept)
            found[name.lower()] = shlex.quote(f"{name}: ") + shown
        if token := _token(request.access):
            found["authorization"] = shlex.quote("Authorization: Bearer ") + token
        if auth is not None:
            name = auth.header if isinstance(auth, ApiKey) else "Authorization"
            found[name.lower()] = shlex.quote(f"{name}: ") + _variable(name)
        return (f"--header {one}" for one in found.values())

    def _mark(self, match: re.Match[str]) -> str:
        self._variables.append(match[1])
        return _MARK.format(len(self._variables) - 1)

    def _named(self, text: str) -> str:
        """An address with the variables that it was written with."""
        parts = _MARKED.split(text)
        for at, part in enumerate(parts):
            parts[at] = f'"${self._variables[int(part)]}"' if at % 2 else _quoted(part)
        # Brackets are a part of it.
        return ("--globoff " if "[" in text else "") + "".join(parts)


def _ways(request: Endpoint) -> Iterator[str]:
    """How the server is reached."""
    if request.proxy is not None:
        none = request.proxy == "none"
        yield "--noproxy '*'" if none else f"--proxy {_looked_up(_open_proxy(request.proxy))}"
    for option, file in (
        ("--cacert", request.ca), ("--cert", request.cert), ("--key", request.cert_key)
    ):  # fmt: skip
        if file is not None:
            yield f"{option} {shlex.quote(file)}"
    if request.access.basic is not None:
        yield f"--user {_looked_up(request.access.basic)}"
    if request.http2:
        tls = request.url.lower().startswith("https:")
        yield "--http2" if tls else "--http2-prior-knowledge"


def _open_proxy(proxy: str) -> str:
    """The address of a proxy, with a variable for a password in plain text."""
    name, colon, password = proxy.rpartition("@")[0].rpartition("://")[2].partition(":")
    if not colon or not VARIABLE.sub("", password):
        return proxy
    return proxy.replace(f"{name}:{password}@", f"{name}:${{PROXY_PASSWORD}}@", 1)


def _token(access: Access) -> str:
    """Where a shell finds the bearer token; empty: there is none."""
    if access.token_file is not None:
        return _looked_up(f"@{access.token_file}")
    if access.auth_command is not None:
        return f'"$({access.auth_command})"'
    return "" if access.token_url is None else '"$TOKEN"'


def _looked_up(text: str) -> str:
    """A text for a shell, which looks up its variables, or reads the file that it names."""
    if text.startswith("@"):
        return f'"$(cat {shlex.quote(text[1:])})"'
    parts = VARIABLE.split(text)
    return "".join(f'"${part}"' if at % 2 else _quoted(part) for at, part in enumerate(parts))


def _variable(header: str) -> str:
    """A variable for the value of a header that must not be shown."""
    return f'"${re.sub(r"[^A-Z0-9]", "_", header.upper())}"'


def _quoted(text: str) -> str:
    return shlex.quote(text) if text else ""
