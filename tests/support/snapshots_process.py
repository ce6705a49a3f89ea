"""`snapshots` as a process: of the tests' own fork server where that makes no difference.

To start Python and to load the package takes a quarter of a second of the processor, and a second
for the service; tests do so thousands of times. Where the beginning of Python matters, and
outside of pytest, it is started as usual: see `_needs_python`. SNAPSHOTS_TEST_FRESH=1 has all so.
"""

import ctypes
import inspect
import json
import os
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.support.fork_server import SIZE

PYTHON = (sys.executable, "-m", "snapshots")
_SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of Linux: to whom orphans go."""
_OF_A_TEST = ("SNAPSHOTS_", "PYTEST_", "COVERAGE_")
"""Variables that may differ from those that the fork server has been started with."""
_FRESH = "SNAPSHOTS_TEST_FRESH"


def start(arguments, *, prefix=(), **options):
    """`snapshots ARGUMENTS`, behind a command that starts it; options of `subprocess.Popen`."""
    kind = subprocess.Popen if prefix or _needs_python(options) else _Forked
    return kind([*prefix, *PYTHON, *map(str, arguments)], **options)


def run(arguments, *, given=None, timeout=None, **options):
    """Lets it come to its end with these bytes as its input; what `subprocess.run` gives."""
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
               **options}  # fmt: skip
    with start(arguments, **options) as process:
        try:
            out, err = process.communicate(given, timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def _needs_python(options):
    """Whether something is wanted that only a start of Python does, or that a fork cannot do."""
    if sys.platform != "linux" or _FRESH in os.environ or "PYTEST_VERSION" not in os.environ:
        return True
    if options.get("preexec_fn") or options.get("user") is not None:
        return True
    environment = options.get("env")
    return environment is not None and _lasting(environment) != _server()[1]


def _lasting(environment):
    return {k: v for k, v in environment.items() if not k.startswith(_OF_A_TEST)}


@cache
def _server():
    """The fork server of this process: its socket, the environment that it has, and itself."""
    if ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    ours, theirs = socket.socketpair()
    environment = dict(os.environ)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.fork_server", str(theirs.fileno())],
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env=environment,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
    return ours, _lasting(environment), process


class _Forked(subprocess.Popen):
    """Only how it begins is another."""

    def _execute_child(self, *given):
        bound = inspect.signature(super()._execute_child).bind(*given).arguments
        fds = [
            own if fd == -1 else fd
            for own, fd in enumerate((bound["p2cread"], bound["c2pwrite"], bound["errwrite"]))
        ]
        environment = bound["env"] if bound["env"] is not None else os.environ
        wanted = json.dumps(
            {
                "arguments": bound["args"][len(PYTHON) :],
                "environment": dict(environment),
                "folder": os.fspath(bound["cwd"] or Path.cwd()),
            }
        ).encode()
        channel = _server()[0]
        socket.send_fds(channel, [SIZE.pack(len(wanted))], fds)
        channel.sendall(wanted)
        self.pid = SIZE.unpack(_exactly(channel, SIZE.size))[0]
        _exactly(channel, 1)
        self._child_created = True
        self._close_pipe_fds(
            bound["p2cread"], bound["p2cwrite"], bound["c2pread"],
            bound["c2pwrite"], bound["errread"], bound["errwrite"],
        )  # fmt: skip


def _exactly(channel, size):
    data = b""
    while len(data) < size:
        piece = channel.recv(size - len(data))
        assert piece, "the fork server has ended"
        data += piece
    return data
