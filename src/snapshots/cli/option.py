"""How options are declared: each can also be given as an environment variable.

`declared` takes name, default, choices, limits and help from the dataclass that the option fills
(`Options`, `Endpoint` or `DialectOptions`), so that none of it is written twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from snapshots.cli.option_types import MOST
from snapshots.defaults import options_of

F = TypeVar("F", bound=Callable[..., Any])


class Option(click.Option):
    """An option that refuses what is not UTF-8: no ledger and no server could hold it."""

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Converts a value as click does. Raises BadParameter for bytes that are not UTF-8."""
        for given in value if isinstance(value, list | tuple) else (value,):
            if isinstance(given, str) and not is_text(given):
                raise click.BadParameter("it is not UTF-8", ctx, self)
        return super().type_cast_value(ctx, value)


def is_text(given: str) -> bool:
    """Whether a word of the command line was UTF-8: Python keeps other bytes as surrogates."""
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return True


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """A click option that can also be given as the environment variable `SNAPSHOTS_...`."""
    long = next(name for name in names if name.startswith("--")).split("/")[0]
    settings.setdefault("envvar", "SNAPSHOTS_" + long[2:].upper().replace("-", "_"))
    return click.option(*names, cls=Option, **settings)


def declared(kind: type, name: str, *flags: str, **settings: Any) -> Callable[[F], F]:
    """The option that fills the field `name` of a dataclass, which is also its parameter's name.

    `settings` stand before what the field says.
    """
    known = options_of(kind)[name]
    settings.setdefault("help", known.meaning)
    if known.choices:
        settings.setdefault("type", click.Choice(known.choices))
    elif known.default is False:
        settings.setdefault("is_flag", True)
    elif "type" not in settings and known.least is not None:
        settings["type"] = click.IntRange(_as_integer(known.least), _as_integer(known.most) or MOST)
    if known.default not in (None, (), False):
        settings.setdefault("default", known.default)
        settings.setdefault("show_default", True)
    return option(*flags, name, **settings)


def _as_integer(number: float | None) -> int | None:
    return None if number is None else int(number)


def together(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Joins several options into one decorator; help shows them in this order."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate
