"""Reads what an answer says of each of its records, instead of believing its status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from snapshots.endpoints.http.response import MULTI_STATUS
from snapshots.endpoints.http.results.combocurve import combocurve
from snapshots.endpoints.http.results.items import items_of
from snapshots.endpoints.http.results.record import (
    PageRefused,
    RecordResult,
    UnclearResults,
    parsed,
)
from snapshots.item_results import ELASTICSEARCH, SALESFORCE, ItemResults
from snapshots.json_pointer import same, value_at

if TYPE_CHECKING:
    from snapshots.endpoints.http.response import Response
    from snapshots.endpoints.http.settings import HttpSettings

__all__ = ["PageRefused", "RecordResult", "UnclearResults", "results_of"]

_WITHOUT_BODY = {204, 205}
_KNOWN = {"salesforce": SALESFORCE, "elasticsearch": ELASTICSEARCH}


def results_of(settings: HttpSettings, answer: Response, records: int) -> list[RecordResult]:
    """Returns one result for each record. Raises UnclearResults or PageRefused if the body has
    none."""
    if not answer.complete:
        raise UnclearResults("the body was cut off")
    rules = settings.results
    if rules == "combocurve" and answer.status == MULTI_STATUS:
        body, found = None, combocurve(answer.body, records)
    else:
        known = _KNOWN.get(rules) if isinstance(rules, str) else rules
        if known is None and answer.status in _WITHOUT_BODY:
            return [RecordResult(answer.status, "")] * records
        body = parsed(answer.body)
        _require_success(settings, body)
        if isinstance(known, ItemResults):
            found = items_of(known, body, records, answer.status)
        else:
            found = [RecordResult(answer.status, "", item=body)] * records
    if settings.keep is None:
        return found
    return [one.kept_at(settings.keep) for one in found]


def _require_success(settings: HttpSettings, body: object) -> None:
    if settings.success is None:
        return
    pointer, wanted = settings.success
    found = value_at(body, pointer)
    if not same(found, wanted):
        raise PageRefused(json.dumps(body))
