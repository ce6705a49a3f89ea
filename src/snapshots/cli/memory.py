"""Keeps the memory of processes small that run for weeks, or read from several connections."""

from __future__ import annotations

from snapshots import system

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of `mallopt`, from glibc's malloc.h."""
_MIB = 1 << 20


def give_back() -> None:
    """Makes glibc return freed chunks to the system; blocks of 1 MiB are still reused.

    Otherwise glibc keeps them, in pieces and for each thread: a process that has loaded one file
    holds twice the memory, and more after the next. Other C libraries do this by themselves.
    """
    mallopt = system.c_function("mallopt")
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, 2 * _MIB)
        mallopt(_TRIM_THRESHOLD, 16 * _MIB)
        mallopt(_ARENA_MAX, 2)
