"""What the adapter is told: the request, with the values that the user keeps elsewhere."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from snapshots.errors import UsageError
from snapshots.targets.http import HttpSettings

if TYPE_CHECKING:
    from snapshots.engine.request import Request

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def settings(request: Request) -> HttpSettings:
    """Everything looked up and checked. Raises UsageError."""
    return HttpSettings(
        url=_looked_up(request.url, "--to"),
        method=request.method,
        batch=request.batch,
        headers={name: _looked_up(value or "", name) for name, value in request.headers},
        auth=request.auth,
        timeout=request.timeout,
        concurrency=request.at_once,
        rate=request.rate,
        retry_seconds=request.retry_seconds,
        key_header=request.key_header,
        results=request.results,
    )


def _looked_up(text: str, place: str) -> str:
    """`@FILE` is what the file holds, `${VARIABLE}` what the variable does."""
    if text.startswith("@"):
        try:
            return Path(text[1:]).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{text[1:]} cannot be read: {error}", place=place) from error
    return _VARIABLE.sub(lambda match: _variable(match[1], place), text)


def _variable(name: str, place: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise UsageError(
            f"the variable {name} is not set",
            place=place,
            hint=f"Set it, or name a file in which it is: --env-file FILE with {name}=...",
        )
    return value
