"""What a person has chosen so far for an import: the fields of the forms that lead to it.

The service keeps none of it. Each form has all fields, hidden where they are not its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from anyio import to_thread
from fastapi import Request  # noqa: TC002 - FastAPI reads it
from msgspec import Struct, field
from pydantic import ValidationError

from snapshots.engine.queue.request import FILE_NAME, ImportRequest
from snapshots.errors import InputChanged, NoSuchFile, UsageError
from snapshots.formats.options import DialectOptions
from snapshots.sources.remote.access import RemoteAccess
from snapshots.sources.remote.policy import Anywhere, PublicOnly
from snapshots.web.api.request_bodies import DialectRequest, require_storable
from snapshots.web.pages.given_contract import GivenContract
from snapshots.web.problems import explanation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from snapshots.web.settings import ServiceSettings

_COLUMN: Final = re.compile(r"c([0-9]{1,5})_(to|form|key)")
_MOST_FIELDS: Final = 25_000
"""Three for each column, and a few."""
_OF_DIALECT: Final = (
    "input_format", "delimiter", "quote", "encoding", "preamble", "nested_objects",
)  # fmt: skip
_YES: Final = {"yes": True, "no": False}


class ImportDraft(Struct):
    """The fields, as text. An empty one leaves the choice to the service."""

    url: str = ""
    file: str = ""
    """The name of an uploaded file, instead of a URL."""
    seen: str = ""
    """Size and time of the file when it was chosen: somebody may replace it."""
    input_format: str = ""
    delimiter: str = ""
    quote: str = ""
    encoding: str = ""
    header: str = ""
    """`yes` or `no`."""
    preamble: str = ""
    nested_objects: str = ""
    contract: str = ""
    """A Table Schema, as JSON. Only it can say where fields of fixed width stand."""
    layout: str = ""
    """The name of a kept contract to take instead, which says so."""
    table: str = ""
    mode: str = "append"
    primary_key: str = ""
    """Names of columns between commas."""
    as_of: str = ""
    duplicates: str = ""
    publish: str = ""
    keep_undo: str = ""
    max_deletes: str = ""
    max_rejects: str = ""
    again: str = ""
    kept: str = ""
    """The name of the kept contract that the columns come from."""
    keep_as: str = ""
    """The name under which to keep the columns."""
    columns: str = ""
    """The columns of the file that the next two are for, and the table: see `columns_mark`."""
    to: dict[int, str] = field(default_factory=dict)
    """For each field of the file the column that it goes to; empty: it is left out."""
    forms: dict[int, str] = field(default_factory=dict)
    """The key of its type: see `contract/forms.py`."""
    keys: dict[int, str] = field(default_factory=dict)
    """The fields of the file by whose columns a row is found: each has `yes`."""

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> ImportDraft:
        """Reads the fields of a form; others are ignored. Raises UsageError."""
        draft = cls()
        for name, text in pairs:
            if name in _TEXTS:
                setattr(draft, name, text.strip(" ") or text.strip())
            elif found := _COLUMN.fullmatch(name):
                kept = {"to": draft.to, "form": draft.forms, "key": draft.keys}[found[2]]
                kept[int(found[1])] = text.strip()
        try:
            require_storable([value for _, value in draft.pairs()])
        except ValueError as error:
            raise UsageError(str(error)) from None
        return draft

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yields the fields that are given, for a form that has them hidden."""
        for name in _TEXTS:
            if text := getattr(self, name):
                yield name, text
        for at, text in self.to.items():
            yield f"c{at}_to", text
        for at, text in self.forms.items():
            yield f"c{at}_form", text
        for at, text in self.keys.items():
            yield f"c{at}_key", text

    @property
    def input(self) -> str:
        """The name of the input, as people know it."""
        return self.url or self.file

    def dialect(self) -> DialectOptions:
        """What is given of how the file is written. Raises UsageError."""
        given: dict[str, Any] = {
            name: text for name in _OF_DIALECT if (text := getattr(self, name))
        }
        if self.header:
            given["header"] = _YES.get(self.header)
        try:
            return DialectOptions(**DialectRequest(**given).model_dump(exclude_none=True))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise UsageError(explanation(first), place=place) from None

    def given(self) -> GivenContract | None:
        """The contract that is pasted, if there is one. Raises UsageError and ContractError."""
        return GivenContract.read(self.contract) if self.contract else None

    def located(self, settings: ServiceSettings) -> tuple[str, RemoteAccess]:
        """Returns where the input is, and how it may be read.

        Raises UsageError, InputError, NoSuchFile, or InputChanged if somebody has replaced the
        file.
        """
        if bool(self.url) == bool(self.file):
            raise UsageError("choose a file, or enter a URL")
        if self.url:
            # A secret in it is refused before it stands in a page.
            ImportRequest(url=self.url)
            policy = PublicOnly(settings.allowed)
            policy.check_url(self.url)
            return self.url, RemoteAccess(policy, netrc=False, unpacking=settings.unpacking)
        if not FILE_NAME.fullmatch(self.file):
            raise UsageError("this is not a valid name of an uploaded file", place=self.file)
        path = settings.files / self.file
        try:
            status = path.stat()
        except OSError:
            raise NoSuchFile(f"the file {self.file} does not exist", hint="upload it") from None
        now = f"{status.st_size}-{status.st_mtime_ns}"
        if self.seen and self.seen != now:
            raise InputChanged(
                f"somebody has replaced the file {self.file} since you chose it",
                hint="upload yours again, under another name",
            )
        self.seen = now
        access = RemoteAccess(Anywhere(), netrc=False, unpacking=settings.unpacking)
        return str(path), access


_TEXTS: Final = tuple(name for name, kind in ImportDraft.__annotations__.items() if kind == "str")


async def draft_of(request: Request) -> ImportDraft:
    """The draft in the body of a form. Raises UsageError."""
    body = await request.body()
    return await to_thread.run_sync(_read, body)


def _read(body: bytes) -> ImportDraft:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=_MOST_FIELDS,
            errors="strict",
        )
    except ValueError:
        raise UsageError("the form cannot be read", hint="reload the page and try again") from None
    return ImportDraft.of(pairs)
