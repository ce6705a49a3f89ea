"""The shell examples of the documentation: found, run, compared, and written anew.

    python -m tests.examples README.md docs/tutorial.md      # write their real output into them

A block that is fenced as `console` is run, command after command, in a folder of its own that has
the files of examples/data in `data`; a `python` block whose first line is `# NAME.py` is saved
there under that name. A command that names `localhost:5432` or `localhost:3306` gets a real server,
one that names `localhost:9009` the movies sink, `localhost:9091` a Pushgateway, and
`http://data.example.org/` gives the files of examples/data.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.support.database_servers import running
from tests.support.movies_sink_process import movies_sink
from tests.support.prometheus_servers import Pushgateway
from tests.support.web_server import serving

ROOT = Path(__file__).resolve().parents[1]
SHOWN_FOLDER = "/srv/demo"
"""What stands in the documents for the folder in which their examples are run."""

POSTGRES, MYSQL, MOVIES = "localhost:5432", "localhost:3306", "localhost:9009"
WEB = "data.example.org"
PUSHGATEWAY = "localhost:9091"
_SHOWN_DATABASE = "snapshots"
_OURS = ("SNAPSHOTS_", "PG", "MYSQL_", "XDG_")

_VOLATILE = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?"), "<time>"),
    (re.compile(r"(?<=  )(\d\d-\d\d )?\d\d:\d\d(?=  |$)", re.MULTILINE), "<time>"),
    (re.compile(r"(?<=\()\d{4}-\d\d-\d\d(?=\))"), "<date>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hash>"),
    (re.compile(r"(?<=, )\d+\.\d+ s\b"), "<seconds>"),
    (re.compile(r'(?<="seconds": )\d+(\.\d+)?'), "<seconds>"),
    (re.compile(r"(?<=seconds:)\s+\d+\.\d+"), " <seconds>"),
    (re.compile(r"\b\d+\.\d+(?=\s+<time>)"), "<seconds>"),
    (re.compile(r"running, in process \S+"), "running, in process <owner>"),
    (re.compile(r"[ \t]+"), " "),
    (re.compile(r"-{3,}"), "---"),
    # Progress comes every few seconds, which only a busy machine needs.
    (re.compile(r"^ ?[\d.]+ [kMG]?B of .* records/s.*\n", re.MULTILINE), ""),
)


@dataclass
class Example:
    """One command and what it prints, or a file that later ones need."""

    command: str
    output: str
    first: int
    """Number of the first line of the output, counted from 0."""
    last: int
    """Number of the line after it."""
    file: str | None = None


def documents() -> list[Path]:
    """Every document of the project that has examples."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in found if "```console" in path.read_text("utf-8")]


def examples(text: str) -> list[Example]:
    """The examples of one document, in order."""
    found: list[Example] = []
    for language, number, lines in _blocks(text):
        if language == "console":
            found += _commands(number, lines)
        elif language == "python" and (name := re.fullmatch(r"# (\w+\.py)", lines[0])):
            found.append(Example("\n".join(lines), "", number, number, file=name[1]))
    return found


def _blocks(text: str) -> Iterator[tuple[str, int, list[str]]]:
    """Language, number of the first line, and lines of each fenced block."""
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield match[1], text.count("\n", 0, match.start(2)), match[2].splitlines()


def _commands(number: int, lines: list[str]) -> list[Example]:
    found: list[Example] = []
    for line in lines:
        number += 1
        if line.startswith("$ "):
            found.append(Example(line[2:], "", number, number))
        elif line.startswith("> ") and not found[-1].output:
            found[-1].command += f"\n{line[2:]}"
            found[-1].first = found[-1].last = number
        else:
            found[-1].output += f"{line}\n"
            found[-1].last = number
    return found


class Stage:
    """A folder, an environment and perhaps servers, in which a document's examples are run."""

    def __init__(
        self,
        folder: Path,
        postgres: str | None = None,
        mysql: str | None = None,
        movies: str | None = None,
        web: str | None = None,
        pushgateway: str | None = None,
    ) -> None:
        self.folder = folder.resolve()
        shutil.copytree(ROOT / "examples" / "data", self.folder / "data")
        shutil.copytree(ROOT / "examples" / "movies", self.folder / "movies")
        home = self.folder.parent / f"{self.folder.name}-home"
        home.mkdir()
        self._shown = {str(self.folder): SHOWN_FOLDER}
        self._places: dict[str, str] = {}
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(_OURS)},
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(home),
            "COLUMNS": "80",
            "PAGER": "cat",
        }
        self._code = 0
        if movies:
            self._places[MOVIES] = urlsplit(movies).netloc
            self._shown[urlsplit(movies).netloc] = MOVIES
        if postgres:
            self._server(postgres, POSTGRES, "PG", "PASSWORD")
            # psql finds the same server without being told.
            place = urlsplit(postgres)
            self._environment |= {"PGHOST": str(place.hostname), "PGPORT": str(place.port)}
        if web:
            self._places[WEB] = web
            self._shown[web] = WEB
        if mysql:
            self._server(mysql, MYSQL, "MYSQL_", "PWD")
            place = urlsplit(mysql)
            self._environment |= {
                "MYSQL_HOST": str(place.hostname),
                "MYSQL_TCP_PORT": str(place.port),
            }

        if pushgateway:
            self._places[PUSHGATEWAY] = urlsplit(pushgateway).netloc

    def run(self, example: Example) -> str:
        """What the command prints, as the document should show it."""
        if example.file:
            (self.folder / example.file).write_text(example.command, "utf-8")
            return ""
        command = example.command
        for shown, real in self._places.items():
            command = command.replace(shown, real)
        done = subprocess.run(
            ["bash", "-c", f"(exit {self._code})\n{command}"],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=600,
            check=False,
        )
        self._code = done.returncode
        output = done.stdout.decode("utf-8", "replace")
        for real, shown in self._shown.items():
            output = output.replace(real, shown)
        # What a shell says of a process that was killed, as one says it that a person uses.
        output = re.sub(r"bash: line \d+: +\d+ Killed.*", "Killed", output)
        return "".join(f"{line.rstrip()}\n" for line in output.splitlines())

    def _server(self, url: str, shown: str, prefix: str, password: str) -> None:
        place = urlsplit(url)
        database = place.path.removeprefix("/")
        self._environment[f"{prefix}USER"] = unquote(place.username or "")
        self._environment[f"{prefix}{password}"] = unquote(place.password or "")
        self._environment[f"{prefix}DATABASE"] = database
        self._places[shown] = f"{place.hostname}:{place.port}"
        self._shown[f"{place.hostname}:{place.port}"] = shown
        self._shown[database] = _SHOWN_DATABASE


def normal(output: str) -> str:
    """What must be the same each time."""
    for pattern, word in _VOLATILE:
        output = pattern.sub(word, output)
    return "".join(f"{line.strip()}\n" for line in output.splitlines())


def rewritten(text: str, stage: Stage) -> str:
    """The document with what its commands really print."""
    lines = text.splitlines()
    for example, output in reversed([(one, stage.run(one)) for one in examples(text)]):
        if example.file is None:
            lines[example.first : example.last] = output.splitlines()
    return "\n".join(lines) + "\n"


@contextmanager
def example_site() -> Iterator[str]:
    """A web server of the files of examples/data, as HOST:PORT."""
    with serving() as web:
        for path in (ROOT / "examples" / "data").iterdir():
            web.put(f"/{path.name}", path.read_bytes(), modified=None)
        yield f"127.0.0.1:{web.port}"


def _stages(postgres: str, mysql: str, movies: str) -> Iterator[tuple[Path, Stage]]:
    for name in sys.argv[1:]:
        with (
            tempfile.TemporaryDirectory() as folder,
            example_site() as web,
            Pushgateway() as gateway,
        ):
            work = Path(folder) / "work"
            yield Path(name), Stage(work, postgres, mysql, movies, web, gateway.url())


def main() -> None:
    """Writes the real output into the documents that are named."""
    from tests.conftest import _drop_mysql, _drop_postgres

    with running() as servers, movies_sink() as sink:
        urls = [
            f"{servers[f'SNAPSHOTS_TEST_{kind}'].rpartition('/')[0]}/docs_examples"
            for kind in ("POSTGRES", "MYSQL")
        ]
        for path, stage in _stages(*urls, sink.url):
            _drop_postgres(servers["SNAPSHOTS_TEST_POSTGRES"], "docs_examples")
            _drop_mysql(servers["SNAPSHOTS_TEST_MYSQL"], "docs_examples")
            path.write_text(rewritten(path.read_text("utf-8"), stage), "utf-8")


if __name__ == "__main__":
    main()
