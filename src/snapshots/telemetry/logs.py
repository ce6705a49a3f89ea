"""Writes logs to stderr: one line for each event that matters, as text or as JSON."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from snapshots.screen_text import plain_json
from snapshots.telemetry.log_lines import LogLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.telemetry.log_lines import Field, Lines


def log(form: str, lines: Lines) -> Callable[[object], None]:
    """Returns a listener that writes lines in the form `text` or `json`. Lines of several threads
    do not mix."""
    written = _json if form == "json" else _text

    def listener(event: object) -> None:
        if log_line := lines(event):
            _write(written, log_line)

    return listener


def _write(written: Callable[[str, LogLine], str], log_line: LogLine) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    sys.stderr.write(f"{written(now, log_line)}\n")
    sys.stderr.flush()


def _json(now: str, log_line: LogLine) -> str:
    head = {"time": now, "level": log_line.level, "event": log_line.event}
    return plain_json(json.dumps({**head, **log_line.fields}, ensure_ascii=False))


def _text(now: str, log_line: LogLine) -> str:
    fields = [
        f"{name}={_word(value)}" for name, value in log_line.fields.items() if value is not None
    ]
    return " ".join([now, log_line.level.upper(), log_line.event, *fields])


def _word(value: Field) -> str:
    """Returns a value without spaces as it is, and any other in quotes, so that a line can be split
    again."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    simple = text.isprintable() and not set(text) & set(' "=')
    return text if simple and text else plain_json(json.dumps(text, ensure_ascii=False))
