"""The memory of processes that go on for weeks."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Of glibc's malloc.h."""
_MIB = 1 << 20


def give_back() -> None:
    """Has chunks go back to the system as soon as nobody needs them; blocks of a MiB are reused.

    glibc keeps all of it otherwise, for each thread anew and in pieces: a process that has loaded
    one file holds on to twice the memory, and takes more with the next. Others need no telling.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, 2 * _MIB)
        mallopt(_TRIM_THRESHOLD, 16 * _MIB)
        mallopt(_ARENA_MAX, 2)
