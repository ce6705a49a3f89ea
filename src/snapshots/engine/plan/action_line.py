"""The line before each record of a body of lines: `{"index": {"_id": "{id}"}}`."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from snapshots.errors import UsageError

_COLUMN = re.compile(r"\{([^{}]+)\}")
_MARK: Final = "\ufdd0"
"""No character: no text has it."""
_HINT: Final = """Write it like --action-line '{"index": {"_id": "{id}"}}'."""


def parts_of_line(line: str) -> list[str]:
    """Returns a text, the name of a column, a text, and so on: the JSON of the line on one line.

    >>> parts_of_line('{"index": {"_id": "{id}"}}')
    ['{"index":{"_id":"', 'id', '"}}']

    Raises UsageError if the line is no JSON object.
    """
    try:
        found = json.loads(line, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--action-line is not JSON: {error}", hint=_HINT) from error
    if not isinstance(found, dict) or not found:
        raise UsageError("--action-line is no JSON object with an action", hint=_HINT)
    names: list[str] = []
    text = json.dumps(_marked(found, names), ensure_ascii=False, separators=(",", ":"))
    parts = text.split(_MARK)
    parts[1::2] = [names[int(number)] for number in parts[1::2]]
    return parts


def columns_of_line(line: str | None) -> tuple[str, ...]:
    """Returns the columns whose values are in the line."""
    return () if line is None else tuple(parts_of_line(line)[1::2])


def _marked(value: Any, names: list[str]) -> Any:
    """The same with a mark in the place of each column; adds their names to `names`."""
    match value:
        case dict():
            return {_marked(name, names): _marked(one, names) for name, one in value.items()}
        case list():
            return [_marked(one, names) for one in value]
        case str():
            return _marked_text(value, names)
        case _:
            return value


def _marked_text(text: str, names: list[str]) -> str:
    def mark(found: re.Match[str]) -> str:
        names.append(found[1])
        return f"{_MARK}{len(names) - 1}{_MARK}"

    rest = _COLUMN.sub("", text)
    if _MARK in text or any(0xD800 <= ord(one) < 0xE000 for one in text):
        raise UsageError("--action-line has a text that is no Unicode", hint=_HINT)
    if "{" in rest or "}" in rest:
        raise UsageError(f"--action-line has a brace that belongs to no column: {text}", hint=_HINT)
    return _COLUMN.sub(mark, text)


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no value of JSON")
