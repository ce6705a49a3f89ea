"""Reads results that JSON Pointers name."""

from __future__ import annotations

import json

from snapshots.endpoints.http.results.record import RecordResult, UnclearResults
from snapshots.item_results import ItemResults
from snapshots.json_pointer import MISSING, same, value_at

REFUSED = 400
CONFLICT = 409
LATER = 503
"""Statuses that mean the same as a refusal without one: for good, perhaps because of an earlier
request, or for now."""


def items_of(rules: ItemResults, body: object, records: int, status: int) -> list[RecordResult]:
    """Returns one result for each record; `status` is that of the answer. Raises UnclearResults."""
    found = value_at(body, rules.items)
    if not isinstance(found, list):
        raise UnclearResults(f"it has no array at {rules.items or 'its top'!r}")
    if len(found) != records:
        raise UnclearResults(f"it has {len(found)} results for {records} records")
    return [_item(rules, _unwrapped(one) if rules.wrapped else one, status) for one in found]


def _unwrapped(item: object) -> object:
    if not isinstance(item, dict) or len(item) != 1:
        raise UnclearResults("a result is not an object with one member")
    return next(iter(item.values()))


def _item(rules: ItemResults, item: object, status: int) -> RecordResult:
    if rules.status is not None:
        found = value_at(item, rules.status)
        if not isinstance(found, int) or isinstance(found, bool):
            raise UnclearResults(f"a result has no status at {rules.status!r}")
        return RecordResult(found, _reason(rules, item), item=item)
    assert rules.success is not None  # noqa: S101 - `ItemResults` has one of both
    found = value_at(item, rules.success)
    if same(found, rules.success_value):
        return RecordResult(status, "", item=item)
    code = None if rules.code is None else value_at(item, rules.code)
    meant = CONFLICT if not rules.conflicts or code in rules.conflicts else REFUSED
    meant = LATER if code in rules.retry else meant
    return RecordResult(meant, _reason(rules, item), own=False, item=item)


def _reason(rules: ItemResults, item: object) -> str:
    parts = [value_at(item, pointer) for pointer in (rules.code, rules.error) if pointer]
    texts = [
        one if isinstance(one, str) else json.dumps(one) for one in parts if one is not MISSING
    ]
    return ": ".join(texts) or json.dumps(item)
