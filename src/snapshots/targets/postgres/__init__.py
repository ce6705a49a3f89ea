"""PostgreSQL, through psycopg: binary COPY, and text COPY for types the kernel does not know."""

from snapshots.targets.postgres.target import PostgresTarget, query_location, target

__all__ = ["PostgresTarget", "query_location", "target"]
