"""The event loop that deliveries run on."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Runs a coroutine to its end in a new loop of this thread: uvloop's, for its speed."""
    return uvloop.run(work)
