"""What users type most starts at once: heavy modules are imported only where they are needed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "asyncio", "backports.zstd", "charset_normalizer", "fastapi", "isal", "multiprocessing",
    "opentelemetry", "prometheus_client", "psycopg", "pydantic", "pymysql", "ray", "rich", "ssl",
    "urllib.request", "uvicorn",
}  # fmt: skip
SPECIAL = {
    "snapshots.engine.cluster", "snapshots.engine.delivery", "snapshots.engine.lookback",
    "snapshots.engine.publishing.staged", "snapshots.engine.repair",
    "snapshots.engine.run.dry_run", "snapshots.engine.undo", "snapshots.engine.verify",
    "snapshots.endpoints", "snapshots.project", "snapshots.sync",
    "snapshots.targets.mysql", "snapshots.targets.postgres", "snapshots.web",
}  # fmt: skip
"""Of our own modules, those that most imports do not need."""
PROBE = """
import sys
before = set(sys.modules)
from snapshots.cli.main import main
sys.argv = ["snapshots", *sys.argv[1:]]
try:
    code = main()
except SystemExit as end:
    code = end.code
import json
print(json.dumps([code or 0, sorted(set(sys.modules) - before)]), file=sys.stderr)
"""


def modules_of(folder: Path, *arguments: str) -> set[str]:
    """The modules that a command of a new process imports."""
    home = str(folder)
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=folder,
        env={**os.environ, "HOME": home, "SNAPSHOTS_STATE_DIR": home, "XDG_CONFIG_HOME": home},
        capture_output=True,
        text=True,
        check=False,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return set(modules)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a file has been imported."""
    (tmp_path / "rides.csv").write_text("id,miles\n1,2.5\n2,0.25\n")
    assert "snapshots.engine" in modules_of(tmp_path, "import", "rides.csv")
    assert (tmp_path / "snapshots.db").exists()
    return tmp_path


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("import", "--help"), ("list",), ("list", "--json")]
)
def test_nothing_heavy_is_imported(folder: Path, arguments: tuple[str, ...]) -> None:
    modules = modules_of(folder, *arguments)
    assert "snapshots.cli.main" in modules
    assert modules & HEAVY == set()


def test_an_import_loads_what_it_needs(folder: Path) -> None:
    assert modules_of(folder, "import", "rides.csv", "--again") & (HEAVY | SPECIAL) == set()
