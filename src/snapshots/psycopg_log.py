"""Keeps quiet what psycopg logs of errors that it ignores.

It names its own objects. The error that matters comes as an exception, and is translated.
"""

from __future__ import annotations

import logging


def hush() -> None:
    """Leaves those records out, whoever listens to psycopg's logger."""
    # A filter is added once, however often this is called.
    logging.getLogger("psycopg").addFilter(_worth_telling)


def _worth_telling(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("error ignored")
