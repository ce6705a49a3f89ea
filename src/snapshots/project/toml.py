"""Reads TOML files: values by name and type, with errors that name file, line and key.

An unknown key is an error: a mistyped one must not look like a setting.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from snapshots import home
from snapshots.contract.words import nearest
from snapshots.errors import ProjectError
from snapshots.file_hints import advice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

T = TypeVar("T", str, int, float)

_MOST = (1 << 63) - 1

_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"\s*(\"[^\"]*\"|'[^']*'|[\w-]+)\s*=")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_WORDS = {str: "a text", int: "a whole number", float: "a number", dict: "a section",
          bool: "true or false", list: "a list"}  # fmt: skip


class Section:
    """One table of the file, or the part before the first table."""

    def __init__(self, file: Path, lines: list[str], name: str, values: Mapping[str, Any]) -> None:
        self._file = file
        self._lines = lines
        self._name = name
        self._values = values

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def only(self, *known: str) -> None:
        """Raises ProjectError if there is a key with any other name."""
        for key in self._values:
            if key not in known:
                what = "section" if isinstance(self._values[key], dict) else "key"
                raise self.error(key, f"The {what} {key!r} is unknown here.", nearest(key, known))

    def section(self, key: str) -> Section:
        """A table within this one; an empty table if it is missing."""
        values = self._values.get(key, {})
        if not isinstance(values, dict):
            raise self._wrong(key, dict)
        name = f"{self._name}.{key}" if self._name else key
        return Section(self._file, self._lines, name, values)

    def is_section(self, key: str) -> bool:
        """Whether there is a table of this name."""
        return isinstance(self._values.get(key), dict)

    def value(self, key: str) -> str | int | float | bool:
        """A single value, whatever its type. Raises ProjectError for a list, a table or a time."""
        value = self._values[key]
        if not isinstance(value, str | int | float | bool):
            raise self.error(key, "The value must be a text, a number, true or false.")
        return value

    def texts(self) -> dict[str, str]:
        """All keys and values, which must be texts."""
        return {key: self.text(key) for key in self._values}

    def text(self, key: str, default: str | None = None) -> str:
        """A text, with each `${VARIABLE}` looked up.

        Raises ProjectError if it is missing and there is no default.
        """
        return _VARIABLE.sub(
            lambda match: self._variable(key, match[1]), self._get(key, str, default)
        )

    def optional(self, key: str) -> str | None:
        """A text, or None if it is missing."""
        return self.text(key) if key in self else None

    def as_written(self, key: str) -> str | None:
        """A text in which `${VARIABLE}` is looked up later; None if it is missing."""
        return self._get(key, str, "") or None if key in self else None

    def file(self, key: str, folder: Path) -> str | None:
        """The path of a file in the project's folder. Raises ProjectError if there is none."""
        name = self.optional(key)
        if name is None:
            return None
        path = folder / home.required(name)
        if not path.is_file():
            raise self.error(key, f"The file {path} does not exist.", "Check its name.")
        return str(path)

    def names(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one text; empty if it is missing."""
        value = self._values.get(key, [])
        if isinstance(value, str):
            return (self.text(key),)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.error(key, "The value is not a list of texts.", f'Write {key} = ["id"].')
        return tuple(value)

    def choice(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """One of the given words. Raises ProjectError for any other."""
        word = self.text(key, default)
        if word not in choices:
            raise self.error(key, f"{word!r} is not a valid value.", f"Use {_or(choices)}.")
        return word

    def flag(self, key: str) -> bool:
        """`true` or `false`; a key that is missing is `false`."""
        value = self._values.get(key, False)
        if not isinstance(value, bool):
            raise self._wrong(key, bool)
        return value

    def number(
        self, key: str, default: int | None = None, least: int = 1, most: int = _MOST
    ) -> int:
        """A whole number from `least` to `most`; a text may give it by a variable."""
        value: Any = self._values.get(key, default)
        if isinstance(value, str) and (text := self.text(key)).strip().isdigit():
            value = int(text)
        elif not isinstance(value, int) or isinstance(value, bool):
            value = self._get(key, int, default)
        if not least <= value <= most:
            raise self.error(
                key, f"The value is {value}.", f"It must be a number from {least} to {most}."
            )
        return int(value)

    def seconds(self, key: str, default: float) -> float:
        """A number above 0, such as a time in seconds."""
        value = float(self._get(key, float, default))
        if value <= 0 or not math.isfinite(value):
            raise self.error(key, f"The value is {value:g}.", "It must be a number above 0.")
        return value

    def error(self, key: str | None, message: str, hint: str = "") -> ProjectError:
        """The error for a key, or for the section if `key` is None."""
        line = self._line(key)
        name = ".".join(part for part in (self._name, key) if part)
        place = ", ".join(
            part for part in (str(self._file), f"line {line}" if line else "", name) if part
        )
        return ProjectError(message, place=place, hint=hint)

    def _get(self, key: str, kind: type[T], default: T | None) -> T:
        value = self._values.get(key, default)
        if value is None:
            raise self.error(key, f"{key!r} is missing.", f"Add it to section [{self._name}].")
        fits = isinstance(value, kind) or (kind is float and isinstance(value, int))
        if not fits or isinstance(value, bool):
            raise self._wrong(key, kind)
        return value  # type: ignore[no-any-return]

    def _wrong(self, key: str, kind: type) -> ProjectError:
        found = _WORDS.get(type(self._values[key]), "a date or time")
        hint = "Put text in quotes." if kind is str else ""
        return self.error(key, f"The value is {found}; it must be {_WORDS[kind]}.", hint)

    def _variable(self, key: str, name: str) -> str:
        if name not in os.environ:
            hint = f"Set it, or name a file that holds {name}=...: --env-file FILE."
            raise self.error(key, f"The variable {name} is not set.", hint)
        return os.environ[name]

    def _line(self, key: str | None) -> int | None:
        """The line of the key, else of the section's header; None if the file has neither."""
        inside, header = not self._name, None
        for number, line in enumerate(self._lines, 1):
            if match := _HEADER.match(line):
                inside = match[1].replace(" ", "") == self._name
                header = number if inside else header
                if key and f"{match[1].replace(' ', '')}.".startswith(
                    f"{self._name}.{key}.".lstrip(".")
                ):
                    return number
            elif inside and key and (match := _KEY.match(line)) and match[1].strip("\"'") == key:
                return number
        return header


def read_toml(file: Path) -> Section:
    """Reads a file. Raises ProjectError if it cannot be read or is no TOML."""
    try:
        text = file.read_text("utf-8-sig")
        values = tomllib.loads(text)
    except OSError as error:
        raise ProjectError(
            f"The file cannot be read: {error.strerror}.", place=str(file), hint=advice(error)
        ) from error
    except UnicodeDecodeError as error:
        raise ProjectError("The file is not UTF-8.", place=str(file)) from error
    except RecursionError as error:
        raise ProjectError("The file is nested too deep.", place=str(file)) from error
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"line (\d+)", str(error))
        line = where[1] if where else len(text.splitlines())
        message = str(error).partition(" (at ")[0]
        raise ProjectError(
            f"This is not valid TOML: {message}.", place=f"{file}, line {line}"
        ) from error
    return Section(file, text.splitlines(), "", values)


def _or(choices: tuple[str, ...]) -> str:
    return ", ".join(choices[:-1]) + f" or {choices[-1]}"
