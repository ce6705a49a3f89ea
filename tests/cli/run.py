"""The command, as a process, in a folder of its own."""

import json
import os
import subprocess
import sys


def snapshots(*arguments, cwd, stdin=None, **environment):
    """Runs the command; stdout, stderr and returncode as `subprocess.run` gives them."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    done = subprocess.run(
        [sys.executable, "-m", "snapshots", *map(str, arguments)],
        cwd=cwd,
        env={**clean, "SNAPSHOTS_STATE_DIR": str(cwd / "state"), **environment},
        input=stdin if stdin is not None else b"",
        capture_output=True,
        timeout=600,
        check=False,
    )
    done.stdout = done.stdout.decode()
    done.stderr = done.stderr.decode()
    assert "Traceback" not in done.stderr, done.stderr
    return done


def objects(done):
    """The JSON objects on stdout."""
    return [json.loads(line) for line in done.stdout.splitlines()]
