"""The resources of a project: which there are, where they go, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from snapshots.contract.words import nearest
from snapshots.errors import ProjectError

FOLDER = "resources"

KNOWN = {
    "wells": "/wells",
    "daily-productions": "/daily-productions",
    "daily-production": "/daily-productions",
}
"""What ComboCurve takes, and where. What goes to the same place has the same contract."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One file of `resources/`: a query, and the path of the API its rows go to."""

    name: str
    file: Path
    path: str
    mapped: bool
    """By ComboCurve's API or by `[api.paths]`; else the path is only a guess from its name."""

    @property
    def contract(self) -> str | None:
        """The name of the contract that its rows are held to; None: only the server's types."""
        return KNOWN[self.name].strip("/") if self.name in KNOWN else None

    @property
    def rank(self) -> tuple[int, str]:
        """Its place in the order: what others refer to comes first, and wells do not refer."""
        refers = self.name.endswith(("production", "productions"))
        return (0 if self.name == "wells" else 2 if refers else 1, self.name)


def find_resources(folder: Path, paths: Mapping[str, str]) -> tuple[Resource, ...]:
    """All of them, in their order; `paths`: those of `[api.paths]`. ProjectError if none."""
    files = sorted((folder / FOLDER).glob("*.sql"))
    if not files:
        raise ProjectError(
            f"This folder is no project: it has no {FOLDER}/<name>.sql.",
            place=str(folder),
            hint=f"Write a SELECT into {folder / FOLDER / 'wells.sql'}.",
        )
    names = [file.stem for file in files]
    if unknown := next((name for name in paths if name not in names), None):
        raise ProjectError(
            f"api.paths names {unknown!r}, and there is no {FOLDER}/{unknown}.sql.",
            place=str(folder),
            hint=nearest(unknown, names),
        )
    return tuple(sorted((_resource(file, paths) for file in files), key=lambda one: one.rank))


def _resource(file: Path, paths: Mapping[str, str]) -> Resource:
    name = file.stem
    path = paths.get(name) or KNOWN.get(name) or name
    mapped = name in paths or name in KNOWN
    return Resource(name, file, "/" + path.strip("/"), mapped)
