"""Tells what a user has changed in a rejected record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.plan.corrected import Field, fields_of_record, written

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.engine.repair.corrections_file import GivenCorrection
    from snapshots.engine.repair.records import RejectedRecord

BROKEN = "broken_correction"
"""Nothing is loaded of it, because it cannot be told what the record is to be."""


class Unclear(Exception):
    """It cannot be told what a corrected record is to be. Its text is a sentence."""


def corrected(record: RejectedRecord, given: GivenCorrection, plan: Plan) -> bytes | None:
    """The record as it was edited, as a correction; None: nothing was changed. Raises Unclear."""
    width = len(plan.header)
    if record.fields is None:
        return _of_broken(record, given, plan, width)
    if given.record:
        raise Unclear("_record must be empty here: correct the fields instead.")
    fields = list(record.fields)
    changed = False
    for index, field in given.values.items():
        # Most files write an empty text and NULL alike.
        other = given.tells_null and field != fields[index] and not field.text
        if other or _plain(field.text) != _plain(fields[index].text):
            fields[index] = field
            changed = True
    return written(fields) if changed else None


def _of_broken(
    record: RejectedRecord, given: GivenCorrection, plan: Plan, width: int
) -> bytes | None:
    filled = any(field.text for field in given.values.values())
    same = given.record is None or _plain(given.record) == _plain(record.text)
    if given.record and filled:
        if same:
            raise Unclear("Its fields are filled: empty _record as well.")
        raise Unclear("Correct either its fields or _record, and empty the other.")
    if given.record and not same:
        fields = fields_of_record(
            given.record.encode("utf-8", "surrogatepass"), plan.dialect, width
        )
        if fields is None:
            raise Unclear(f"_record is not one record of {width} fields.")
        return written(fields)
    if not filled:
        return None
    if len(given.values) < width:
        raise Unclear("It needs a value for each column of the input.")
    return written([given.values.get(index, Field("")) for index in range(width)])


def _plain(text: str) -> str:
    """The text without what spreadsheets change in line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def same_fields(fields: list[Field], given: GivenCorrection) -> bool:
    """Whether a correction gives fields that a record has already."""
    return all(
        _plain(field.text) == _plain(fields[index].text) for index, field in given.values.items()
    )
