"""The value of `--results`: the name of a known form, or a file that describes another one."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from snapshots.cli.suggestions import did_you_mean
from snapshots.defaults import Results
from snapshots.errors import SnapshotsError
from snapshots.item_results import ItemResults

_NAMES = get_args(Results)


class ResultsName(click.ParamType[str | ItemResults]):
    """One of the names, or the path of a TOML file."""

    name = "results"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | ItemResults:
        """Returns the name, or what the file says."""
        if isinstance(value, ItemResults):
            return value
        text = str(value)
        if text in _NAMES:
            return text
        if not text.endswith(".toml"):
            known = f"{', '.join(_NAMES)} or a file with the ending .toml"
            self.fail(f"{text!r} is not {known}.{did_you_mean(text, list(_NAMES))}", param, ctx)
        from snapshots.project.result_rules import item_results
        from snapshots.project.toml import read_toml

        try:
            return item_results(read_toml(Path(text)))
        except SnapshotsError as error:
            place = f"{error.place}: " if error.place else ""
            self.fail(f"{place}{error} {error.hint}".rstrip(), param, ctx)
