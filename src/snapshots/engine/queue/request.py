"""An import that a client of the service asks for, as the ledger keeps it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from snapshots.contract.contract import contract_of
from snapshots.defaults import CHUNK_SIZE, Publish
from snapshots.engine.limits import DeleteLimit, RejectLimit
from snapshots.engine.plan.options import Options
from snapshots.errors import UsageError
from snapshots.formats.options import DialectOptions
from snapshots.plain import plain
from snapshots.redaction import hides_something, scheme_of, shown
from snapshots.sources.remote.urls import HTTP, parse

FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")
"""The names that an uploaded file may have: none leads out of the folder of uploads."""
KEPT = (
    "table", "contract", "null_values", "primary_key", "columns_changed", "decimals", "all_text",
    "max_rejects", "mode", "atomic", "as_of", "allow_empty", "max_deletes", "allow_cascade",
    "duplicates", "publish", "keep_undo", "out_of_order", "chunk_size", "lineage", "again", "grown",
)  # fmt: skip
"""The options that a client may give besides the dialect; the rest is up to the service."""
_FORM = 2
"""Of `to_json`. The first form did not tell a default size of chunks from one that was given."""
_LISTS = ("null_values", "primary_key")


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """An input and the options for it. Two requests are equal if they want the same.

    >>> request = ImportRequest.of(file="rides.csv", dialect={"delimiter": ";"})
    >>> ImportRequest.from_json(request.to_json()) == request
    True

    Raises UsageError unless there is either a URL or the name of an uploaded file, and if the URL
    holds a secret.
    """

    url: str | None = None
    file: str | None = None
    """The name of an uploaded file."""
    options: Options = field(default_factory=Options)
    allowed_now: str | None = field(default=None, compare=False)
    """The reject limit since the import was resumed. It replaces the first one."""
    empty_now: bool | None = field(default=None, compare=False)
    """The same for `allow_empty`."""
    deletes_now: str | None = field(default=None, compare=False)
    """The same for `max_deletes`."""
    cascade_now: bool | None = field(default=None, compare=False)
    """The same for `allow_cascade`."""
    publish_now: Publish | None = field(default=None, compare=False)
    """The same for `publish`."""

    def __post_init__(self) -> None:
        if (self.url is None) == (self.file is None):
            raise UsageError("give either a url or a file")
        if self.file is not None and not FILE_NAME.fullmatch(self.file):
            raise UsageError("this is not a valid name of an uploaded file", place=self.file)
        if self.url is not None:
            _require_open(self.url)
        if self.allowed_now is not None:
            RejectLimit.parse(self.allowed_now)
        if self.deletes_now is not None:
            DeleteLimit.parse(self.deletes_now)

    @classmethod
    def of(
        cls,
        *,
        url: str | None = None,
        file: str | None = None,
        dialect: Mapping[str, Any] | None = None,
        allowed_now: str | None = None,
        empty_now: bool | None = None,
        deletes_now: str | None = None,
        cascade_now: bool | None = None,
        publish_now: Publish | None = None,
        **given: Any,
    ) -> ImportRequest:
        """A request from the members of a JSON object; `given` has some of `KEPT`.

        Raises UsageError if a value makes no sense, or the dialect has an unknown member.
        """
        known: dict[str, Any] = {
            name: tuple(v) if name in _LISTS else v for name, v in given.items()
        }
        options = Options(dialect=_dialect(dialect or {}), **known)
        return cls(
            url, file, options, allowed_now, empty_now, deletes_now, cascade_now, publish_now
        )

    @property
    def input(self) -> str:
        """The input's name in the ledger."""
        return self.url if self.url is not None else f"{self.file}"

    def current_options(self) -> Options:
        """The options that hold now: those of the request, with the limits of a resumption."""
        now: dict[str, Any] = {
            "max_rejects": self.allowed_now,
            "allow_empty": self.empty_now,
            "max_deletes": self.deletes_now,
            "allow_cascade": self.cascade_now,
            "publish": self.publish_now,
        }
        return replace(self.options, **{name: v for name, v in now.items() if v is not None})

    def require_contract(self) -> None:
        """Raises ContractError if the contract is not valid.

        This may take a second, so callers hold no lock and no session meanwhile.
        """
        if self.options.contract is not None:
            contract_of(self.options.contract)

    def to_json(self) -> str:
        """The request as the ledger keeps it."""
        dialect = plain(self.options.dialect)
        kept = {
            "url": self.url,
            "file": self.file,
            "dialect": {name: value for name, value in dialect.items() if value is not None},
            **{name: getattr(self.options, name) for name in KEPT},
            "allowed_now": self.allowed_now,
            "empty_now": self.empty_now,
            "deletes_now": self.deletes_now,
            "cascade_now": self.cascade_now,
            "publish_now": self.publish_now,
            "form": _FORM,
        }
        return json.dumps(kept, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ImportRequest:
        """Reads what `to_json` gave, also in earlier versions that had fewer options."""
        kept: dict[str, Any] = json.loads(text)
        if kept.pop("form", 1) < _FORM and kept.get("chunk_size") == CHUNK_SIZE:
            # It was kept where nothing was given.
            kept["chunk_size"] = None
        return cls.of(**kept)


def _require_open(url: str) -> None:
    """Raises UsageError if the URL holds a secret: the ledger keeps it and clients may see it."""
    if scheme_of(url) is None:
        raise UsageError("this is not a URL", hint="for example https://example.org/rides.csv")
    if hides_something(url):
        raise UsageError(
            "the URL contains credentials, which the ledger would store",
            place=shown(url),
            hint="remove them from the URL, or upload the file",
        )
    if scheme_of(url) in HTTP:
        parse(url)


def _dialect(given: Mapping[str, Any]) -> DialectOptions:
    known = {option.name for option in fields(DialectOptions)}
    for name in given:
        if name not in known:
            raise UsageError(
                f"a dialect has no member {name}",
                hint=f"the members are {', '.join(sorted(known))}",
            )
    return DialectOptions(**given)
