"""How options are declared: each can also be given as an environment variable.

`declared` takes name, default, choices, limits and help from the dataclass that the option fills
(`Options`, `Endpoint` or `DialectOptions`), so that none of it is written twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from snapshots.cli.option_groups import OPTIONS
from snapshots.cli.option_types import MOST, Integer
from snapshots.cli.suggestions import did_you_mean
from snapshots.defaults import options_of

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem
    from click.types import OptionHelpExtra

F = TypeVar("F", bound=Callable[..., Any])
_PATHS = {"FILE": "file", "PATH": "file", "FOLDER": "dir", "DIR": "dir"}
"""What a shell completes where a command shows such a word for a value."""


class Option(click.Option):
    """An option with a group, under which help shows it.

    It refuses what is not UTF-8, because no ledger and no server could hold it.
    """

    def __init__(self, *arguments: Any, group: str = OPTIONS, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.group = group

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Converts a value as click does. Raises BadParameter for bytes that are not UTF-8."""
        for given in value if isinstance(value, list | tuple) else (value,):
            if isinstance(given, str) and not is_text(given):
                raise click.BadParameter("it is not UTF-8", ctx, self)
        try:
            return super().type_cast_value(ctx, value)
        except click.BadParameter as error:
            if not isinstance(self.type, click.Choice):
                raise
            choices = list(self.type.choices)
            for given in value if isinstance(value, list | tuple) else (value,):
                if isinstance(given, str) and given not in choices:
                    raise click.BadParameter(_no_choice(given, choices), ctx, self) from error
            raise

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """The names for a message, and the variable if the value came from there."""
        names = super().get_error_hint(ctx)
        if ctx is None or ctx.get_parameter_source(self.name) is not ParameterSource.ENVIRONMENT:
            return names
        return f"{names} (variable {self.envvar})"

    def get_help_extra(self, ctx: click.Context) -> OptionHelpExtra:
        """The default and the range, in words; numbers that nobody reaches are left out."""
        extra = super().get_help_extra(ctx)
        if "range" in extra and isinstance(self.type, click.IntRange | click.FloatRange):
            extra["range"] = _range(self.type.min, self.type.max)
            if not extra["range"]:
                del extra["range"]
        return extra

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What a shell may complete a value to: files and folders where one is named."""
        if self.metavar in _PATHS:
            return path_item(self.metavar, incomplete)
        return super().shell_complete(ctx, incomplete)


def path_item(word: str, incomplete: str) -> list[CompletionItem]:
    """Tells the shell to complete names of files, or of folders; `word` is FILE, FOLDER..."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type=_PATHS[word])]


def complete_files(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Completes an argument to names of files."""
    return path_item("FILE", incomplete)


def complete_folders(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Completes an argument to names of folders."""
    return path_item("FOLDER", incomplete)


def _no_choice(value: str, choices: list[str]) -> str:
    *first, last = choices
    known = f"{', '.join(first)} or {last}" if first else last
    return f"{value!r} is not {known}.{did_you_mean(value, choices)}"


def _range(least: float | None, most: float | None) -> str:
    """What numbers may be given. Empty: any that makes sense."""
    if most is not None and most < MOST:
        return f"{least:g} to {most:g}" if least is not None else f"at most {most:g}"
    return f"at least {least:g}" if least else ""


def is_text(given: str) -> bool:
    """Whether a word of the command line was UTF-8: Python keeps other bytes as surrogates."""
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return True


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """A click option that can also be given as the environment variable `SNAPSHOTS_...`.

    `group` is the heading in help, one of `option_groups`.
    """
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
        settings["type"] = Integer(_as_integer(known.least), _as_integer(known.most) or MOST)
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


def grouped(group: str, *decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Joins several options, as `together`, that help shows under one heading."""
    joined = together(*decorators)

    def decorate(function: F) -> F:
        before = len(getattr(function, "__click_params__", ()))
        decorated = joined(function)
        for param in getattr(decorated, "__click_params__", ())[before:]:
            if isinstance(param, Option):
                param.group = group
        return decorated

    return decorate
