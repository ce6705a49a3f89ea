"""Limits how many requests are under way: as many as allowed, fewer if the API asks for less.

The rule is additive increase and multiplicative decrease, as in TCP. Overload halves the number;
after each window of answers without overload, one more request may be under way. A 429, or a 503
with `Retry-After`, is overload by itself. A bare 503 is a fault that any server may have now and
then: it is overload if half the answers of a window are of that kind.
"""

from __future__ import annotations

import asyncio
from collections import deque

WINDOW = 10
"""The least number of answers that a judgement is made of."""


class ConcurrencyLimit:
    """Slots for requests, given out in the order in which they were asked for."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.limit = most
        self._running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._paused = False
        self._until = 0.0
        self._answers = 0
        self._faults = 0
        self._stale = 0

    def take(self) -> bool:
        """Takes a slot if one is free and nobody waits for it."""
        free = self._running < self.limit and not self._paused and not self._waiting
        self._running += free
        return free

    @property
    def crowded(self) -> bool:
        """Whether whoever has a slot should give it back before sending anything more."""
        return self._running > self.limit or self._paused or bool(self._waiting)

    async def enter(self) -> None:
        """Waits for a slot and takes it."""
        if self.take():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Gives the slot back."""
        self._running -= 1
        if self._waiting:
            self._admit()

    def answered(self, times: int = 1) -> None:
        """Counts answers that say nothing of overload."""
        while times > 0:
            if self._stale:
                times, self._stale = max(0, times - self._stale), max(0, self._stale - times)
                continue
            judged = max(self.limit, WINDOW) - self._answers
            if times < judged:
                self._answers += times
                return
            times -= judged
            self._answers += judged
            self._judge()

    def faulted(self) -> None:
        """Counts a 503: a fault, or the beginning of overload."""
        self._faults += not self._stale
        self.answered()

    def throttled(self) -> None:
        """Lowers the limit, because the API asks for fewer requests."""
        if self._stale:
            self._stale -= 1
        else:
            self._halve()

    def pause(self, seconds: float) -> None:
        """Lets no request begin before that time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        if until > self._until:
            self._until = until
            self._paused = True
            loop.call_at(until, self._go_on, until)

    def open(self) -> None:
        """Lets everybody through, for good: nothing will be sent any more."""
        self._paused = False
        self._until = float("inf")
        self.limit = len(self._waiting) + self._running + self._most
        self._admit()

    def _go_on(self, until: float) -> None:
        # The loop may call a little early: what time it is says nothing.
        if self._paused and until >= self._until:
            self._paused = False
            self._admit()

    def _judge(self) -> None:
        """Adapts the limit, once a window of answers is full."""
        if self._faults * 2 >= self._answers:
            self._halve()
        elif self.limit < self._most:
            self.limit += 1
            self._admit()
        self._answers = self._faults = 0

    def _halve(self) -> None:
        self.limit = max(1, self.limit // 2)
        self._answers = self._faults = 0
        # What is under way began under the old limit: its answers say nothing of the new one.
        self._stale = self._running

    def _admit(self) -> None:
        while self._waiting and self._running < self.limit and not self._paused:
            turn = self._waiting.popleft()
            if not turn.done():
                self._running += 1
                turn.set_result(None)
