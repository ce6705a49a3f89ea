"""Tells the kernel how rows become requests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from snapshots._native import RequestPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.endpoints.http.settings import HttpSettings


def request_plan(settings: HttpSettings, seed: str, columns: Sequence[str]) -> RequestPlan:
    """What makes requests of rows with these columns. `seed`: of their idempotency keys."""
    form = settings.form
    spec = {
        "seed": seed,
        "keyed": bool(settings.key_header),
        "size": form.batch,
        "most_bytes": form.batch_bytes,
        "framing": form.framing._asdict(),
        "address": settings.address,
        "action_line": settings.action_line,
        "method_column": settings.method_column,
        "form": form.body == "form",
        "nested": list(columns) if form.nested else None,
    }
    return RequestPlan(json.dumps(spec))
