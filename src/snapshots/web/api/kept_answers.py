"""The endpoint for what was kept of the answers to a delivery."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from snapshots.engine.queue import commands
from snapshots.ledger import answers as kept
from snapshots.web import schemas
from snapshots.web.api.corrections import require_shown
from snapshots.web.api.imports import Id
from snapshots.web.context import Here
from snapshots.web.problems import answers

routes = APIRouter(prefix="/v1/imports", tags=["imports"], responses=answers(503))


class KeptAnswer(BaseModel):
    """What was kept of the answer to one record."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    line: int
    key: dict[str, Any] | None
    """The key of the record; null: the delivery has no key."""
    answer: Any


class KeptAnswers(BaseModel):
    """Answers in the order of the input."""

    answers: list[KeptAnswer]
    next: str | None


@routes.get(
    "/{import_id}/answers",
    response_model=KeptAnswers,
    responses=answers(403, 404, 422),
    summary="List what was kept of an API's answers",
)
def kept_answers(
    here: Here,
    import_id: Id,
    after: Annotated[int, Query(ge=0, le=1 << 62)] = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> Response:
    """Lists the answers to records of a delivery behind the line `after`."""
    with here.pool.ledger() as ledger:
        require_shown(here, ledger, commands.find(ledger, import_id))
        found = kept.after(ledger, import_id, after, limit)
    more = None
    if len(found) == limit:
        query = urlencode({"after": found[-1].line, "limit": limit})
        more = f"{schemas.path_of(import_id)}/answers?{query}"
    shown = [
        KeptAnswer(line=one.line, key=json.loads(one.key or "null"), answer=json.loads(one.answer))
        for one in found
    ]
    return schemas.answer(KeptAnswers(answers=shown, next=more))
