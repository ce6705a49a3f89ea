"""Help in groups, with examples that work, as the reference has them."""

import os
import re
import shlex
import subprocess
import sys

import click
import pytest

from snapshots.cli.command import Command
from snapshots.cli.main import COMMANDS, EXAMPLES, GROUPS, cli
from snapshots.cli.option_groups import ORDER
from tests.repository.test_docs import cells, page, section, words_in
from tests.support.command import snapshots

GROUPED = 20
"""With more options a command has headings in the reference, too."""


def found(name):
    command = cli.get_command(click.Context(cli), name)
    assert isinstance(command, Command), f"{name} is no snapshots.cli.command.command"
    return command


def groups(name):
    """The long names of the options, by heading; without `--help`."""
    command = found(name)
    shown = command.groups(click.Context(command, info_name=name))
    named = {
        group: [next(opt for opt in param.opts if opt.startswith("--")) for param in params]
        for group, params in shown.items()
    }
    without = {group: [opt for opt in opts if opt != "--help"] for group, opts in named.items()}
    return {group: opts for group, opts in without.items() if opts}


def test_every_command_is_in_one_group():
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(COMMANDS)


def test_help_shows_the_commands_in_groups_and_the_usual_options(tmp_path):
    shown = snapshots("--help", cwd=tmp_path).stdout
    for group, names in GROUPS.items():
        part = shown.partition(f"\n{group}:\n")[2].partition("\n\n")[0]
        assert [line.split()[0] for line in part.splitlines()] == list(names)
        for name in names:
            assert COMMANDS[name][1] in " ".join(part.split())
    for option in ("--database", "--json", "-q, --quiet", "-v, --verbose", "--version", "--help"):
        assert option in shown
    assert snapshots("-h", cwd=tmp_path).stdout == shown
    assert snapshots("help", cwd=tmp_path).stdout == shown


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command(tmp_path, name):
    shown = snapshots(name, "--help", cwd=tmp_path).stdout
    headings = re.findall(r"^([A-Z][\w ]+):$", shown, re.MULTILINE)
    assert headings[-1] == "Examples"
    assert headings[:-1] == [group for group in ORDER if f"\n{group}:\n" in shown]
    for group, options in groups(name).items():
        part = shown.partition(f"\n{group}:\n")[2].partition("\n\n")[0]
        assert all(option in part for option in options)
    for _, line in found(name).examples:
        assert line in shown
    long = [line for line in shown.splitlines() if len(line) > 80]
    assert all(line.strip().startswith("snapshots ") for line in long), long
    assert snapshots("help", name, cwd=tmp_path).stdout == shown


def test_a_command_with_many_options_has_few_without_a_group():
    for name in COMMANDS:
        if len(found(name).params) > GROUPED:
            assert len(groups(name).get("Options", ())) <= 3, name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_is_a_command_line_that_works(name, monkeypatch):
    for variable in [variable for variable in os.environ if variable.startswith("SNAPSHOTS_")]:
        monkeypatch.delenv(variable)
    examples = found(name).examples
    assert 1 <= len(examples) <= 3
    for purpose, line in examples:
        assert purpose[0].isupper()
        assert not purpose.endswith(".")
        program, command, *rest = shlex.split(line, comments=True)
        assert (program, command) == ("snapshots", name)
        rest = rest[: rest.index(">")] if ">" in rest else rest
        assert found(name).make_context(name, rest).params
    for _, line in EXAMPLES:
        _, command, *rest = shlex.split(line)
        assert found(command).make_context(command, rest)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_reference_has_the_same_groups_and_examples(name):
    text = section(page("cli.md"), f"## snapshots {name}")
    for _, line in found(name).examples:
        assert line in text
    headings = re.findall(r"^### (.+)$", text, re.MULTILINE)
    assert headings or len(found(name).params) <= GROUPED
    if headings:
        parts = {one: section(text, f"### {one}") for one in headings}
        said = {
            heading: [words_in([cell])[0].split()[0] for cell in cells(part)]
            for heading, part in parts.items()
        }
        assert said == groups(name)
    else:
        said = [words_in([cell])[0].split()[0] for cell in cells(text)]
        assert said == [option for options in groups(name).values() for option in options]


def test_the_reference_has_the_same_groups_of_commands():
    text = page("cli.md")
    table = text[: text.index("\n## ")]
    said = {
        heading: tuple(re.findall(r"^\| \[`snapshots (\w+)`\]", part, re.MULTILINE))
        for heading, part in re.findall(r"^\*\*(.+)\*\*\n\n((?:\|.*\n)+)", table, re.MULTILINE)
    }
    assert said == GROUPS


def test_nothing_given_shows_the_help(tmp_path):
    done = snapshots(cwd=tmp_path)
    assert done.returncode == 2, "a script whose variable is empty must not believe it is done"
    assert done.stderr == snapshots("--help", cwd=tmp_path).stdout
    assert "\\n" not in done.stderr


def test_help_about_nothing_that_there_is(tmp_path):
    done = snapshots("help", "verfy", cwd=tmp_path)
    assert done.returncode == 2
    assert "There is no command 'verfy'. Did you mean verify?" in done.stderr
    done = snapshots("help", "topic", cwd=tmp_path)
    assert done.returncode == 2
    assert "There is no command 'topic'. The commands are import, " in done.stderr
    done = snapshots("help", "import", "list", cwd=tmp_path)
    assert done.returncode == 2
    assert "unexpected extra argument (list)" in done.stderr


def test_ranges_are_said_in_words(tmp_path):
    shown = " ".join(snapshots("import", "--help", cwd=tmp_path).stdout.split())
    assert "[1 to 64]" in shown
    assert "[at least 1]" in shown
    assert "<=" not in shown
    assert "9223372036854775807" not in shown


def test_help_of_all_commands_imports_none_of_them():
    probe = (
        "import sys; from snapshots.cli.main import main; sys.argv = ['snapshots', '--help'];\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(*[name for name in sys.modules if name.startswith('snapshots.')])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {module for module, _ in COMMANDS.values()}
    assert not any(name.startswith("snapshots.engine") for name in loaded)
