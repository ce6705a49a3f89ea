"""How many examples of a property are tried: in `make soak` more."""

import os

from hypothesis import settings

SOAK = "SNAPSHOTS_TEST_SOAK" in os.environ


def examples(number):
    """So many in `make soak`, a quarter of them in `make test`; for each run they are others."""
    return settings(max_examples=number if SOAK else number // 4, deadline=None)
