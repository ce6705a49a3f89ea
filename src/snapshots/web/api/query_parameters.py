"""Refuses query parameters that an endpoint does not have, as bodies refuse unknown members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import Request  # noqa: TC002 - FastAPI reads it
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

if TYPE_CHECKING:
    from fastapi.dependencies.models import Dependant

_MOST = 20
"""The most unknown parameters that an answer names."""


async def known_query(request: Request) -> None:
    """Raises RequestValidationError for a parameter that the endpoint does not have. Whoever writes
    `sorted` for `sort` must not get unsorted rows without a word."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not request.query_params:
        return
    known = _known(route.dependant)
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        has = (
            f"Its parameters are {', '.join(sorted(known))}." if known else "It has no parameters."
        )
        errors: list[dict[str, Any]] = [
            {
                "type": "extra_forbidden",
                "loc": ("query", name[:60]),
                "msg": f"this endpoint does not have this parameter. {has}",
            }
            for name in unknown[:_MOST]
        ]
        raise RequestValidationError(errors)


def _known(dependant: Dependant) -> set[str]:
    """Returns the parameters of an endpoint and of its dependencies."""
    known = {param.alias for param in dependant.query_params}
    return known.union(*map(_known, dependant.dependencies))
