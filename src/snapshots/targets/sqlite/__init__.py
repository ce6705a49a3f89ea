"""SQLite, the one that is built into the kernel: rows go from the parser to the file in Rust.

Python's own sqlite3 is never used: two SQLite libraries in one process with the same file open
would undo each other's locks.
"""

from snapshots.targets.sqlite.target import SqliteTarget, target

__all__ = ["SqliteTarget", "target"]
