"""Turns a form that a person has filled in into the request of a program."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from snapshots.errors import UsageError
from snapshots.web.api.request_bodies import NewImport, require_storable
from snapshots.web.pages.given_contract import json_of
from snapshots.web.pages.version_fields import version_options
from snapshots.web.problems import explanation

_TEXTS = ("url", "table", "max_rejects")
_DIALECT = ("input_format", "delimiter", "encoding", "nested_objects")
_DEFAULT = ("mode", "append")


class ImportForm(BaseModel):
    """The fields of the form as a browser sends them. An empty field leaves the default."""

    url: str = ""
    table: str = ""
    mode: str = ""
    primary_key: str = ""
    as_of: str = ""
    duplicates: str = ""
    publish: str = ""
    keep_undo: str = ""
    max_deletes: str = ""
    max_rejects: str = ""
    input_format: str = ""
    delimiter: str = ""
    encoding: str = ""
    nested_objects: str = ""
    contract: str = ""
    again: str = ""

    @property
    def options(self) -> bool:
        """Whether any options are given."""
        return any(text for name, text in self if name != "url" and (name, text) != _DEFAULT)

    def wanted(self) -> NewImport:
        """Returns the request. Raises UsageError."""
        given: dict[str, Any] = {name: text for name in _TEXTS if (text := self._text(name))}
        given |= version_options(self)
        given["dialect"] = {name: text for name in _DIALECT if (text := self._text(name))}
        if self.contract.strip():
            given["contract"] = json_of(self.contract)
        try:
            require_storable(given)
        except ValueError as error:
            raise UsageError(str(error)) from None
        try:
            return NewImport(**given, again=bool(self.again))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise UsageError(explanation(first), place=place) from None

    def _text(self, name: str) -> str:
        text: str = getattr(self, name)
        # A tab is a delimiter.
        return text.strip(" ") or text.strip()
