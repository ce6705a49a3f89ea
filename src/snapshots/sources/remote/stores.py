"""Reads s3, gs and az: objects in the stores of three clouds, through obstore."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from snapshots.errors import InputError, UsageError
from snapshots.redaction import authority, scheme_of
from snapshots.sources.compression import PIECE
from snapshots.sources.remote.access import EndedEarly, TransientFailure
from snapshots.sources.remote.protocol import RemoteFacts, RemoteResponse
from snapshots.sources.remote.urls import without_query

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import RetryConfig

_STATUS: Final = re.compile(r"status code: (\d{3}[\w ]*)")
_RETRIES: Final[RetryConfig] = {"max_retries": 1, "retry_timeout": timedelta(seconds=10)}
"""The library's own retries: few, because reading tries again and can be stopped then."""
_LOGIN: Final = (
    "Check the name and the variables of its cloud: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,"
    " AWS_REGION (AWS_SKIP_SIGNATURE=true for public data); GOOGLE_APPLICATION_CREDENTIALS;"
    " AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY"
)


class StoreRemote:
    """One object of a store. Every answer is a range: all stores offer them."""

    def __init__(self, name: str) -> None:
        """`name` is `scheme://bucket/key`."""
        try:
            from obstore.store import from_url
        except ImportError as error:
            raise UsageError(
                "The package for object stores is not installed.",
                place=name,
                hint="Install it: pip install 'snapshots[stores]'",
            ) from error
        scheme, bucket = scheme_of(name), authority(name)
        self._place = name
        self._key = without_query(name).lstrip("/")
        if not bucket or not self._key:
            raise InputError(
                "This is not the URL of an object.",
                place=name,
                hint=f"Write the bucket and the key: {scheme}://BUCKET/folder/rides.csv",
            )
        try:
            self._store = from_url(f"{scheme}://{bucket}", retry_config=_RETRIES)
        except Exception as error:
            raise InputError(
                "The object store cannot be opened.", place=name, hint=_LOGIN
            ) from error

    def get(self, start: int = 0, end: int | None = None) -> RemoteResponse:
        """See `protocol.Remote`."""
        from obstore import get

        try:
            result = get(self._store, self._key, options={"range": (start, end or PIECE)})
        except Exception as error:
            raise self.translated(error) from error
        meta = result.meta
        etag = meta["e_tag"]
        facts = RemoteFacts(
            meta["size"],
            etag if etag and etag.startswith('"') else None,
            int(meta["last_modified"].timestamp()) * 1_000_000_000,
        )
        return RemoteResponse(facts, True, _StoreBody(self, result))

    def close(self) -> None:
        """Does nothing: the library ends its requests itself after 30 s of silence."""

    def translated(self, error: Exception) -> InputError:
        """The error for what the library says. Its text is left out: it may hold a signed URL."""
        from obstore import exceptions

        if isinstance(error, FileNotFoundError):
            return InputError(
                "The object does not exist.",
                place=self._place,
                hint="Check the bucket and the key.",
            )
        refused = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
        if isinstance(error, refused):
            return InputError("The object store denies access.", place=self._place, hint=_LOGIN)
        status = _STATUS.search(str(error))
        why = f"status {status[1].strip()}" if status else type(error).__name__
        return TransientFailure.of(f"The object store cannot be read: {why}.", self._place, _LOGIN)

    def cut(self, missing: int) -> EndedEarly:
        """The error for an answer that is too short."""
        return EndedEarly.of(
            f"The object store's answer ends {missing} bytes early.", self._place, "Try again."
        )


class _StoreBody:
    def __init__(self, remote: StoreRemote, result: GetResult) -> None:
        self._remote = remote
        self._result = result

    def __iter__(self) -> Iterator[bytes]:
        start, end = self._result.range
        try:
            for piece in self._result.stream(min_chunk_size=PIECE):
                start += len(piece)
                yield bytes(piece)
        except Exception as error:
            raise self._remote.translated(error) from error
        if start < end:
            raise self._remote.cut(end - start)

    def close(self) -> None:
        """Does nothing: a dropped answer holds no resources."""
