"""The form of requests: what stands around records, between them, and instead of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from snapshots.errors import ContractError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.defaults import Body

CONTENT_TYPES: dict[Body, str] = {
    "array": "application/json",
    "object": "application/json",
    "ndjson": "application/x-ndjson",
    "form": "application/x-www-form-urlencoded",
}
_SINGLE: dict[Body, str] = {"object": "one object", "form": "one form"}
_PLAIN: dict[Body, str] = {"ndjson": "has an object on each line", "form": "is no JSON"}


class Framing(NamedTuple):
    """What stands around the records of a request, and between them. Empty between them: a request
    has one record."""

    open: str
    between: str
    close: str


class BodyForm(Struct, frozen=True):
    """How the records of a request are written. Raises UsageError for what makes no sense.

    >>> BodyForm(batch=2, envelope="rows").framing
    Framing(open='{"rows":[', between=',', close=']}')
    """

    wanted: Body | None = None
    """None: one record is an object, more are an array."""
    batch: int = 1
    """Records of one request."""
    batch_bytes: int | None = None
    """The most bytes of the body of a request with more than one record."""
    envelope: str | None = None
    """The name of the member that the body is in, of a JSON object; None: it is in none."""
    nested: bool = False
    """Make objects within objects of columns with dotted names."""
    lines: bool = False
    """Each record has a line before it."""

    def __post_init__(self) -> None:
        body = self.body
        if self.lines and body != "ndjson":
            raise UsageError(
                f"--action-line puts a line before each record, and --body {body} has no lines",
                hint="Leave --body out, or use --body ndjson.",
            )
        if body in _SINGLE and self.batch > 1:
            raise UsageError(
                f"--body {body} makes {_SINGLE[body]} of each record, and --batch {self.batch} puts"
                " more than one into a request",
                hint="Leave --batch out, or use --body array or --body ndjson.",
            )
        if body == "form" and self.nested:
            raise UsageError(
                "--nested makes objects within objects, and a form has none", hint="Leave one out."
            )
        if self.envelope is not None and body in _PLAIN:
            raise UsageError(
                f"--envelope puts the body into a JSON object, and --body {body} {_PLAIN[body]}",
                hint="Use --body object or --body array with it.",
            )
        if self.envelope == "":
            raise UsageError("--envelope needs a name", hint="For example: --envelope records")
        if self.batch_bytes is not None and self.batch == 1:
            raise UsageError(
                "--batch-bytes ends a request early, and each request has one record anyway",
                hint="Say how many records a request may have at most: --batch 1000",
            )

    @property
    def body(self) -> Body:
        """The form, also where none was asked for."""
        if self.lines and self.wanted is None:
            return "ndjson"
        return self.wanted or ("array" if self.batch > 1 else "object")

    @property
    def holds_many(self) -> bool:
        """Whether a request may hold more than one record."""
        return self.body not in _SINGLE

    @property
    def content_type(self) -> str:
        """The type of the body."""
        return CONTENT_TYPES[self.body]

    @property
    def framing(self) -> Framing:
        """What stands around the records."""
        name = self.envelope
        before, after = ("", "") if name is None else (f"{{{json.dumps(name)}:", "}")
        match self.body:
            case "array":
                return Framing(f"{before}[", ",", f"]{after}")
            case "ndjson":
                return Framing("", "\n", "\n")
            case _:
                return Framing(before, "", after)


def require_nestable(names: Sequence[str]) -> None:
    """Raises ContractError where dotted names cannot become objects within objects."""
    known = set(names)
    for name in names:
        parts = name.split(".")
        if "" in parts:
            raise ContractError(
                f"--nested makes objects of dotted names, and a part of {name!r} is empty.",
                hint="Rename the column with a contract, or leave --nested out.",
            )
        for end in range(1, len(parts)):
            if (outer := ".".join(parts[:end])) in known:
                raise ContractError(
                    f"--nested makes an object of {outer!r} for {name!r}, and there is a column"
                    f" {outer!r} as well.",
                    hint="Rename one of them with a contract, or leave --nested out.",
                )
