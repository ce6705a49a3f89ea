"""Looks up what the adapter is told: the request, with the values that the user keeps elsewhere."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from snapshots.endpoints.http import HttpSettings
from snapshots.errors import UsageError

if TYPE_CHECKING:
    from snapshots.endpoints.http import RecordOutcome
    from snapshots.engine.plan.endpoint import Endpoint

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def settings(request: Endpoint, *, stop_on_error: bool = False) -> HttpSettings:
    """Looks everything up and checks it. Raises UsageError."""
    secrets: list[str] = []
    return HttpSettings(
        url=_looked_up(request.url, "--to", secrets),
        place=request.url.partition("?")[0],
        method=request.method,
        batch=request.batch,
        headers={name: _looked_up(value or "", name, secrets) for name, value in request.headers},
        looked_up=secrets,
        auth=request.auth,
        timeout=request.timeout,
        concurrency=request.at_once,
        rate=request.rate,
        retry_seconds=request.retry_seconds,
        key_header=request.key_header,
        results=request.results,
        last=_last(request, stop_on_error=stop_on_error),
        wary=True,
    )


def _last(request: Endpoint, *, stop_on_error: bool) -> frozenset[RecordOutcome]:
    """Returns the outcomes of a record behind which nothing is to be sent."""
    if stop_on_error:
        return frozenset({"rejected", "undeliverable"})
    # What is tried again later would come behind what is sent now.
    return frozenset({"undeliverable"} if request.ordered else ())


def _looked_up(text: str, place: str, found: list[str]) -> str:
    """Replaces `@FILE` by what the file holds, and `${VARIABLE}` by the variable; `found` gets
    both."""
    if text.startswith("@"):
        try:
            held = Path(text[1:]).read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{text[1:]} cannot be read: {error}", place=place) from error
        found.append(held)
        return held

    def value(match: re.Match[str]) -> str:
        found.append(_variable(match[1], place))
        return found[-1]

    return _VARIABLE.sub(value, text)


def _variable(name: str, place: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise UsageError(
            f"the environment variable {name} is not set",
            place=place,
            hint=f"Set it, or name a file that holds {name}=...: --env-file FILE",
        )
    return value
