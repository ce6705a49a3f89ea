"""Parameters in the query of a URL: what nobody knows is refused, as it is in bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import Request  # noqa: TC002 - FastAPI reads it
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

if TYPE_CHECKING:
    from fastapi.dependencies.models import Dependant

_MOST = 20
"""That an answer names."""


async def known_query(request: Request) -> None:
    """Raises RequestValidationError for a parameter that the endpoint does not have: whoever writes
    `sorted` for `sort` must not take what comes for sorted."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not request.query_params:
        return
    known = _known(route.dependant)
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        has = f"It has {', '.join(sorted(known))}." if known else "It has none."
        errors: list[dict[str, Any]] = [
            {
                "type": "extra_forbidden",
                "loc": ("query", name[:60]),
                "msg": f"this endpoint has no such parameter. {has}",
            }
            for name in unknown[:_MOST]
        ]
        raise RequestValidationError(errors)


def _known(dependant: Dependant) -> set[str]:
    """Those of an endpoint, and of what it depends on."""
    known = {param.alias for param in dependant.query_params}
    return known.union(*map(_known, dependant.dependencies))
