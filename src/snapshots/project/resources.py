"""The resources of a project: their queries, the paths they go to, and their order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from snapshots.contract.words import nearest
from snapshots.errors import ProjectError

FOLDER = "resources"

KNOWN = {
    "wells": "/wells",
    "daily-productions": "/daily-productions",
    "daily-production": "/daily-productions",
}
"""The path of each resource that ComboCurve takes. One path has one contract."""


class Resource(Struct, frozen=True):
    """One file of `resources/`: a query, and the path of the API that its rows go to."""

    name: str
    file: Path
    path: str
    mapped: bool
    """Whether ComboCurve's API or `[api.paths]` gives the path; else the name does."""

    @property
    def contract(self) -> str | None:
        """The name of the contract for its rows; None: the server's types are all that is known."""
        return KNOWN[self.name].strip("/") if self.name in KNOWN else None

    @property
    def rank(self) -> tuple[int, str]:
        """The key to sort by: resources that others refer to are sent before them."""
        refers = self.name.endswith(("production", "productions"))
        return (0 if self.name == "wells" else 2 if refers else 1, self.name)


def find_resources(folder: Path, paths: Mapping[str, str]) -> tuple[Resource, ...]:
    """All resources of a project, in the order in which they are sent.

    `paths` has those of `[api.paths]`. Raises ProjectError if there is no resource, or if `paths`
    names one that does not exist.
    """
    files = sorted((folder / FOLDER).glob("*.sql"))
    if not files:
        raise ProjectError(
            f"This folder is not a project: it has no {FOLDER}/<name>.sql.",
            place=str(folder),
            hint=f"Write a SELECT into {folder / FOLDER / 'wells.sql'}.",
        )
    names = [file.stem for file in files]
    if unknown := next((name for name in paths if name not in names), None):
        raise ProjectError(
            f"api.paths names {unknown!r}, but {FOLDER}/{unknown}.sql does not exist.",
            place=str(folder),
            hint=nearest(unknown, names),
        )
    return tuple(sorted((_resource(file, paths) for file in files), key=lambda one: one.rank))


def _resource(file: Path, paths: Mapping[str, str]) -> Resource:
    name = file.stem
    path = paths.get(name) or KNOWN.get(name) or name
    mapped = name in paths or name in KNOWN
    return Resource(name, file, "/" + path.strip("/"), mapped)
