import os
import socket
import subprocess
import sys

import pytest

from snapshots.engine.lease import owner
from snapshots.engine.lease.owner import alive, there, this_process
from snapshots.time_limits import LEASE_SECONDS

ELSEWHERE = "another-host:1:1"
LONG = LEASE_SECONDS + 1


def test_on_this_host_the_process_table_knows():
    assert alive(this_process(), 0)
    assert alive(this_process(), -3600), "the clock was put back, and it is there"
    with subprocess.Popen(["true"]) as gone:
        pass
    assert not alive(f"{socket.gethostname()}:{gone.pid}:1", 0)
    assert not alive(f"{socket.gethostname()}:{os.getpid()}:1", 0), "the number was given again"


def test_who_is_silent_for_too_long_has_lost_its_import():
    assert not alive(this_process(), LONG)
    assert not alive(ELSEWHERE, LONG)
    assert not alive(None, 0)


def test_elsewhere_the_heartbeat_decides():
    assert alive(ELSEWHERE, LEASE_SECONDS - 1)
    assert alive(ELSEWHERE, -LEASE_SECONDS + 1)
    assert not alive(ELSEWHERE, -3600), "a clock that was put back keeps nobody waiting for hours"


@pytest.mark.skipif(sys.platform != "linux", reason="tells process tables apart by Linux's own")
def test_hosts_of_one_name_are_told_apart(monkeypatch):
    """Two containers of one host may have its name, and each a process of this number."""
    here = this_process()
    monkeypatch.setattr(owner, "_process_table", lambda: "0badcafe")
    other = this_process()
    assert other.split("/")[0] == here.split("/")[0]
    assert other.rsplit(":", 2)[1:] == here.rsplit(":", 2)[1:]
    assert not there(here)
    assert alive(here, 1), "it may live elsewhere: the heartbeat decides"
    older = here.replace("/" + here.split("/")[1].split(":")[0], "")
    assert there(older), "as older releases wrote it"
