"""Whose fault it is that tasks are lost: that of a part of the input, or of the hosts.

A part that kills its tasks must end the import. Hosts that lose many tasks must not, as long as
some of them get through.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from msgspec import Struct, field

MOST: Final = 5
"""Tasks of one part that are lost, one after the other, before it is blamed."""


class _Streak(Struct):
    """The losses of a part since it last got on."""

    before: int
    """Losses of all parts before its first."""
    count: int = 0
    seen: deque[int] = field(default_factory=lambda: deque(maxlen=MOST))
    """How far the import was at each of them."""


class Losses:
    """Those of one import. A part is anything that can be a dictionary's key."""

    def __init__(self) -> None:
        self._all = 0
        self._progress = 0
        self._streaks: dict[object, _Streak] = {}

    def got_on(self, part: object) -> None:
        """A task of this part has done something that lasts."""
        self._progress += 1
        self._streaks.pop(part, None)

    def of(self, part: object) -> int:
        """How many tasks of it were lost since it last got on."""
        streak = self._streaks.get(part)
        return streak.count if streak else 0

    def too_many(self, part: object) -> bool:
        """Notes a lost task. Whether the part is to blame, or nothing gets on any more.

        >>> losses = Losses()
        >>> [losses.too_many("a") for _ in range(5)]
        [False, False, False, False, True]
        """
        streak = self._streaks.setdefault(part, _Streak(self._all))
        self._all += 1
        streak.count += 1
        streak.seen.append(self._progress)
        of_others = self._all - streak.before - streak.count
        stuck = streak.count >= MOST and streak.seen[0] == self._progress
        return stuck or streak.count >= MOST + 2 * of_others
