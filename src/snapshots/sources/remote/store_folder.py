"""Lists a folder of an object store: the objects whose keys begin with its name and a slash."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.errors import InputError, UsageError
from snapshots.redaction import authority, scheme_of
from snapshots.sources.remote.listing import escaped, is_pattern
from snapshots.sources.remote.stores import (
    NoCredentials,
    not_listed,
    open_bucket,
    strong,
    translated,
    whole_seconds,
)
from snapshots.sources.remote.urls import without_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from obstore import ObjectMeta


class StoredObject(Struct, frozen=True):
    """What a store says of an object without being asked for its bytes."""

    name: str
    """Its key without that of the folder. It ends with a slash if this is a folder below."""
    size: int
    modified_ns: int
    """In whole seconds, as the header of an answer has them."""
    etag: str | None


class StoreFolder:
    """A folder of a store, or a whole bucket. Thread-safe."""

    def __init__(self, url: str) -> None:
        """`url` is `scheme://bucket` or `scheme://bucket/folder/`, with or without the last slash.

        Raises UsageError for a pattern or without the package, and InputError for another URL.
        """
        if is_pattern(url):
            raise UsageError(
                "This is a pattern, and sync watches a folder.",
                place=url,
                hint="Name the folder, and the names with --pattern: s3://bucket/in/ --pattern"
                " 'sales_*.csv'",
            )
        self._store = open_bucket(url)
        key = without_query(url).strip("/")
        self._key = f"{key}/" if key else ""
        self._place = f"{scheme_of(url)}://{authority(url)}/"
        self.url = self.url_of("")

    def url_of(self, name: str) -> str:
        """The URL of what has this name in the folder."""
        return self._place + escaped(self._key + name)

    def require(self) -> None:
        """Raises InputError if the folder cannot be listed, and this will not pass by itself: there
        is no such bucket, access is denied, or the name is that of an object."""
        try:
            if next(self.objects(recursive=False), None) or not self._key:
                return
            name = self.url.rstrip("/")
            there = self.object(name)
        except InputError as error:
            if error.retryable and not isinstance(error, NoCredentials):
                return
            raise
        if there:
            raise InputError(
                "This is an object, and sync watches a folder.",
                place=name,
                hint=f"To load it once: snapshots import {name}",
            )

    def objects(self, *, recursive: bool) -> Iterator[StoredObject]:
        """What is in the folder, a page of the listing at a time. Folders below it are named if
        their objects are not. Raises InputError."""
        from obstore import list as list_all
        from obstore import list_with_delimiter

        try:
            if recursive:
                pages = list_all(self._store, self._key or None)
                yield from self._below(meta for page in pages for meta in page)
                return
            listed = list_with_delimiter(self._store, self._key or None)
        except Exception as error:
            raise not_listed(error, self.url) from error
        yield from self._below(listed["objects"])
        for folder in listed["common_prefixes"]:
            yield StoredObject(f"{folder.rstrip('/').removeprefix(self._key)}/", 0, 0, None)

    def object(self, url: str) -> StoredObject | None:
        """One object; None if it is gone. Raises InputError if the store cannot be asked."""
        from obstore import head

        try:
            meta = head(self._store, without_query(url).lstrip("/"))
        except FileNotFoundError:
            return None
        except Exception as error:
            raise translated(error, url) from error
        return _object(meta, self._key)

    def _below(self, found: Iterable[ObjectMeta]) -> Iterator[StoredObject]:
        """Objects in the order of the listing, without the empty ones that stand for a folder: some
        tools make them, and the library takes the last slash from their names."""
        last: ObjectMeta | None = None
        for meta in chain(found, (None,)):
            if last and last["path"].startswith(self._key) and not _stands_for(last, meta):
                yield _object(last, self._key)
            last = meta


def _stands_for(meta: ObjectMeta, following: ObjectMeta | None) -> bool:
    """Whether an object is only the folder of the one that follows."""
    return bool(following and not meta["size"] and following["path"].startswith(f"{meta['path']}/"))


def _object(meta: ObjectMeta, folder: str) -> StoredObject:
    return StoredObject(
        meta["path"].removeprefix(folder),
        meta["size"],
        whole_seconds(meta["last_modified"]),
        strong(meta["e_tag"]),
    )
