"""The defaults, choices and limits of the options that a user may give: each stands here once.

`engine/plan/options.py` and `engine/plan/endpoint.py` say which options there are. The command
line, REST, Python, `sync`, project files and the lower layers take their figures from here, so
that all of them agree. What is counted in seconds is in `time_limits.py`.
"""

from __future__ import annotations

from dataclasses import field, fields
from functools import cache
from typing import Any, Literal, TypeAlias, cast, get_args

from msgspec import Struct

MIB = 1 << 20

Mode: TypeAlias = Literal["append", "replace", "upsert", "mirror", "history"]
Publish: TypeAlias = Literal["auto", "copy", "rename"]
Duplicates: TypeAlias = Literal["reject", "first", "last"]
ColumnsPolicy: TypeAlias = Literal["fail", "add", "ignore"]
Grown: TypeAlias = Literal["tail", "all", "refuse"]
Decimals: TypeAlias = Literal["float", "exact"]
Nested: TypeAlias = Literal["json", "columns"]
InputFormat: TypeAlias = Literal["postgres-text", "mysql-outfile", "excel-csv"]
Ragged: TypeAlias = Literal["reject", "pad"]
Method: TypeAlias = Literal["POST", "PUT", "PATCH"]
"""How users may have rows sent."""
RequestMethod: TypeAlias = Literal["POST", "PUT", "PATCH", "DELETE"]
"""How rows are sent: DELETE is for those that have vanished."""
Nulls: TypeAlias = Literal["null", "omit"]
Body: TypeAlias = Literal["array", "object", "ndjson", "form"]
"""How the records of a request are written."""
Results: TypeAlias = Literal["none", "combocurve", "salesforce", "elasticsearch"]
ClientAuth: TypeAlias = Literal["header", "body"]
"""Where a token endpoint gets the id and secret of a client."""

CHUNK_SIZE = 8 * MIB
"""Bytes of input that one transaction commits. More costs memory, less costs transactions."""
MAX_RECORD_SIZE = 8 * MIB
"""Bytes of the longest record: without a limit, one lost quote would hold a whole file."""
MAX_REJECTS = "10%"
"""Beyond this share the input is more likely read wrongly than partly bad."""
MAX_DELETES = "50%"
"""A table that loses more of its rows is more likely replaced by a cut file than on purpose."""
KEEP_UNDO = 1
"""Imports of a table that can be undone although they have changed or deleted rows."""
CONNECTIONS = 4
"""Parts of a URL that are read at once."""
FILES = 1
"""Inputs of one command that are imported at once."""
BATCH = 1
"""Records of one request."""
CONCURRENCY = 8
"""Requests that are under way at once."""
MAX_CONCURRENCY = 1024
"""Every request that is under way holds a connection."""
MAX_PER_MINUTE = 1_000_000
"""The time of each of them is kept for a minute."""
MAX_WORKERS = 64
"""Connections with a database; servers rarely allow many more."""
MAX_SESSIONS = 1000
"""Connections with a database that the tasks of a cluster have at once."""
MAX_CONNECTIONS = 32
"""Connections with one web server."""
KEY_HEADER = "Idempotency-Key"
"""The name that the IETF's draft gives the header of idempotency keys."""
API_KEY_HEADER = "x-api-key"
"""The header that most APIs read a key from."""
MAX_UNPACKED = 1 << 40
"""Bytes that compressed input of clients may become."""
MAX_RATIO = 250
"""Bytes that one compressed byte may become. Real data stays below 100."""


class SharedOption(Struct, frozen=True):
    """What is known of one option, wherever it is given."""

    name: str
    default: Any
    meaning: str
    """One or two sentences, for help pages."""
    choices: tuple[str, ...] = ()
    """The texts it may be; empty: it is not chosen from a list."""
    least: float | None = None
    most: float | None = None


def option(
    default: Any,
    meaning: str,
    *,
    choices: object = None,
    least: float | None = None,
    most: float | None = None,
) -> Any:
    """A dataclass field that knows its meaning and its limits.

    `choices` is a `Literal`; `least` and `most` are the smallest and largest number allowed.
    """
    known = {"meaning": meaning, "choices": get_args(choices), "least": least, "most": most}
    return field(default=default, metadata=known)


@cache
def options_of(kind: type) -> dict[str, SharedOption]:
    """The options that a dataclass declares with `option`, by name.

    >>> from snapshots.engine.plan.options import Options
    >>> options_of(Options)["decimals"].choices
    ('float', 'exact')
    """
    return {
        one.name: SharedOption(one.name, one.default, **cast("dict[str, Any]", one.metadata))
        for one in fields(kind)
        if "meaning" in one.metadata
    }
