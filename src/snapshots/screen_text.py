"""Makes texts of others (names, answers, messages of servers) harmless for a screen.

A name may hold characters that move a cursor, clear a screen, set a window's title or turn the
direction of writing. A line end in it would begin a line that seems to be ours. Write `plain` text
for people, and `plain_json`, which is the same JSON, for programs.
"""

from __future__ import annotations

import json
import unicodedata


def plain(text: str, keep: str = "") -> str:
    r"""Returns the text on one line, with an escape for every character that is not seen or moves
    others.

    `keep`: characters that stay as they are.

    >>> plain("a\x1b[2J\nb\u202ec")
    'a\\x1b[2J\\nb\\u202ec'
    """
    if text.isprintable():
        return text
    unseen = {c for c in set(text) if not (c in keep or _is_seen(c))}
    return text.translate({ord(c): _escape(c) for c in unseen})


def plain_json(text: str) -> str:
    r"""Returns JSON of the same meaning, in which `plain` would change nothing.

    >>> plain_json('{"a": "\x9b2J"}')
    '{"a": "\\u009b2J"}'
    """
    if text.isprintable():
        return text
    # Outside of its strings JSON has no such characters but line ends and tabs, which stay.
    unseen = {c for c in set(text) if not (c in "\n\r\t" or _is_seen(c))}
    return text.translate({ord(c): json.dumps(c)[1:-1] for c in unseen})


def _is_seen(character: str) -> bool:
    """Whether a character can be seen. Blanks of other widths are harmless: people write them into
    headers."""
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
