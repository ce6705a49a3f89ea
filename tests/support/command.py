"""The command, as a process, in a folder of its own."""

import json
import os

from tests.support.snapshots_process import run


def snapshots(*arguments, cwd, stdin=None, **environment):
    """Runs the command; stdout, stderr and returncode as `subprocess.run` gives them."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    done = run(
        arguments,
        given=stdin,
        timeout=600,
        cwd=cwd,
        env={**clean, "SNAPSHOTS_STATE_DIR": str(cwd / "state"), **environment},
    )
    done.stdout = done.stdout.decode()
    done.stderr = done.stderr.decode()
    assert "Traceback" not in done.stderr, done.stderr
    return done


def objects(done):
    """The JSON objects on stdout."""
    return [json.loads(line) for line in done.stdout.splitlines()]
