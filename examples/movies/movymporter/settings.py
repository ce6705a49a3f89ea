"""The settings, from the file `.env` of the current folder."""

from __future__ import annotations

import logging
import stat
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

LOG = logging.getLogger("movymporter")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsError(Exception):
    """What is wrong with the file, and how to correct it."""


@dataclass(frozen=True)
class Settings:
    """See `.env.example`."""

    log_level: str
    csv_in: str
    encoding: str | None
    """Of the CSV; None: it is detected."""
    url_out: str
    stop_on_errors: bool


def read(path: Path = Path(".env")) -> Settings:
    """Raises SettingsError."""
    if not path.is_file():
        raise SettingsError(f"there is no {path} in {Path.cwd()}: copy .env.example")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        LOG.warning("%s can be read by others: chmod 600 %s", path, path)
    try:
        found = dotenv_values(path, encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8") from error
    level = (found.get("LOG_LEVEL") or "INFO").upper()
    if level not in LEVELS:
        raise SettingsError(f"{path}: LOG_LEVEL is {level}, and must be one of {', '.join(LEVELS)}")
    stop = found.get("STOP_ON_ERRORS") or "0"
    if stop not in ("0", "1"):
        raise SettingsError(f"{path}: STOP_ON_ERRORS is {stop}, and must be 0 or 1")
    return Settings(
        log_level=level,
        csv_in=_needed(found, "CSV_IN", path),
        encoding=found.get("ENCODING") or None,
        url_out=_needed(found, "URL_OUT", path),
        stop_on_errors=stop == "1",
    )


def _needed(found: dict[str, str | None], name: str, path: Path) -> str:
    value = found.get(name)
    if not value:
        raise SettingsError(f"{path}: {name} is missing")
    return value
