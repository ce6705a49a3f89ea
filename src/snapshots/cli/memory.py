"""The memory of processes that go on for weeks."""

from __future__ import annotations

import ctypes

_M_MMAP_THRESHOLD = -3
_LARGE_BYTES = 256 * 1024


def give_back() -> None:
    """Has large blocks go back to the system as soon as nobody needs them.

    glibc keeps them otherwise, for each thread anew and in pieces: a process that has loaded one
    file holds on to twice the memory, and takes more with the next. Others need no telling.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
