"""Reads s3, gs and az: objects in the stores of three clouds, through obstore."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from snapshots.errors import InputError, UsageError
from snapshots.redaction import authority, scheme_of
from snapshots.screen_text import plain
from snapshots.sources.base import empty
from snapshots.sources.compression import PIECE
from snapshots.sources.remote.access import EndedEarly, TransientFailure
from snapshots.sources.remote.protocol import RemoteFacts, RemoteResponse
from snapshots.sources.remote.urls import without_query

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import ObjectStore, RetryConfig

_STATUS: Final = re.compile(r"status code: (\d{3}[\w ]*)")
_KEY: Final = re.compile(r'Path "(.*?)"(?: contained|: Enc)', re.DOTALL)
"""The key that a listing has, in the error of a library that cannot name it."""
_NO_SUCH_RANGE: Final = "status code: 416"
"""What an empty object answers: not even its first byte is there."""
_CLOUDS: Final = ("AWS_", "GOOGLE_", "AZURE_", "HTTP", "http", "NO_PROXY", "no_proxy", "SSL_")
"""How the names of variables begin that say how a store is reached."""
_OWN_CLOUD: Final = re.compile(r"169\.254\.\d|computeMetadata|Account must be specified")
"""In errors without credentials: the last that is asked for some is the host's own cloud."""
_RETRIES: Final[RetryConfig] = {"max_retries": 1, "retry_timeout": timedelta(seconds=10)}
"""The library's own retries: few, because reading tries again and can be stopped then."""
_PATIENT: Final[RetryConfig] = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}
_LOGIN: Final = (
    "Check the name and the variables of its cloud: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,"
    " AWS_REGION (AWS_SKIP_SIGNATURE=true for public data); GOOGLE_APPLICATION_CREDENTIALS;"
    " AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY"
)


class NoCredentials(TransientFailure):
    """Nobody gave credentials, and the host's own cloud has none, or does not answer just now."""


def open_store(url: str, *, patient: bool = False) -> ObjectStore:
    """The store that the URL of an object or of a pattern names. `patient`: the library tries again
    by itself for longer.

    Raises UsageError without the package, and InputError for a URL that names no object.
    """
    if not authority(url) or not without_query(url).strip("/"):
        raise InputError(
            "This is not the URL of an object.",
            place=url,
            hint=f"Write the bucket and the key: {scheme_of(url)}://BUCKET/folder/rides.csv",
        )
    return open_bucket(url, patient=patient)


def open_bucket(url: str, *, patient: bool = False) -> ObjectStore:
    """Opens the store of a URL, whatever it names there. Raises UsageError without the package, and
    InputError for a URL without a bucket."""
    try:
        import obstore.store  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "The package for object stores is not installed.",
            place=url,
            hint="Install it: pip install 'snapshots[stores]'",
        ) from error
    scheme, bucket = scheme_of(url), authority(url)
    if not bucket:
        raise InputError(
            "This URL names no bucket.", place=url, hint=f"Write it: {scheme}://BUCKET/folder/"
        )
    try:
        return _opened(f"{scheme}://{bucket}", patient, _settings(), os.getpid())
    except Exception as error:
        raise InputError("The object store cannot be opened.", place=url, hint=_LOGIN) from error


@lru_cache(maxsize=8)
def _opened(
    bucket: str,
    patient: bool,
    _settings: tuple[tuple[str, str], ...],
    _process: int,
) -> ObjectStore:
    """Opens a store, and keeps it for the next object: it has read all certificates of the system,
    and has connections that are open. A child process cannot use its parent's."""
    from obstore.store import from_url

    return from_url(bucket, retry_config=_PATIENT if patient else _RETRIES)


def _settings() -> tuple[tuple[str, str], ...]:
    """The variables that the library reads when it opens a store."""
    return tuple(sorted(one for one in os.environ.items() if one[0].startswith(_CLOUDS)))


def translated(error: Exception, place: str) -> InputError:
    """The error for what the library says. Its text is left out: it may hold a signed URL."""
    from obstore import exceptions

    if isinstance(error, FileNotFoundError):
        return InputError(
            "The object does not exist.",
            place=place,
            hint="Check the bucket and the key.",
        )
    if _OWN_CLOUD.search(str(error)):
        return NoCredentials.of("There are no credentials for the object store.", place, _LOGIN)
    refused = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
    status = _STATUS.search(str(error))
    if isinstance(error, refused) or (status and status[1].startswith(("401", "403"))):
        # A listing has no error of its own for this.
        return InputError("The object store denies access.", place=place, hint=_LOGIN)
    why = f"status {status[1].strip()}" if status else type(error).__name__
    return TransientFailure.of(f"The object store cannot be read: {why}.", place, _LOGIN)


def _oddity(key: str) -> str:
    """What the library cannot read in the key of an object."""
    if not key.isprintable():
        return "a control character"
    return "two slashes in a row" if "//" in key else "a dot or two between slashes"


def not_listed(error: Exception, place: str) -> InputError:
    """The error for what the library says of a listing, for whose errors it has no classes."""
    from obstore import exceptions

    if isinstance(error, exceptions.InvalidPathError):
        key = found[1] if (found := _KEY.search(str(error))) else ""
        return InputError(
            f"The folder cannot be listed: its key '{plain(key)}' has {_oddity(key)}.",
            place=place,
            hint="Rename that object, or name a folder without such keys.",
        )
    status = _STATUS.search(str(error))
    if status and status[1].startswith("404"):
        return InputError(
            "The bucket does not exist.", place=place, hint="Check its name and its region."
        )
    return translated(error, place)


def strong(etag: str | None) -> str | None:
    """An ETag as the header of an answer has it; some listings leave its quotes out. None if it is
    weak."""
    if not etag or etag.startswith("W/"):
        return None
    return etag if etag.startswith('"') else f'"{etag}"'


def whole_seconds(moment: datetime) -> int:
    """A time in ns, but in whole seconds: listings are more exact than the headers of answers."""
    return int(moment.timestamp()) * 1_000_000_000


class StoreRemote:
    """One object of a store. Every answer is a range: all stores offer them."""

    def __init__(self, name: str) -> None:
        """`name` is `scheme://bucket/key`."""
        self._place = name
        self._store = open_store(name)
        self._key = without_query(name).lstrip("/")

    def get(self, start: int = 0, end: int | None = None) -> RemoteResponse:
        """See `protocol.Remote`."""
        from obstore import get

        try:
            result = get(self._store, self._key, options={"range": (start, end or PIECE)})
        except Exception as error:
            if not start and _NO_SUCH_RANGE in str(error):
                raise empty(self._place) from error
            raise translated(error, self._place) from error
        meta = result.meta
        modified = whole_seconds(meta["last_modified"])
        facts = RemoteFacts(meta["size"], strong(meta["e_tag"]), modified)
        return RemoteResponse(facts, True, _StoreBody(self, result))

    def expect(self, facts: RemoteFacts) -> None:
        """Does nothing: every answer says what it is about."""

    def close(self) -> None:
        """Does nothing: the library ends its requests itself after 30 s of silence."""

    def translated(self, error: Exception) -> InputError:
        """The error for what the library says while the answer is read."""
        return translated(error, self._place)

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
