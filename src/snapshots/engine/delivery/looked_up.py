"""Looks up what the user keeps elsewhere: in variables and files."""

from __future__ import annotations

import os
import re
from pathlib import Path

from snapshots.errors import UsageError

VARIABLE = re.compile(r"\$\{(\w+)\}")


def looked_up(text: str, place: str, found: list[str]) -> str:
    """Replaces `@FILE` by what the file holds, and `${VARIABLE}` by the variable; `found` gets
    both."""
    if text.startswith("@"):
        try:
            held = Path(text[1:]).read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{text[1:]} cannot be read: {error}", place=place) from error
        found.append(held)
        return held

    def value(match: re.Match[str]) -> str:
        found.append(_variable(match[1], place))
        return found[-1]

    return VARIABLE.sub(value, text)


def _variable(name: str, place: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise UsageError(
            f"the environment variable {name} is not set",
            place=place,
            hint=f"Set it, or name a file that holds {name}=...: --env-file FILE",
        )
    return value
