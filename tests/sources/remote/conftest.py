import gzip
import random
import sys

import pytest
from msgspec.structs import replace

from snapshots.sources import open_source
from snapshots.sources.remote.access import RemoteAccess, Timeouts
from tests.support.web_server import serving

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_RANDOM = random.Random(4)
DATA = b"a,b\n" + b"".join(b"%d,%d\n" % (n, _RANDOM.getrandbits(60)) for n in range(220_000))
"""More than 4 MiB, which does not compress well."""
PACKS = {"plain": bytes, "gzip": lambda data: gzip.compress(data, 1), "zstd": zstd.compress}
HURRY = Timeouts(retry=replace(Timeouts().retry, first_pause=0.001, longest_pause=0.01))
PART = 256 * 1024


@pytest.fixture
def web():
    with serving() as server:
        yield server


@pytest.fixture
def source(monkeypatch):
    """Opens URLs and closes them. Parts are small, so that there are many."""
    monkeypatch.setattr("snapshots.sources.remote.transfer.PART", PART)
    opened = []

    def open_(url, **how):
        opened.append(open_source(url, RemoteAccess(**{"timeouts": HURRY, "netrc": False, **how})))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()
