"""The reference says what the code does: nothing is missing from it, and nothing is invented."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click
import pytest

import snapshots
from snapshots import errors, locations, model, row_encoding, time_limits
from snapshots.cli.main import COMMANDS, cli
from snapshots.contract import infer, words
from snapshots.defaults import CHUNK_SIZE
from snapshots.engine import events
from snapshots.engine.delivery import group_commit as keeper
from snapshots.engine.delivery.job import CHUNK_BYTES
from snapshots.engine.input import identity
from snapshots.engine.limits import JUDGED_FROM
from snapshots.engine.loading import executor
from snapshots.engine.plan.options import Options
from snapshots.engine.publishing.by_key import duplicates
from snapshots.engine.verify.report import EXIT_CODES, VerifyReport
from snapshots.formats import sniff
from snapshots.formats.names import MAX_BYTES
from snapshots.formats.options import DialectOptions
from snapshots.ledger import awaiting_parents, left_out
from snapshots.ledger.deliveries import UNCHANGED
from snapshots.ledger.reject_codes import CODES
from snapshots.project.resources import KNOWN
from snapshots.project.settings import API_KEYS, SERVER_KEYS, ApiSettings
from snapshots.telemetry.event_totals import OUTCOMES
from snapshots.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from msgspec import Struct

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted(
    path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/data/*.md"))
)


def page(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, with the deeper headings in it."""
    level = heading.index(" ")
    _, found, rest = text.partition(f"{heading}\n")
    assert found, f"there is no heading {heading!r}"
    return re.split(rf"^#{{1,{level}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def cells(text: str, column: int = 0) -> list[str]:
    """The cells of one column of all the tables in a text, without their heads."""
    found = []
    body = False
    for line in text.splitlines():
        if not line.startswith("|"):
            body = False
        elif re.fullmatch(r"[|\- ]+", line):
            body = True
        elif body:
            row = re.split(r"(?<!\\)\|", line.strip().strip("|"))
            found.append(row[column].strip())
    return found


def words_in(texts: list[str]) -> list[str]:
    """All that stands between backticks."""
    return [word for text in texts for word in re.findall(r"`([^`]+)`", text)]


def options(command: str) -> dict[str, str | None]:
    """Each long option of a command, and its variable."""
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    return {
        next(name for name in param.opts if name.startswith("--")): (
            param.envvar if isinstance(param.envvar, str) else None
        )
        for param in found.params
        if isinstance(param, click.Option)
    }


def refusals(command: str) -> list[str]:
    """The other names of its flags: those that say no."""
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    return [name for param in found.params for name in param.secondary_opts]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_documented(command: str) -> None:
    text = section(page("cli.md"), f"## snapshots {command}")
    named = [words_in([cell])[0].split()[0] for cell in cells(text, 0)]
    variables = [cell.strip("`") for cell in cells(text, 1)]
    documented = {
        name: None if variable == "none" else variable
        for name, variable in zip(named, variables, strict=True)
    }
    assert documented == options(command)


def test_every_command_is_in_the_table_and_has_its_section() -> None:
    text = page("cli.md")
    table = text[: text.index("\n## ")]
    listed = re.findall(r"^\| \[`snapshots (\w+)`\]\(#snapshots-(\w+)\) \|", table, re.MULTILINE)
    assert all(name == anchor for name, anchor in listed)
    assert sorted(name for name, _ in listed) == sorted(COMMANDS)
    assert sorted(re.findall(r"^## snapshots (\w+)$", text, re.MULTILINE)) == sorted(COMMANDS)


def test_short_names_and_choices_are_documented() -> None:
    text = page("cli.md")
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        for param in command.params:
            for short in (opt for opt in param.opts if re.fullmatch(r"-\w", opt)):
                assert f"`{short}`" in text, short
            if isinstance(param.type, click.Choice):
                for choice in param.type.choices:
                    assert re.search(rf"\b{choice}\b", text), choice


def test_no_page_names_an_option_that_does_not_exist() -> None:
    known = {"--help", "--version", *(name for command in COMMANDS for name in options(command))}
    known |= {name for command in COMMANDS for name in refusals(command)}
    variables = {"SNAPSHOTS_STATE_DIR", "SNAPSHOTS_FAULT"} | {
        variable for command in COMMANDS for variable in options(command).values() if variable
    }
    for path in PAGES:
        text = path.read_text("utf-8")
        if path.parent.name != "decisions":
            for line in text.splitlines():
                if "snapshots" in line or line.startswith("|"):
                    invented = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", line)) - known
                    assert not invented - OTHER_PROGRAMS, f"{path.name}: {line}"
        named = set(re.findall(r"\bSNAPSHOTS_[A-Z_]+\b", text))
        assert named <= variables | OTHER_VARIABLES, path


OTHER_PROGRAMS = {"--preserve-status", "--foreground", "--create", "--now"}
OTHER_VARIABLES = {
    "SNAPSHOTS_TEST_POSTGRES", "SNAPSHOTS_TEST_MYSQL", "SNAPSHOTS_TEST_IMAGES",
    "SNAPSHOTS_TEST_FRESH",
    *re.findall(r"\$\{(SNAPSHOTS_\w+)", (ROOT / "compose.yaml").read_text("utf-8")),
}  # fmt: skip


def test_the_defaults_in_the_reference_are_those_of_the_code() -> None:
    text = page("cli.md")
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        rows = dict(
            zip(
                [words_in([cell])[0].split()[0] for cell in
                 cells(section(text, f"## snapshots {name}"), 0)],
                cells(section(text, f"## snapshots {name}"), 2),
                strict=True,
            )
        )  # fmt: skip
        for param in command.params:
            if isinstance(param, click.Option) and param.show_default:
                assert rows[param.opts[0]] == f"`{param.default}`", param.opts


def reject_codes() -> set[str]:
    """The kernel's codes, and those that the database decides on."""
    source = (ROOT / "native" / "src" / "reject_code.rs").read_text("utf-8")
    found = set(re.findall(r'=> "(\w+)"', source))
    assert len(found) > 20
    found |= {errors.RefusedRows.code, awaiting_parents.CODE, duplicates.CODE}
    assert found == set(CODES), "the codes that `rejects --code` takes"
    return found


def test_every_reject_code_is_documented_and_none_else() -> None:
    text = page("reject-codes.md")
    skipped = section(text, "## Skipped records")
    documented = words_in(cells(text.replace(skipped, ""), 0))
    assert sorted(documented) == sorted(reject_codes())
    assert words_in(cells(skipped, 0)) == [left_out.CODE, duplicates.CODE, UNCHANGED]


def test_readme_counts_the_codes() -> None:
    (said,) = re.findall(r"\[(\d+) codes\]", (ROOT / "README.md").read_text("utf-8"))
    assert int(said) == len(reject_codes())


def test_every_error_is_documented_with_its_code_and_exit_code() -> None:
    classes = {
        kind.__name__: (kind.code, str(kind.exit_code))
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.SnapshotsError)
    }
    text = page("errors.md")
    rows = zip(words_in(cells(text, 0)), words_in(cells(text, 1)), cells(text, 2), strict=True)
    assert {name: (code, number) for name, code, number in rows} == classes


def test_every_exit_code_of_an_error_is_documented() -> None:
    documented = {int(cell) for cell in cells(page("exit-codes.md"), 0)}
    raised = {
        kind.exit_code
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.SnapshotsError)
    }
    assert raised | {0, 3, 4, 5, 143, *EXIT_CODES.values()} == documented
    readme = section((ROOT / "README.md").read_text("utf-8"), "## Exit codes")
    assert {int(n) for cell in cells(readme, 0) for n in cell.split(",")} == documented


def names(kind: type[Struct]) -> list[str]:
    return list(kind.__struct_fields__)


def test_the_fields_of_json_are_documented() -> None:
    text = page("json.md")
    # The code of its error is a member of `error`.
    record = [name for name in names(model.ImportRecord) if name != "error_code"]
    assert words_in(cells(section(text, "## An import"))) == record
    assert words_in(cells(section(text, "## A reject"))) == names(model.Reject)
    beside = {"record", "counts", "exit_code"}
    result = words_in(cells(section(text, "## A result")))
    assert set(result) == set(names(events.ImportResult)) - beside
    report = words_in(cells(section(text, "## A verification"), 0))
    assert sorted(report) == sorted((*names(VerifyReport), "result"))
    rows = section(text, "## Progress")
    for event in (events.Notice, events.Started, events.Progress):
        (said,) = [
            cell
            for kind, cell in zip(cells(rows, 0), cells(rows, 1), strict=True)
            if kind == f"`{event.__name__.lower()}`"
        ]
        inner = {"text": ["message"], "counts": names(model.Counts)}
        shown = {name for field in names(event) for name in inner.get(field, [field])}
        assert shown <= set(words_in([said])), event


def test_every_event_in_json_is_documented_under_its_name() -> None:
    """Programs go by these names, whatever the classes are called."""
    text = page("json.md")
    written = "".join(
        (ROOT / "src" / "snapshots" / path).read_text()
        for path in ("engine/events.py", "sync/events.py", "cli/sync_output.py")
    )
    names = set(re.findall(r'json_name: ClassVar\[str\] = "(\w+)"', written))
    names |= set(re.findall(r'"event": "(\w+)"', written))
    tables = text[text.index("## Progress") :]
    assert set(re.findall(r"^\| `(\w+)` \|", tables, re.MULTILINE)) == names


def test_the_interface_from_python_is_documented() -> None:
    text = page("python.md")
    for name in snapshots.__all__:
        assert re.search(rf"\b{name}\b", text), name
    load = section(text, "## `snapshots.load(input, *, ...) -> ImportResult`")
    documented = words_in(cells(load, 0))
    assert [name.strip("*") for name in documented] == list(
        inspect.signature(snapshots.load).parameters
    )
    for option in (one.name for one in fields(DialectOptions)):
        assert f"`{option}`" in load, option
    send = section(text, "## `snapshots.send(input, to, *, ...) -> ImportResult`")
    assert [name.strip("*") for name in words_in(cells(send, 0))] == list(
        inspect.signature(snapshots.send).parameters
    )
    for name in ("run", "resume", "history", "rejects"):
        said = re.search(rf"^## `snapshots\.{name}\((.*)\) ->", text, re.MULTILINE)
        assert said, name
        written = [part.split("=")[0].strip() for part in said[1].split(",") if part.strip() != "*"]
        assert written == list(inspect.signature(getattr(snapshots, name)).parameters)


def test_every_column_of_the_ledger_is_documented() -> None:
    folder = ROOT / "src" / "snapshots" / "ledger" / "sql"
    text = page("ledger.md")
    script = "".join(file.read_text("utf-8") for file in sorted((folder / "postgres").iterdir()))
    tables = re.findall(r"CREATE TABLE IF NOT EXISTS (\w+) \((.*?)\n\)", script, re.DOTALL)
    assert len(tables) == 14
    for table, body in tables:
        columns = re.findall(r"^    ([a-z_]+) ", body, re.MULTILINE)
        columns += re.findall(rf"^ALTER TABLE {table} ADD COLUMN (\w+) ", script, re.MULTILINE)
        assert words_in(cells(section(text, f"## `{table}`"), 0)) == columns, table


def test_every_word_of_a_contract_is_documented() -> None:
    text = page("contract.md")
    said = set(words_in(text.splitlines()))
    known = {*words.SCHEMA, *words.FIELD, *words.CONSTRAINTS, *words.PHYSICAL, *words.EXTRA_TYPES}
    known |= set(words.TYPES) | set(words.STRING_FORMATS)
    assert known - said == set()
    documented = set(words_in(cells(section(text, "## A field"), 0)))
    documented |= set(words_in(cells(section(text, "## Our own keys"), 0)))
    assert documented == words.FIELD


def test_every_type_is_documented() -> None:
    kinds = set(model.TypeKind.__args__)
    text = page("types.md")
    assert set(cells(section(text, "## How they are stored"), 0)) == kinds
    assert set(cells(section(text, "## What is loaded"), 0)) == kinds
    assert set(cells(section(text, "## What is inferred"), 0)) == kinds


def test_the_limits_are_those_of_the_code() -> None:
    text = page("settings.md")
    said = dict(zip(cells(text, 0), cells(text, 1), strict=True))
    mib = 1 << 20
    for what, sentence in {
        "Input committed at a time (a chunk)": f"{CHUNK_SIZE // mib} MiB",
        "Input converted at a time (a block)": f"{row_encoding.TEXT.block_bytes // mib} MiB",
        "Longest record": f"{model.Dialect().max_record_size // mib} MiB",
        "Rejects allowed": f"{Options().reject_limit.share:.0%}".replace("%", " %"),
        "Connections that load at once": f"at most {executor.MAX_WORKERS}",
        "Input that the dialect is detected from": f"first {sniff.HEAD // 1024} KiB",
        "File that types are inferred from whole": f"{infer.READ_FULLY_UP_TO // mib} MiB",
        "Of a larger file": f"{infer.BLOCKS} blocks of {infer.BLOCK // mib} MiB",
        "Of a stream or compressed input": f"{infer.HEAD // mib} MiB",
        "File hashed before it is loaded": f"{identity.EAGER_BYTES // mib} MiB",
        "Stream known whole before it is loaded": f"{identity.STREAM_BYTES // mib} MiB",
        "Retries after a lost connection": f"{time_limits.RETRY_SECONDS:g} s",
        "Input of a delivery packed at a time": f"{CHUNK_BYTES // 1024} KiB",
        "Requests of a delivery whose outcome is not in the ledger yet": f"most {keeper.WINDOW}",
        "Answers wait for others before they are written down": f"{keeper.GATHER_SECONDS:g} s",
        "Answers waited for once a delivery is to stop": f"{time_limits.LAST_ANSWERS_SECONDS:g} s",
        "Heartbeat of a running import": f"{time_limits.HEARTBEAT_SECONDS:g} s",
        "Silence after which it may be taken over": f"{time_limits.LEASE_SECONDS:g} s",
        "Length of a column's name made from a header": f"{MAX_BYTES} bytes",
    }.items():
        assert sentence in said[what], what
    assert f"the first {JUDGED_FROM:,} on" in said["Rejects allowed"]


def test_every_metric_is_documented_as_it_is(sqlite_url: str) -> None:
    metrics = Metrics(locations.TargetSearch(sqlite_url))
    for event in (
        events.Opened("a.csv"),
        events.Started(1, "import", "a.csv", "a", "sqlite:///a.db", 9, resumed=False),
        events.Committed(1, 0, 9, model.Counts(1, 0, 1, 0), {"type": 1}, 0.1, 1e9),
        events.InputsWaiting(1),
    ):
        metrics(event)
    told = {
        name: (family.type, {*sample.labels} - {"le"})
        for family in metrics.registry.collect()
        for sample in family.samples
        for name in [re.sub("_(bucket|count|sum)$", "", sample.name)]
    }
    text = page("metrics.md")
    documented = {
        words_in([name])[0]: (kind, set(words_in([labels])))
        for name, kind, labels in zip(cells(text, 0), cells(text, 1), cells(text, 2), strict=True)
    }
    (success,) = set(documented) - set(told)
    assert success == "snapshots_last_success_timestamp_seconds"
    assert told.items() <= documented.items()
    for word in (*OUTCOMES, *get_args(model.State), "loaded", "rejected", "skipped"):
        assert f"`{word}`" in text, word


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        assert there.exists(), f"{path.name}: {target}"
        assert not anchor or anchor in anchors(there), f"{path.name}: {target}"


def test_the_files_that_pages_for_developers_name_are_there() -> None:
    """Named from the top of the repository, of the package, of its two largest parts or of the
    kernel."""
    package = ROOT / "src" / "snapshots"
    tops = (ROOT, package, package / "web", package / "engine", ROOT / "native" / "src")
    pages = (
        ROOT / "CONTRIBUTING.md",
        ROOT / "docs" / "architecture.md",
        ROOT / "docs" / "reliability.md",
    )
    lost = [
        f"{path.name}: {name}"
        for path in (*pages, *(ROOT / "docs" / "decisions").glob("*.md"))
        for name in re.findall(
            r"`([a-z_][\w./-]*/(?:[\w.-]+\.(?:py|rs|sql|md|toml))?)`", path.read_text("utf-8")
        )
        if "NAME" not in name and not any((top / name).exists() for top in tops)
    ]
    assert lost == []


def test_every_key_of_a_project_is_documented_with_its_default() -> None:
    text = page("project.md")
    server, api = section(text, "## The server"), section(text, "## The API")
    assert words_in(cells(server, 0)) == list(SERVER_KEYS)
    assert words_in(cells(api, 0)) == list(API_KEYS)
    known = {field.name: field.default for field in fields(ApiSettings)}
    for name, default in zip(words_in(cells(api, 0)), cells(api, 1), strict=True):
        if isinstance(known.get(name), str | int | float):
            assert json.loads(default.strip("`")) == known[name], name
    for name in KNOWN:
        assert f"`{name}`" in section(text, "## Resources"), name
