"""Project folders: queries whose rows are sent to an API.

    combocurve.toml         where the rows are, and where they go: `settings.py`
    resources/<name>.sql    one SELECT for each resource: `resources.py`

`run.py` sends the rows of each query.
"""

from snapshots.project.run import run_project
from snapshots.project.settings import Project, read_project

__all__ = ["Project", "read_project", "run_project"]
