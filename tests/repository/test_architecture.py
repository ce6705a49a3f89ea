"""The shape of the source tree: what reviewers would otherwise have to watch for."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tokenize
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
MOST_LINES = 450


def test_files_stay_readable() -> None:
    assert SOURCES
    lengths = {path: len(path.read_text().splitlines()) for path in SOURCES}
    assert {path: count for path, count in lengths.items() if count > MOST_LINES} == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_no_module_goes_through_the_face_of_the_package() -> None:
    """`from snapshots import load` within it would be an import of everything."""
    modules = {path.stem for path in (ROOT / "src/snapshots").iterdir()}
    through = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "snapshots":
                through += [(path, name.name) for name in node.names if name.name not in modules]
            elif isinstance(node, ast.Import):
                through += [(path, name.name) for name in node.names if name.name == "snapshots"]
    assert through == []


def without_examples(text: str) -> str:
    """The text without the lines of doctests, which the package does not run."""
    return re.sub(r"^\s*(>>>|\.\.\.) .*$", "", text, flags=re.MULTILINE)


def test_what_is_written_passes_one_place() -> None:
    """Names and answers may hold what moves a cursor: whoever writes them plainly is named here."""
    writers = {"cli/say.py", "cli/status_line.py", "telemetry/logs.py"}
    # JSON for another process, which no terminal shows.
    writers |= {"sources/containers/workbook_process.py"}
    written = re.compile(r"click\.s?echo\(|\bprint\(|\.std(out|err)\.write\(|StreamHandler\(")
    found = {
        str(path.relative_to(ROOT / "src/snapshots"))
        for path in SOURCES
        if written.search(without_examples(path.read_text()))
    }
    assert found <= writers


NAMES_OF_TARGETS = re.compile(
    r"postgres|mysql|maria|sqlite|\btarget ?\. ?(name|kind)\b|\bencoding (==|!=|in|not in) [\"'({]",
    re.IGNORECASE,
)
"""What code may not decide by: it asks the target's dialect, or what an encoding can do."""


def code_of(path: Path) -> Iterator[tuple[int, str]]:
    """The tokens of each line with its number, without comments and docstrings."""
    unseen = {tokenize.NL, tokenize.COMMENT, tokenize.ENCODING}
    statement = {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines: dict[int, list[str]] = defaultdict(list)
    before = tokenize.NEWLINE
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type in unseen:
                continue
            if token.type != tokenize.STRING or before not in statement:
                lines[token.start[0]].append(token.string)
            before = token.type
    for number, tokens in lines.items():
        yield number, " ".join(tokens)


@pytest.mark.parametrize("folder", ["ledger", "engine", "targets/sql"])
def test_no_target_is_known_by_its_name(folder: str) -> None:
    named = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((ROOT / "src/snapshots" / folder).rglob("*.py"))
        for number, line in code_of(path)
        if NAMES_OF_TARGETS.search(line)
    ]
    assert named == []


@pytest.mark.parametrize(
    "line",
    [
        'if target.name == "toy": ...',
        'LOCK = {"postgres": " FOR UPDATE"}',
        'as_text = encoding == "text"',
        "from snapshots.targets.mysql.settings import complete",
        "_MYSQL_LOCK_SECONDS = 60",
    ],
)
def test_a_name_of_a_target_would_be_found(line: str, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(f'"""MySQL is named here."""\n\n# and SQLite here\n{line}\n')
    found = [number for number, code in code_of(module) if NAMES_OF_TARGETS.search(code)]
    assert found == [4]


def test_every_lock_is_audited() -> None:
    jobs = YAML(typ="safe").load(ROOT / ".github/workflows/audit.yml")["jobs"]
    assert jobs["python"]["strategy"]["matrix"]["lock"] == ["runtime", "image", "dev", "bench"]
    assert {path.stem for path in LOCKS} == {"runtime", "image", "dev", "bench"}
    rust = {str(path.relative_to(ROOT)) for path in (ROOT / "native").glob("**/Cargo.lock")}
    assert rust == set(jobs["rust"]["strategy"]["matrix"]["lock"])
    commands = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    for tool in ("pip-audit --strict", "cargo audit", "cyclonedx-py", "cargo cyclonedx"):
        assert any(tool in command for command in commands), tool
    checker = Path(sys.executable).with_name("check-jsonschema")
    workflows = sorted((ROOT / ".github/workflows").glob("*.yml"))
    subprocess.run([checker, "--builtin-schema", "vendor.github-workflows", *workflows], check=True)


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """import-linter with the project's contracts, on a copy of the package."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache", "--no-logo", "--config", ROOT / "pyproject.toml"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "*.so")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=ignored)
    return tmp_path / "src"


def test_the_layers_hold(tree: Path) -> None:
    done = lint(tree)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("utils.py", "", "snapshots.utils"),
        ("model.py", "import snapshots.errors\nimport snapshots.engine\n", "snapshots.engine"),
        ("targets/sneaky.py", "import snapshots.ledger\n", "snapshots.targets.sneaky"),
        ("engine/sneaky.py", "import psycopg\n", "snapshots.engine.sneaky"),
        ("web/sneaky.py", "", "snapshots.web.sneaky"),
    ],
    ids=["no place", "upward", "sideways", "driver outside its adapter", "no place in a package"],
)
def test_the_contracts_can_fail(tree: Path, file: str, text: str, complaint: str) -> None:
    with (tree / "snapshots" / file).open("a") as module:
        module.write(text)
    done = lint(tree)
    assert done.returncode == 1
    assert complaint in done.stdout


def test_the_layers_in_the_docs_are_those_of_the_linter() -> None:
    """docs/architecture.md lists those of the package and of the engine, from the top down."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = {
        contract["containers"][0]: [layer.split(" | ") for layer in contract["layers"]]
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    }
    text = (ROOT / "docs/architecture.md").read_text("utf-8").partition("\n## Layers\n")[2]
    package, engine = text.split("\nThe engine's folders")
    for container, table in (("snapshots", package), ("snapshots.engine", engine)):
        rows = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
        listed = [re.findall(r"`(\w+)`", row) for row in rows]
        assert [sorted(row) for row in listed] == [sorted(row) for row in declared[container]]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_are_pinned_hashed_and_name_no_host(lock: Path) -> None:
    text = lock.read_text()
    assert not re.search(r"://|--index|--find-links", text)
    for entry in text.replace("\\\n", " ").splitlines():
        assert "==" in entry, entry
        assert "--hash=sha256:" in entry, entry


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = {
        "runtime": project["project"]["dependencies"],
        "dev": project["project"]["dependencies"] + project["dependency-groups"]["dev"],
    }
    for name, requirements in asked.items():
        text = (ROOT / "requirements" / f"{name}.lock").read_text()
        locked = set(re.findall(r"^([a-z0-9.-]+)==", text, re.MULTILINE))
        wanted = {re.sub(r"[._]", "-", re.split(r"[\[<>=; ]", r)[0]).lower() for r in requirements}
        assert wanted <= locked
