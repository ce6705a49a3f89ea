"""What a client of the service wants imported, and how: the request that the ledger keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from snapshots.contract.contract import contract_of
from snapshots.engine.limits import RejectLimit
from snapshots.engine.plan.plan import Options
from snapshots.errors import UsageError
from snapshots.formats.options import DialectOptions
from snapshots.redaction import hides_something, scheme_of, shown
from snapshots.sources.remote.urls import HTTP, parse

FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")
"""Of an uploaded file: nothing in it can lead out of the folder of uploads."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """Two orders are equal if they want the same."""

    url: str | None = None
    file: str | None = None
    """The name of a file that was uploaded."""
    table: str | None = None
    contract: Mapping[str, Any] | None = None
    dialect: Mapping[str, Any] = field(default_factory=dict)
    null_values: tuple[str, ...] = ()
    primary_key: tuple[str, ...] = ()
    columns_changed: Literal["fail", "add", "ignore"] = "fail"
    decimals: Literal["float", "exact"] = "float"
    all_text: bool = False
    max_rejects: str = "10%"
    chunk_size: int = 8 * 1024 * 1024
    lineage: bool = True
    again: bool = False
    allowed_now: str | None = field(default=None, compare=False)
    """In place of `max_rejects`, since it was resumed."""

    def __post_init__(self) -> None:
        if (self.url is None) == (self.file is None):
            raise UsageError("an import has either a url or a file")
        if self.file is not None and not FILE_NAME.fullmatch(self.file):
            raise UsageError("this cannot be the name of an uploaded file", place=self.file)
        if self.url is not None:
            _require_open(self.url)
        self.options()

    @property
    def input(self) -> str:
        """As the ledger names it."""
        return self.url if self.url is not None else f"{self.file}"

    def options(self) -> Options:
        """For the engine. Raises UsageError."""
        return Options(
            table=self.table,
            dialect=_dialect(self.dialect),
            contract=self.contract,
            null_values=self.null_values,
            budget=RejectLimit.parse(self.allowed_now or self.max_rejects),
            chunk_size=self.chunk_size,
            lineage=self.lineage,
            again=self.again,
            columns_changed=self.columns_changed,
            primary_key=self.primary_key,
            decimals=self.decimals,
            all_text=self.all_text,
        )

    def require_contract(self) -> None:
        """Raises ContractError where the contract is none. It may take a second: hold nothing that
        others wait for."""
        if self.contract is not None:
            contract_of(self.contract)

    def to_json(self) -> str:
        """For the ledger."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ImportRequest:
        """What `to_json` gave."""
        kept: dict[str, Any] = json.loads(text)
        lists = {name: tuple(kept[name]) for name in ("null_values", "primary_key")}
        return cls(**{**kept, **lists})


def _require_open(url: str) -> None:
    """Nothing in it may be a secret: it is kept in the ledger and shown to who asks."""
    if scheme_of(url) is None:
        raise UsageError("this is no URL", hint="for instance https://example.org/rides.csv")
    if hides_something(url):
        raise UsageError(
            "the URL has credentials in it, which would be kept in the ledger",
            place=shown(url),
            hint="give one without, or upload the file",
        )
    if scheme_of(url) in HTTP:
        parse(url)


def _dialect(given: Mapping[str, Any]) -> DialectOptions:
    known = {option.name for option in fields(DialectOptions)}
    for name in given:
        if name not in known:
            raise UsageError(f"a dialect has no {name}", hint=f"it has {', '.join(sorted(known))}")
    return DialectOptions(**given)
