"""What only one system has is behind one seam, `snapshots.system`: all else runs everywhere."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "src/snapshots"
SEAM = SOURCES / "system"
MODULES = {"curses", "fcntl", "grp", "msvcrt", "posix", "pty", "pwd", "readline", "resource"}
MODULES |= {"syslog", "termios", "tty", "uvloop", "winreg"}
# Some of these exist on Windows and do something else: `os.kill(pid, 0)` sends Ctrl-C, and
# `os.open` opens texts. What does not exist there at all, mypy finds, too.
NAMES = {
    "os": "O_CLOEXEC O_NOFOLLOW O_NONBLOCK chown fork getuid kill killpg mkfifo open pread pwrite"
    " setsid sysconf uname wait4",
    "signal": "SIGHUP SIGIO SIGKILL SIGSTOP SIGUSR1 SIGUSR2 alarm pause pthread_kill setitimer",
    "socket": "AF_UNIX",
    # The usual loop of Windows has no `add_reader`.
    "asyncio": "run",
}
ARGUMENTS = {"pass_fds", "preexec_fn", "process_group"}
FOLDERS = ("/dev/", "/proc/", "/tmp/")


def found_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (one.name for one in names if one.name.split(".")[0] in MODULES)
            case ast.ImportFrom(module=str(module), names=names):
                if module.split(".")[0] in MODULES:
                    yield module
                there = NAMES.get(module, "").split()
                yield from (f"{module}.{one.name}" for one in names if one.name in there)
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                if name in NAMES.get(module, "").split():
                    yield f"{module}.{name}"
            case ast.keyword(arg=str(name)) if name in ARGUMENTS:
                yield name
            case ast.Constant(value=str(text)) if text.startswith(FOLDERS):
                yield text


@pytest.mark.parametrize(
    "code",
    [
        "import fcntl",
        "def f():\n    from termios import TIOCOUTQ",
        "os.kill(pid, 0)",
        "from os import pread",
        "subprocess.Popen(args, pass_fds=[3])",
        "open('/proc/self/stat')",
        "f'/dev/fd/{number}'",
    ],
)
def test_it_is_found(code: str) -> None:
    assert list(found_in(ast.parse(code)))


def test_what_only_one_system_has_is_behind_the_seam() -> None:
    elsewhere = [path for path in sorted(SOURCES.rglob("*.py")) if SEAM not in path.parents]
    assert elsewhere
    found = {
        str(path.relative_to(SOURCES)): uses
        for path in elsewhere
        if (uses := sorted(found_in(ast.parse(path.read_text("utf-8")))))
    }
    assert found == {}


def face(path: Path) -> dict[str, str]:
    """The public names of a module, each with its arguments and what it gives."""
    names = {}
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            names[node.name] = f"({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}"
        elif isinstance(node, ast.AnnAssign) and not ast.unparse(node.target).startswith("_"):
            names[ast.unparse(node.target)] = ast.unparse(node.annotation)
    return names


def test_both_systems_offer_the_same() -> None:
    unix, windows = face(SEAM / "unix.py"), face(SEAM / "windows.py")
    assert unix
    assert windows == unix
    tree = ast.parse((SEAM / "__init__.py").read_text("utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert [node.module for node in imports] == [
        "snapshots.system.windows",
        "snapshots.system.unix",
    ]
    for node in imports:
        assert [one.name for one in node.names] == ["*"], "what one has, the other has, too"
