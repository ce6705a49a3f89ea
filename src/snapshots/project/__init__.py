"""Project folders: queries whose rows are sent to an API.

    combocurve.toml         where the rows are, and where they go: `settings.py`
    resources/<name>.sql    one SELECT for each resource: `resources.py`

    snapshots.toml          the same for any API, and for files: `any_api.py`

`run.py` sends the rows of each query.
"""

from pathlib import Path

from snapshots.errors import ProjectError
from snapshots.project import any_api
from snapshots.project import settings as combocurve
from snapshots.project.any_api import ApiProject, read_api_project
from snapshots.project.new_project import new_project
from snapshots.project.run import run_project
from snapshots.project.settings import Project, read_project


def read_any_project(
    folder: Path, *, page_size: int | None = None, limit: int | None = None
) -> Project | ApiProject:
    """Reads the project in a folder, of either kind. Raises ProjectError."""
    there = [one for one in (any_api.FILE, combocurve.FILE) if (folder / one).is_file()]
    if len(there) > 1:
        raise ProjectError(
            f"The folder has {' and '.join(there)}.", place=str(folder), hint="Remove one of them."
        )
    if there == [any_api.FILE]:
        return read_api_project(folder, page_size=page_size, limit=limit)
    return read_project(folder, page_size=page_size, limit=limit)


__all__ = [
    "ApiProject",
    "Project",
    "new_project",
    "read_any_project",
    "read_project",
    "run_project",
]
