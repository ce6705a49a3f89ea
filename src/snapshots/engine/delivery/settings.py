"""Looks up what the adapter is told: the request, with the values that the user keeps elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from snapshots.endpoints.http import HttpSettings
from snapshots.endpoints.http.transport import quoted
from snapshots.engine.delivery.access import auth_of
from snapshots.engine.delivery.group_commit import WINDOW
from snapshots.engine.delivery.looked_up import looked_up
from snapshots.engine.plan.action_line import parts_of_line
from snapshots.engine.plan.address import parts_of
from snapshots.route import Route

if TYPE_CHECKING:
    from snapshots.endpoints.http import Quota, RecordOutcome
    from snapshots.engine.plan.endpoint import Endpoint


def settings(
    request: Endpoint, *, stop_on_error: bool = False, quota: Quota | None = None
) -> HttpSettings:
    """Looks everything up and checks it. Raises UsageError."""
    secrets: list[str] = []
    parts = parts_of(request.url)
    parts[::2] = [looked_up(part, "--to", secrets) for part in parts[::2]]
    return HttpSettings(
        url="".join(f"{{{part}}}" if at % 2 else part for at, part in enumerate(parts)),
        address=address_of(parts),
        place=request.url.partition("?")[0],
        method=request.method,
        batch=request.batch,
        batch_bytes=request.batch_bytes,
        body=request.body,
        envelope=request.envelope,
        action_line=None if request.action_line is None else parts_of_line(request.action_line),
        nested=request.nested,
        method_column=request.method_column,
        headers={name: looked_up(value or "", name, secrets) for name, value in request.headers},
        looked_up=secrets,
        auth=request.auth or auth_of(request.access, secrets),
        timeout=request.timeout,
        concurrency=request.at_once,
        rate=request.rate,
        retry_seconds=request.retry_seconds,
        key_header=request.key_header,
        results=request.results,
        success=request.success,
        keep=request.keep,
        per_minute=request.per_minute,
        quota=quota,
        last=_last(request, stop_on_error=stop_on_error),
        route=Route(
            None if request.proxy is None else looked_up(request.proxy, "--proxy", secrets),
            request.ca,
            request.cert,
            request.cert_key,
        ),
        http2=request.http2,
        wary=True,
        window=WINDOW * request.at_once,
    )


def address_of(parts: list[str]) -> list[str] | None:
    """The path and query of an address in which records choose something."""
    if len(parts) == 1:
        return None
    first, texts = urlsplit(parts[0]), [quoted(part) for part in parts[::2]]
    start = len(f"{first.scheme}://{first.netloc}")
    texts[0] = quoted(parts[0][start:]) or "/"
    found = list(parts)
    found[::2] = texts
    return found


def _last(request: Endpoint, *, stop_on_error: bool) -> frozenset[RecordOutcome]:
    """Returns the outcomes of a record behind which nothing is to be sent."""
    if stop_on_error:
        return frozenset({"rejected", "undeliverable"})
    # What is tried again later would come behind what is sent now.
    return frozenset({"undeliverable"} if request.ordered else ())
