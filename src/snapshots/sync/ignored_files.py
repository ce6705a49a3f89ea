"""Remembers which ignored files were named, so that each is named once."""

from __future__ import annotations

from snapshots.sources.folder_files import HIDDEN, TEMPORARY

_MAY_BE_RENAMED = {HIDDEN, TEMPORARY}


class IgnoredFiles:
    """The files of a folder that are not imported."""

    def __init__(self) -> None:
        self._named: set[str] = set()
        self._seen: set[str] | None = None
        """The files of the last look; None: this is the first one."""
        self.total = 0
        """How many were named."""

    def to_name(self, ignored: dict[str, str]) -> list[tuple[str, str]]:
        """Takes the ignored files of one look, each with the reason, and returns those to name.

        A hidden file or one with a temporary name is often about to be renamed. Unless it was there
        from the start, it is named only if the next look finds it again.
        """
        seen = self._seen
        found = [
            (path, reason)
            for path, reason in ignored.items()
            if path not in self._named
            and (seen is None or path in seen or reason not in _MAY_BE_RENAMED)
        ]
        self._seen = set(ignored)
        self._named &= self._seen
        self._named.update(path for path, _ in found)
        self.total += len(found)
        return found
