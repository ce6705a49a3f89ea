"""Whether stderr is coloured, and how.

https://no-color.org and the usual FORCE_COLOR: any value but none of NO_COLOR means no escape at
all. A terminal that calls itself `dumb` knows no escapes. FORCE_COLOR colours a pipe, too.
"""

from __future__ import annotations

import os
import sys

_CODES = {"error": "31", "warning": "33", "faint": "2"}
_NO = ("", "0", "false")


def coloured() -> bool:
    """Whether stderr gets colours."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "").lower() not in _NO:
        return True
    return sys.stderr.isatty() and not is_dumb()


def is_dumb() -> bool:
    """Whether the terminal says that it can only print lines."""
    return os.environ.get("TERM", "").lower() in {"", "dumb", "unknown"}


def styled(text: str, style: str) -> str:
    """The text in the colour of an `error` or a `warning`, or `faint`; as it is without colours."""
    code = _CODES.get(style)
    return f"\x1b[{code}m{text}\x1b[0m" if code and coloured() else text
