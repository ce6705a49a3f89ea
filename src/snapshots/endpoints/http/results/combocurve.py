"""Reads answers with a result for each record: ComboCurve's 207.

The body is `{"results": [...], "generalErrors": [...], "failedCount": n, "successCount": n}`. It
has one result for each record of the request, in its order, with a `code` that is an HTTP status.
It comes with status 207 even if every record failed. A body that does not add up tells nothing.
"""

from __future__ import annotations

import json

from snapshots.endpoints.http.results.record import (
    PageRefused,
    RecordResult,
    UnclearResults,
    parsed,
)


def combocurve(body: bytes, records: int) -> list[RecordResult]:
    """Returns one result for each record. Raises UnclearResults or PageRefused if the body has
    none."""
    answer = parsed(body)
    if not isinstance(answer, dict):
        raise UnclearResults("its body is not a JSON object")
    results, general = answer.get("results", []), answer.get("generalErrors", [])
    failed, succeeded = answer.get("failedCount"), answer.get("successCount")
    if not isinstance(results, list) or not isinstance(general, list):
        raise UnclearResults("results or generalErrors is not an array")
    if general and not results and succeeded == 0:
        raise PageRefused(json.dumps(general))
    items = [_item(result) for result in results]
    good = sum(200 <= item.status < 300 for item in items)
    if len(items) != records:
        raise UnclearResults(f"it has {len(items)} results for {records} records")
    if succeeded != good or failed != records - good:
        raise UnclearResults(
            f"successCount {succeeded} and failedCount {failed} differ from its results: {good}"
            f" and {records - good}"
        )
    if general and good == records:
        raise UnclearResults("it has generalErrors, but no record failed")
    return items


def _item(result: object) -> RecordResult:
    code = result.get("code") if isinstance(result, dict) else None
    if not isinstance(code, int) or isinstance(code, bool):
        raise UnclearResults("a result has no code")
    return RecordResult(code, json.dumps(result), item=result)
