"""Writes `snapshots.toml` for some files, as a beginning."""

from __future__ import annotations

import json
import re
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from snapshots.errors import ProjectError
from snapshots.file_hints import unwritable
from snapshots.project.any_api import FILE, read_api_project

if TYPE_CHECKING:
    from collections.abc import Iterable

_OTHER = re.compile(r"[^A-Za-z0-9_-]+")
"""What names in TOML do not have without quotes."""


def new_project(folder: Path, url: str, files: tuple[str, ...]) -> Path:
    """Writes `snapshots.toml` for some files, and returns its path. Raises ProjectError if there
    is one, or it would be wrong; then nothing is left behind."""
    path = folder / FILE
    if path.exists():
        raise ProjectError(
            f"The folder has a {FILE} already.", place=str(path), hint="Edit that one."
        )
    parts = [
        f'[resources.{name}]\nfile = {_quoted(_absolute(file))}\npath = "{name}"'
        for name, file in zip(_names(files), files, strict=True)
    ]
    text = "\n\n".join([_HEAD.replace("URL", _quoted(url)), *parts]) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        what, hint = unwritable(path, error)
        raise ProjectError(what, place=str(path), hint=hint) from error
    try:
        read_api_project(folder)
    except ProjectError:
        path.unlink()
        raise
    return path


def _names(files: Iterable[str]) -> list[str]:
    """A name for each resource. No two are equal."""
    found: list[str] = []
    for file in files:
        last = Path(urlsplit(file).path if "://" in file else file).name
        name = _OTHER.sub("-", last.lstrip(".").partition(".")[0]).strip("-") or "rows"
        others = (name if number == 1 else f"{name}-{number}" for number in count(1))
        found.append(next(one for one in others if one not in found))
    return found


def _absolute(file: str) -> str:
    return file if "://" in file else str(Path(file).absolute())


def _quoted(text: str) -> str:
    """A text of TOML, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


_HEAD = """\
# Sent by: snapshots run FOLDER
# All keys: docs/reference/project.md

[api]
url = URL
method = "POST"
batch = 1                        # records in one request
# auth = "bearer"
# token = "${API_TOKEN}"         # from the environment, or --env-file

# Of a resource: file, or query and from. Only what changed: key = ["id"]."""
