"""Text that others wrote (names, answers, sentences of servers), made harmless for a screen.

A name may hold what moves a cursor, clears a screen, sets a window's title or turns the direction
of writing, and a line end would begin a line that we seem to have said. Whoever writes for people
writes `plain` text; whoever writes JSON writes `plain_json`, which is the same JSON.
"""

from __future__ import annotations

import json
import unicodedata


def plain(text: str, keep: str = "") -> str:
    r"""The text on one line, with an escape for all that is not seen or moves what is.

    `keep`: characters that stay as they are.

    >>> plain("a\x1b[2J\nb\u202ec")
    'a\\x1b[2J\\nb\\u202ec'
    """
    if text.isprintable():
        return text
    unseen = {c for c in set(text) if not (c in keep or _is_seen(c))}
    return text.translate({ord(c): _escape(c) for c in unseen})


def plain_json(text: str) -> str:
    r"""JSON that says the same, with nothing in it that `plain` would change.

    >>> plain_json('{"a": "\x9b2J"}')
    '{"a": "\\u009b2J"}'
    """
    if text.isprintable():
        return text
    # Outside of its strings JSON has no such characters but line ends and tabs, which stay.
    unseen = {c for c in set(text) if not (c in "\n\r\t" or _is_seen(c))}
    return text.translate({ord(c): json.dumps(c)[1:-1] for c in unseen})


def _is_seen(character: str) -> bool:
    """Blanks of other widths are no harm: people write them into headers."""
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
