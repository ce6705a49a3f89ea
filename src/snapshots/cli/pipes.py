"""What happens when the reader of our output has seen enough, as `head` has."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from snapshots import system

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def until_nobody_reads() -> Iterator[None]:
    """Within the block, a reader that closes the pipe ends the block, and is no error."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still in the buffer would raise the same error when Python exits.
        nowhere = system.open_bytes(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
