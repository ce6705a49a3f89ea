"""A service gives back what an import has taken."""

import sys

import pytest

from tests.faults.test_memory import resident
from tests.service.test_endless import endless
from tests.support.endless_file_server import FIELDS
from tests.support.service_process import database_beside, served

MOST_MEGABYTES = 90
"""Besides what it had before. glibc, left to itself, keeps 110."""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_memory_goes_back_when_an_import_is_over(tmp_path):
    with endless(200_000_000) as url:
        allow = ("--allow-host", url.split("/")[2])
        with served(database_beside(tmp_path), tmp_path, *allow) as client:
            client.get("/v1/imports")
            before = resident(client.process.pid)
            client.wait(client.submit(url=url, contract=FIELDS), "finished", seconds=200)
            after = resident(client.process.pid)
    assert after - before <= MOST_MEGABYTES, (before, after)
