"""Where and how rows are sent to an API, and which parts of that the ledger may keep."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from snapshots.defaults import (
    BATCH,
    CONCURRENCY,
    KEY_HEADER,
    MAX_CONCURRENCY,
    MAX_PER_MINUTE,
    Body,
    Method,
    Nulls,
    RequestMethod,
    Results,
    option,
)
from snapshots.engine.plan.access import Access
from snapshots.engine.plan.action_line import columns_of_line
from snapshots.engine.plan.address import columns_of
from snapshots.errors import UsageError
from snapshots.item_results import ItemResults
from snapshots.json_pointer import check
from snapshots.plain import plain
from snapshots.redaction import secret_parameters
from snapshots.time_limits import DELIVERY_RETRY_SECONDS, REQUEST_SECONDS

if TYPE_CHECKING:
    from snapshots.endpoints.http import Auth

_LOOKED_UP = re.compile(r"\$\{\w+\}|^@")
_HARMLESS = {"accept", "content-type", "prefer", "user-agent"}
_ROUTE = ("proxy", "ca", "cert", "cert_key", "http2")
_HOW = (
    *("concurrency", "ordered", "rate", "per_minute", "per_day", "timeout", "retry_seconds"),
    *_ROUTE,
)
"""The parts that say how records are sent, and not what or where to."""
_NEWER: dict[str, Any] = {
    "changed_method": "PUT",
    "key": [],
    "changed_since": None,
    "deletes": False,
    "batch_bytes": None,
    "body": None,
    "envelope": None,
    "action_line": None,
    "nested": False,
    "method_column": None,
    "access": {},
    "success_path": None,
    "success_value": "true",
    "keep": None,
    "per_minute": None,
    "per_day": None,
}
"""Values that the ledger does not hold."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how rows are sent. The HTTP adapter refuses values that make no sense.

    URL and headers are as the user wrote them: `${VARIABLE}` and `@FILE` are looked up when
    something is sent.

    >>> Endpoint("https://example.org/items", ordered=True).at_once
    1

    Raises UsageError if the URL holds a secret in plain text.
    """

    url: str
    """Where the rows are sent: `http://` or `https://`. `{COLUMN}` is a value of each row."""
    method: RequestMethod = option("POST", "The HTTP method of the requests.", choices=Method)
    method_column: str | None = option(
        None,
        "The column with the method of each record: POST, PUT, PATCH or DELETE. It is not sent.",
    )
    changed_method: Method = option(
        "PUT", "With --key: the HTTP method for rows that have changed.", choices=Method
    )
    key: tuple[str, ...] = option(
        (),
        "The columns that identify a row. Only rows are sent that are new or have changed since the"
        " last delivery to this address.",
    )
    changed_since: str | None = option(
        None,
        "A column that grows when a row changes, such as a time. Rows with a smaller value than the"
        " last delivery's largest are not sent.",
    )
    deletes: bool = option(
        False, "With --key: send a DELETE with the key of each row that the input lacks by now."
    )
    batch: int = option(
        BATCH,
        "The number of records in one request. More than one are sent as a JSON array.",
        least=1,
    )
    batch_bytes: int | None = option(
        None,
        "With --batch: the most bytes of the body of one request. A longer record is sent alone.",
        least=1,
    )
    body: Body | None = option(
        None,
        "How the records of a request are written. array: a JSON array. object: a JSON object."
        " ndjson: an object on each line. form: as HTML forms do. Default: object, or array with"
        " --batch.",
        choices=Body,
    )
    envelope: str | None = option(
        None, "Put the object or the array into an object, under this name."
    )
    action_line: str | None = option(
        None,
        "A JSON object to send in a line before each record, such as"
        ' {"index": {"_id": "{id}"}}. {COLUMN} is a value of the record. Then the body is ndjson.',
    )
    nested: bool = option(
        False, 'Make objects of dotted names: a.b and a.c become {"a": {"b": ..., "c": ...}}.'
    )
    headers: tuple[tuple[str, str | None], ...] = ()
    """Headers by name. None stands for a value that the ledger does not store."""
    nulls: Nulls = option(
        "null",
        "How to send a missing value. null: as null. omit: leave its member out.",
        choices=Nulls,
    )
    results: Results | ItemResults = option(
        "none",
        "How an answer says what became of each record. none: it does not.",
        choices=Results,
    )
    success_path: str | None = option(
        None,
        "The JSON Pointer to what an answer says of its success, such as /ok. Its status alone does"
        " not count then.",
    )
    success_value: str = option(
        "true", "With --success-path: the JSON value there if the records were taken."
    )
    keep: str | None = option(
        None,
        "The JSON Pointer to what the ledger keeps of the answer to each record, such as /id.",
    )
    key_header: str = option(KEY_HEADER, "The header of the idempotency key.")
    seed: str = ""
    """The prefix of idempotency keys. No two deliveries share a key."""
    concurrency: int = option(
        CONCURRENCY,
        "The most requests at once. Fewer are sent while the API asks for less.",
        least=1,
        most=MAX_CONCURRENCY,
    )
    ordered: bool = option(
        False, "Send the records in the order of the input, one request at a time."
    )
    rate: float | None = option(None, "The most requests per second.")
    per_minute: int | None = option(
        None, "The most requests in any minute.", least=1, most=MAX_PER_MINUTE
    )
    per_day: int | None = option(
        None,
        "The most requests to this server in a day, which begins at 00:00 UTC. The ledger counts"
        " them.",
        least=1,
    )
    timeout: float = option(
        REQUEST_SECONDS, "The most seconds from the start of a request to the end of its answer."
    )
    retry_seconds: float = option(
        DELIVERY_RETRY_SECONDS, "How many seconds to try a record again before it is left pending."
    )
    proxy: str | None = option(
        None,
        "The proxy of all requests; none: no proxy. Default: as HTTPS_PROXY and NO_PROXY say.",
    )
    ca: str | None = option(
        None, "The file of the authorities that are trusted. Default: those of the system."
    )
    cert: str | None = option(None, "The file of the client certificate, perhaps with its key.")
    cert_key: str | None = option(None, "The file of the client certificate's key.")
    http2: bool = option(
        False, "Speak HTTP/2 only, without TLS as well. Over TLS, servers may choose it anyway."
    )
    access: Access = field(default_factory=Access)
    """How it proves who it is."""
    auth: Auth | None = field(default=None, compare=False, repr=False)
    """Credentials from Python that may change, such as a renewable token."""

    def __post_init__(self) -> None:
        for name, value in secret_parameters(self.url):
            if not _LOOKED_UP.search(value):
                raise UsageError(
                    f"the {name} in the URL is visible in the process list and in the ledger",
                    hint=f"Write it as a variable: {name}=${{VARIABLE}}, in single quotes",
                )
        if self.access.given and "authorization" in {name.lower() for name, _ in self.headers}:
            raise UsageError(
                "two ways prove who we are: one is the header Authorization",
                hint="Leave one of them out.",
            )
        for name in ("success_path", "keep"):
            if (pointer := getattr(self, name)) is not None:
                check(pointer, f"--{name.replace('_', '-')}")
        if self.success_path is None and self.success_value != "true":
            raise UsageError("--success-value has no meaning without --success-path")
        _ = self.success, columns_of_line(self.action_line)
        self._require_one_choice()

    def _require_one_choice(self) -> None:
        """Raises UsageError where two options say which rows are sent, or how each is."""
        if self.changed_since is not None and self.deletes:
            raise UsageError(
                "--deletes needs an input with all rows, and --changed-since leaves some out",
                hint="Leave one of them out.",
            )
        if not self.key and (self.deletes or self.changed_method != "PUT"):
            raise UsageError(
                "--deletes and --changed-method have no meaning without a key",
                hint="Name the columns that identify a row: --key id",
            )

        if self.action_line is not None and self.deletes:
            raise UsageError(
                "--deletes makes DELETE requests, and --action-line says in the body what is done",
                hint="Leave one of them out. To see which rows the input lacks: snapshots state.",
            )

        if self.method_column is not None and (self.key or self.method != "POST"):
            raise UsageError(
                "--method-column says how each record is sent, and so does "
                + ("--key" if self.key else "--method"),
                hint="Leave one of them out.",
            )

        lost = [name for name in columns_of(self.url) if name not in self.key]
        if lost and (self.deletes or (self.key and self.method == "DELETE")):
            raise UsageError(
                f"the address has {{{lost[0]}}}, which is not in the key: what is to be deleted has"
                " no other value",
                hint=f"Use a key with it: --key {','.join([*self.key, *lost])}",
            )

    def __str__(self) -> str:
        return self.url

    @property
    def remembers(self) -> bool:
        """Whether the ledger keeps what the API has confirmed, so that it is not sent again."""
        return bool(self.key) or self.changed_since is not None

    @property
    def methods(self) -> tuple[RequestMethod, ...]:
        """The method of new rows, and that of changed ones if it is another."""
        by_change = (self.method, self.changed_method)
        return (
            by_change
            if self.key and self.method not in ("DELETE", self.changed_method)
            else (self.method,)
        )

    def of_vanished(self) -> Endpoint:
        """The endpoint for the keys of rows that the API is to delete."""
        return replace(
            self, method="DELETE", changed_method="PUT", deletes=False, seed="", keep=None
        )

    @property
    def success(self) -> tuple[str, Any] | None:
        """The pointer to what an answer says of its success, and what it says then."""
        if self.success_path is None:
            return None
        try:
            return self.success_path, json.loads(self.success_value)
        except ValueError as error:
            raise UsageError(
                f"--success-value is not JSON: {self.success_value}",
                hint="Write a text in quotes: --success-value '\"ok\"'",
            ) from error

    @property
    def at_once(self) -> int:
        """How many requests may be under way at once."""
        return 1 if self.ordered else self.concurrency

    def given(self) -> dict[str, Any]:
        """The parts that decide what is sent, as JSON."""
        kept = self.for_the_ledger()
        return {k: v for k, v in kept.items() if k not in ("seed", "deletes", "access", *_HOW)}

    def for_the_ledger(self) -> dict[str, Any]:
        """All parts that are no secrets, as JSON."""
        kept = plain(replace(self, auth=None))
        # The address of a proxy may hold a password.
        del kept["auth"], kept["proxy"]
        kept["headers"] = [[name, without_secret(name, value)] for name, value in self.headers]
        kept["key"] = list(self.key)
        usual = plain(Access())
        kept["access"] = {k: v for k, v in kept["access"].items() if v != usual[k]}
        # Older plans lack what is new, and equal ones are to stay equal.
        return {name: value for name, value in kept.items() if value != _NEWER.get(name, ...)}

    @classmethod
    def from_the_ledger(cls, kept: dict[str, Any]) -> Endpoint:
        """Reads what `for_the_ledger` gave."""
        headers = tuple((name, value) for name, value in kept["headers"])
        results = kept["results"]
        if isinstance(results, dict):
            lists = {name: tuple(results[name]) for name in ("retry", "conflicts")}
            results = ItemResults(**{**results, **lists})
        access = Access(**kept.get("access", {}))
        read = {"headers": headers, "results": results, "access": access}
        return cls(**{**kept, **read, "key": tuple(kept.get("key", ()))})

    def with_secrets_of(self, given: Endpoint | None) -> Endpoint:
        """The ledger's request with the secrets, limits and speed of the one given now.

        Raises UsageError if the value of a header is missing.
        """
        again = {} if given is None else {name.lower(): value for name, value in given.headers}
        headers = tuple((name, again.get(name.lower(), value)) for name, value in self.headers)
        for name, value in headers:
            if value is None:
                raise UsageError(
                    f"the ledger does not store the value of the header {name}",
                    hint=f"Repeat the command, with --header '{name}: ...'. A value that is"
                    " written as ${VARIABLE} or @FILE need not be repeated",
                )
        if given is None:
            return replace(self, headers=headers)
        fast = {name: getattr(given, name) for name in _HOW}
        access = given.access if given.access.given else self.access
        return replace(self, headers=headers, auth=given.auth, access=access, **fast)


def without_secret(name: str, value: str | None) -> str | None:
    """The value of a header that may be kept and shown. None: it may be a secret."""
    if value is None or name.lower() in _HARMLESS or _LOOKED_UP.search(value):
        return value
    return None
