"""Processes that tests stop, let go on, end and wait for, on a machine that may be busy."""

import json
import os
import resource
import signal
import time
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 300.0
"""Seconds for what is waited for. Nothing is promised by it: it ends a test that hangs, and beside
other work everything takes as long as it takes."""
SOON = 2.0
"""Seconds from a signal to the end of a process, as promised where it has the machine to itself."""
BUSY = 15
"""So many times as long what is promised may take by the clock, beside other work."""


def limiting(limits):
    """Sets limits of the `resource` module in a process that begins; None where there are none."""

    def limit():
        for kind, most in limits.items():
            resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))

    return limit if limits else None


def held(process):
    """Waits until it has stopped itself, as `POINT:N:stop` has it: in the middle of its work, which
    lasts until somebody lets it go on, however busy the machine is."""

    def stopped():
        assert process.poll() is None, f"it has ended: {process.communicate()}"
        with suppress(ChildProcessError):
            options = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, process.pid, options) is not None

    wait_for(stopped)


def go_on(process):
    """Lets a process that was stopped work, until it stops itself the next time."""
    # What was said of its last stop is taken, or it would seem to be stopped still.
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOHANG)
    process.send_signal(signal.SIGCONT)


def let_end(process):
    """Lets a process that stops itself again and again work until its end; what `finish` gives."""
    while process.poll() is None:
        go_on(process)
        time.sleep(0.02)
    return finish(process)


@contextmanager
def ending_soon(process, seconds=SOON):
    """Within the block the process is told to end, and has ended at its end: it has used the
    processor for no longer than it may take, and the clock says no more than beside other work."""
    began, before = time.monotonic(), _used_by_children()
    own = _used(process.pid)
    yield
    assert process.poll() is not None
    assert time.monotonic() - began < seconds * BUSY
    assert _used_by_children() - before - own < seconds


def interrupted(process, number, seconds=SOON):
    """Sends the signal to a process that is in the middle of its work, for certain if it is stopped
    there, and lets it go on; what `finish` gives, soon."""
    with ending_soon(process, seconds):
        process.send_signal(number)
        go_on(process)
        return finish(process)


def _used_by_children():
    """Seconds of the processor, of processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _used(pid):
    """By one that lives; where the system does not tell, as if it had used none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def finish(process, seconds=PATIENCE):
    """Waits for a process that nobody kills; its exit code, and its last object."""
    out, err = process.communicate(timeout=seconds)
    assert "Traceback" not in err, err
    lines = out.strip().splitlines()
    return process.returncode, json.loads(lines[-1]) if lines else {}, err


def wait_for(condition, seconds=PATIENCE, process=None):
    """Until the condition holds; `seconds` are given where they are promised. With a process, whose
    end ends the waiting, too."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended = process is not None and process.poll() is not None
        if condition():
            return
        assert not ended, ("it has ended by itself", process.returncode, *process.communicate())
        time.sleep(0.02)
    raise AssertionError("waited in vain")


def kill_with_children(process):
    """Kills it, then those that it had started, which may have found out that it is gone."""
    children = _children(process.pid)
    process.kill()
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    process.communicate()


def _children(pid):
    """Process ids; of one that is stopped, all of them."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found
