"""Queries as sources: a database's rows, as the CSV that the kernel reads."""

from snapshots.sources.sql.server import QueryServer
from snapshots.sources.sql.source import QuerySource, open_query

__all__ = ["QueryServer", "QuerySource", "open_query"]
