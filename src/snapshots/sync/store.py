"""Watches a folder of an object store: it is listed now and then, and its objects are whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.sync.watched import FolderFile, FolderHint, FolderLook

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.sources.folder_files import FolderFiles
    from snapshots.sources.remote.store_folder import StoredObject, StoreFolder


class WatchedStore(Struct, frozen=True):
    """The objects of a folder that are imported as they arrive."""

    folder: StoreFolder
    rules: FolderFiles

    @property
    def path(self) -> str:
        """See `Watched`."""
        return self.folder.url

    @property
    def remote(self) -> bool:
        """See `Watched`."""
        return True

    def reports(self, tell: Callable[[FolderHint], None]) -> None:  # noqa: ARG002
        """See `Watched`: a store tells nobody here."""
        return

    def look(self) -> FolderLook:
        """See `Watched`. A page of the listing names a thousand objects; none is asked for."""
        found = FolderLook()
        for one in self.folder.objects(recursive=self.rules.recursive):
            entry = self.rules.named(one.name)
            if entry.ignored:
                found.ignored[self.folder.url_of(entry.path)] = entry.ignored
            else:
                file = self._file(one)
                found.files[file.path] = file
        return found

    def now(self, path: str) -> FolderFile | None:
        """See `Watched`. This is one request."""
        found = self.folder.object(path)
        return None if found is None else self._file(found)

    def _file(self, one: StoredObject) -> FolderFile:
        path = self.folder.url_of(one.name)
        return FolderFile(path, one.size, one.modified_ns, etag=one.etag)
