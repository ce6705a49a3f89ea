"""Whether what a deployment says to the command line is understood there."""

import click

from snapshots.cli.main import COMMANDS, cli


def parameters(name):
    return cli.get_command(click.Context(cli), name).params


def assert_understood(name, *arguments):
    """The arguments are options of the command `name`, all written as `--option=value`."""
    assert name in COMMANDS
    known = {option for parameter in parameters(name) for option in parameter.opts}
    assert {argument.split("=")[0] for argument in arguments} <= known


def assert_variables(names):
    """Those that are ours are variables of some command."""
    known = {parameter.envvar for name in COMMANDS for parameter in parameters(name)}
    assert {name for name in names if name.startswith("SNAPSHOTS_")} <= known | {
        "SNAPSHOTS_STATE_DIR"
    }
