"""Keeps what proves who we are up to date: before it ends, and when it is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from snapshots.endpoints.http.auth.plain import Auth, Post, Renewable
from snapshots.errors import SnapshotsError, Stopped
from snapshots.retry import Retries, RetryPolicy
from snapshots.time_limits import FIRST_CONTACT_SECONDS

LOOK_SECONDS = 1.0
"""Seconds between two looks at the headers."""
_POLICY = RetryPolicy(first_pause=0.2, longest_pause=10.0)


class Upkeep:
    """The headers of one delivery. For the tasks of one event loop."""

    def __init__(
        self,
        auth: Auth | None,
        retry_seconds: float,
        post: Post,
        tell: Callable[[Mapping[str, str]], None],
        failed: Callable[[SnapshotsError], None],
    ) -> None:
        """`retry_seconds`: for how long to try to get others. `tell` gets headers that have
        changed, `failed` an error that nobody waits for."""
        self._auth = auth
        self._retry_seconds = retry_seconds
        self._post = post
        self._tell = tell
        self._failed = failed
        self._current: Mapping[str, str] = {}
        self.proof = 0
        """How often headers were told."""
        self._keeping: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def renewable(self) -> bool:
        """Whether other headers can be had if these are refused."""
        return isinstance(self._auth, Renewable)

    def close(self) -> None:
        """Ends what is under way; whoever waits for it gets `Stopped`."""
        self._closed = True
        for task in (self._keeping, self._renewing):
            if task is not None:
                task.cancel()

    async def ready(self) -> None:
        """Returns once there are headers. Raises what `Renewable.renew` raises in the end."""
        if self._keeping is not None or self._auth is None or self._closed:
            return
        if isinstance(self._auth, Renewable) and self._auth.due():
            await self._renew(FIRST_CONTACT_SECONDS)
        self._look()
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep())

    async def renew(self, proof: int) -> None:
        """Returns once there are other headers than the ones that were told as number `proof`.

        Raises what `Renewable.renew` raises in the end.
        """
        if proof == self.proof:
            await self._renew(self._retry_seconds)

    async def _keep(self) -> None:
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                if isinstance(self._auth, Renewable) and self._auth.due():
                    await self._renew(self._retry_seconds)
                self._look()
        except SnapshotsError as error:
            self._failed(error)

    async def _renew(self, patience: float) -> None:
        """Renews once, however many wait for it."""
        if self._closed:
            raise Stopped("stopped")
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._tried(patience))
        task = self._renewing
        await asyncio.wait({task})
        if task.cancelled():
            raise Stopped("stopped")
        task.result()

    async def _tried(self, patience: float) -> None:
        assert isinstance(self._auth, Renewable)  # noqa: S101 - for the type checker
        retries = Retries(replace(_POLICY, seconds=patience))
        while True:
            try:
                await self._auth.renew(self._post)
            except SnapshotsError as error:
                retries.failed()
                pause = retries.pause()
                if not error.retryable or not retries.may_go_on(pause):
                    raise
                await asyncio.sleep(pause)
            else:
                break
        self._look(renewed=True)

    def _look(self, *, renewed: bool = False) -> None:
        assert self._auth is not None  # noqa: S101 - for the type checker
        headers = dict(self._auth.headers())
        if renewed or headers != self._current:
            self._current = headers
            self.proof += 1
            self._tell(headers)
