import os
import socket
import subprocess

from snapshots.engine.lease.owner import alive, this_process
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
