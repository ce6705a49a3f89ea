"""Chance that is the same everywhere."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Of `random` only what its documentation says no version will change."""

    def __init__(self, seed: int) -> None:
        self.roll = random.Random(seed).random

    def below(self, end: int) -> int:
        return int(self.roll() * end)

    def between(self, first: int, last: int) -> int:
        return first + self.below(last - first + 1)

    def pick(self, things: Sequence[T]) -> T:
        return things[self.below(len(things))]
