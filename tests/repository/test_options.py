"""Options stand once: whoever offers them agrees with the engine, and the reference with all."""

from __future__ import annotations

import ast
import inspect
import json
import re
from pathlib import Path
from typing import Any, get_args

import click
import pytest

import snapshots
from snapshots import defaults, time_limits
from snapshots.cli.main import COMMANDS, cli
from snapshots.defaults import SharedOption, options_of
from snapshots.endpoints.http.settings import HttpSettings
from snapshots.engine.plan.endpoint import Endpoint
from snapshots.engine.plan.options import Options
from snapshots.formats.options import DialectOptions
from snapshots.project.settings import ApiSettings
from snapshots.sources.remote.access import READING, RemoteAccess
from snapshots.sync.work_queue import RETRY
from snapshots.web.api.request_bodies import DialectRequest, NewImport
from tests.repository.test_docs import REFERENCE, cells, page, section, words_in

IMPORT = options_of(Options)
DELIVERY = {**IMPORT, **options_of(Endpoint)}


def rows(text: str) -> dict[str, list[str]]:
    """The rows of all tables of a text, by the first word between backticks in them."""
    columns = [cells(text, column) for column in range(3)]
    return {words_in([row[0]])[0].split()[0]: list(row) for row in zip(*columns, strict=True)}


def parameters(command: str) -> dict[str, click.Option]:
    """The options of a command, by their long names."""
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    return {
        next(name for name in param.opts if name.startswith("--")): param
        for param in found.params
        if isinstance(param, click.Option)
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_choices_and_defaults_of_a_command_are_documented(command: str) -> None:
    said = {}
    text = section(page("cli.md"), f"## snapshots {command}")
    for names, default in zip(cells(text, 0), cells(text, 2), strict=True):
        said[words_in([names])[0].split()[0]] = (names, default)
    for name, param in parameters(command).items():
        names, default = said[name]
        if isinstance(param.type, click.Choice) and name != "--state":
            assert names.endswith(" " + r"\|".join(param.type.choices)), name
        if param.is_flag and param.default is False and not name.endswith("headers"):
            assert default == "off", name
        elif param.show_default:
            assert default == f"`{param.default}`", name


@pytest.mark.parametrize("command", COMMANDS)
def test_no_two_options_of_a_command_have_a_name(command: str) -> None:
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    options = [param for param in found.params if isinstance(param, click.Option)]
    spelt = [name for option in options for name in (*option.opts, *option.secondary_opts)]
    for names in ([param.name for param in found.params], spelt):
        assert [name for name in names if names.count(name) > 1] == []


@pytest.mark.parametrize("command", ["import", "send", "sync", "resume"])
def test_a_command_has_the_defaults_and_choices_of_the_engine(command: str) -> None:
    known = {**options_of(DialectOptions), **(DELIVERY if command == "send" else IMPORT)}
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    given = found.make_context(command, [], resilient_parsing=True).params
    seen = 0
    for name, param in parameters(command).items():
        option = None if name == "--header" else known.get(param.name or "")
        if option is None:
            continue
        seen += 1
        default = defaults.MAX_RECORD_SIZE if name == "--max-record-size" else option.default
        assert given[option.name] in ((default,) if default != () else ((), None))
        if option.choices and name not in ("--line-ending", "--results"):
            assert isinstance(param.type, click.Choice)
            assert set(param.type.choices) <= set(option.choices), name
    assert seen >= 5


def documented(row: list[str], option: SharedOption) -> None:
    """The row of a reference page says what the choices are, beside the default."""
    others = [choice for choice in option.choices if f'"{choice}"' not in row[1]]
    for choice in others:
        assert re.search(rf"`\"?{choice}\"?`", row[2]), (option.name, choice)


def test_a_request_has_the_fields_of_the_engine_and_the_page_its_defaults() -> None:
    said = rows(section(page("rest.md"), "## What can be asked for"))
    for name, field in NewImport.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if default is not None and name != "dialect":
            assert said[name][1] == f"`{json.dumps(default)}`", name
        else:
            assert "`" not in said[name][1], name
        if option := IMPORT.get(name):
            assert default == (list(option.default) if option.default == () else option.default)
            assert field.description == option.meaning
            documented(said[name], option)
    assert set(NewImport.model_fields) - set(IMPORT) == {"url", "file", "dialect"}
    assert list(DialectRequest.model_fields) == list(options_of(DialectOptions))
    assert words_in([said["dialect"][2].partition(", as for")[0]]) == list(
        DialectRequest.model_fields
    )


@pytest.mark.parametrize(("function", "known"), [("load", IMPORT), ("send", DELIVERY)])
def test_python_has_the_defaults_of_the_engine_and_so_has_its_page(
    function: str, known: dict[str, SharedOption]
) -> None:
    (heading,) = re.findall(rf"^## `snapshots\.{function}\(.*$", page("python.md"), re.MULTILINE)
    said = rows(section(page("python.md"), heading))
    taken = inspect.signature(getattr(snapshots, function)).parameters
    for name, parameter in taken.items():
        row = said[name if name != "dialect" else "**dialect"]
        if parameter.default is inspect.Parameter.empty:
            assert row[1] in ("", "detected"), name
            continue
        assert value(row[1].strip("`")) == parameter.default, name
        if option := known.get(name):
            assert parameter.default == option.default, name
            if function == "load" or name in options_of(Endpoint):
                documented(row, option)
    left_out = {name for name in known if name not in taken}
    assert (
        left_out
        == {
            "load": {"first", "show"},
            "send": {
                "table",
                "primary_key",
                "lineage",
                "workers",
                "cluster",
                "sessions",
                "connections",
                "chunk_size",
                "mode",
                "atomic",
                "allow_cascade",
                "grown",
                "as_of",
                "duplicates",
                "publish",
                "keep_undo",
                "out_of_order",
            },
        }[function]
    )


@pytest.mark.parametrize("function", ["run", "resume", "history"])
def test_the_headings_on_python_have_the_defaults(function: str) -> None:
    (written,) = re.findall(
        rf"^## `snapshots\.{function}\((.*)\) ->", page("python.md"), re.MULTILINE
    )
    for name, parameter in inspect.signature(getattr(snapshots, function)).parameters.items():
        if parameter.default is not inspect.Parameter.empty:
            (said,) = re.findall(rf"\b{name}=([^,]+)", written)
            assert value(said) == parameter.default, name


def value(text: str) -> Any:
    """What an expression of the reference stands for: a literal, or a product of numbers."""
    product = 1
    for factor in text.split(" * "):
        literal = ast.literal_eval(factor)
        if " * " not in text:
            return literal
        product *= literal
    return product


def test_layers_below_the_engine_have_the_same_defaults() -> None:
    delivery = Endpoint("https://example.org/")
    below = HttpSettings("https://example.org/")
    for name in ("method", "batch", "results", "key_header", "concurrency", "rate", "timeout",
                 "retry_seconds"):  # fmt: skip
        assert getattr(below, name) == getattr(delivery, name), name
    assert Options().remote_access == RemoteAccess()
    plain = ApiSettings()
    assert (plain.timeout, plain.retry_seconds) == (delivery.timeout, delivery.retry_seconds)


def test_every_choice_of_a_project_is_documented() -> None:
    said = rows(section(page("project.md"), "## The API"))
    known = {"method": get_args(defaults.Method), "results": ("none", "combocurve")}
    for name, choices in known.items():
        for choice in choices:
            assert f'`"{choice}"`' in said[name][1] + said[name][2], (name, choice)


def test_the_limits_are_those_of_the_code() -> None:
    text = page("settings.md")
    said = dict(zip(cells(text, 0), cells(text, 1), strict=True))
    limits = time_limits
    for what, figures in {
        "Parts of a URL read at once": [f"{defaults.CONNECTIONS}, of 8 MiB"],
        "Wait for a web server": [
            f"{limits.CONNECT_SECONDS:g} s to connect, {limits.STALL_SECONDS:g} s without"
        ],
        "Retries of a web server": [f"{READING.most_failures} in a row", "4 to begin with"],
        "Wait that a server may ask for (`Retry-After`)": [f"{limits.LONGEST_ASKED_SECONDS:g} s"],
        "Wait for the answers of all known databases, where `--database` names none": [
            f"{limits.ANSWER_SECONDS:g} s"
        ],
        "Wait for a connection": [f"{limits.CONNECT_SECONDS:g} s"],
        "Wait for a connection with an API": [f"{limits.CONNECT_SECONDS:g} s"],
        "Wait for another writer of a SQLite or DuckDB file": [f"{limits.WRITER_SECONDS:g} s"],
        "Wait for a database that is away": [
            f"{RETRY.first_pause:g} s at first, up to {RETRY.longest_pause:g} s"
        ],
        "Time to end after SIGTERM": [
            f"{limits.SYNC_STOP_SECONDS:g} s for imports", f"after {limits.STOP_SECONDS:g} s"
        ],
        "Head of a request": [f"{limits.HEAD_SECONDS:g} s"],
        "Progress of a body": [f"1 KiB in {limits.PROGRESS_SECONDS:g} s"],
        "Wait for a session": [f"{limits.SESSION_SECONDS:g} s"],
        "Time for a page of rows": [f"{limits.ROWS_SECONDS:g} s"],
    }.items():  # fmt: skip
        for figure in figures:
            assert figure in said[what], what


def test_every_time_limit_says_why() -> None:
    module = ast.parse(Path(time_limits.__file__).read_text("utf-8"))
    names, sentences = [], []
    for node, behind in zip(module.body, [*module.body[1:], None], strict=True):
        if isinstance(node, ast.Assign):
            assert isinstance(node.targets[0], ast.Name)
            names.append(node.targets[0].id)
            said = behind.value if isinstance(behind, ast.Expr) else None
            assert isinstance(said, ast.Constant), names[-1]
            sentences.append(said.value)
    assert len(names) > 20
    assert all(sentence.endswith(".") for sentence in sentences)


def test_figures_that_users_may_change_stand_once() -> None:
    figures = re.compile(r'"8MB"|8 << 20|8 \* 1024 \* 1024|"10%"|"1TB"|"Idempotency-Key"')
    source = REFERENCE.parents[1] / "src" / "snapshots"
    found = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        if figures.search(path.read_text("utf-8"))
    }
    # Others have the size of a part, of a page, and the header that clients of REST send.
    assert found <= {
        "defaults.py", "sources/remote/transfer.py", "engine/history/table_rows.py",
        "web/api/imports.py",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "sentence", "seconds"),
    [
        ("reliability.md", "Nobody can take the file's lock from it: after {} s", "WRITER_SECONDS"),
        ("reliability.md", "The loader waits up to {} s", "RETRY_SECONDS"),
        ("reliability.md", "tries again for {} s", "RETRY_SECONDS"),
        ("reliability.md", "two of them are tried for {} s", "CONNECT_SECONDS"),
        ("reliability.md", "408 after {} s", "PROGRESS_SECONDS"),
        ("reference/answers.md", "After {} s without an answer", "FIRST_CONTACT_SECONDS"),
        ("reference/locations.md", "`connect_timeout` ({} s by default)", "CONNECT_SECONDS"),
        ("reference/rest.md", "less than 1 KiB in {} s", "PROGRESS_SECONDS"),
        ("how-to/sync.md", "tries again after 0.5 s up to {} s", "LONGEST_AWAY_SECONDS"),
        ("how-to/run-the-service.md", "may have 64 KiB and take {} s", "HEAD_SECONDS"),
        ("how-to/run-the-service.md", "four sessions of their own, for {} s", "ROWS_SECONDS"),
        ("how-to/load-from-urls.md", "silence for {} s", "STALL_SECONDS"),
    ],
)
def test_pages_name_the_time_limits_of_the_code(file: str, sentence: str, seconds: str) -> None:
    text = " ".join((REFERENCE.parent / file).read_text("utf-8").split())
    said = re.findall(re.escape(sentence).replace(r"\{\}", r"([0-9.]+)"), text)
    assert said, sentence
    assert {float(number) for number in said} == {getattr(time_limits, seconds)}
