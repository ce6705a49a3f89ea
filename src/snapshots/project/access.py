"""Reads how a project proves to its API who it is. Secrets are kept in variables or files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from snapshots.engine.plan.access import Access
from snapshots.errors import UsageError

if TYPE_CHECKING:
    from snapshots.project.toml import Section

_KEPT_ELSEWHERE = re.compile(r"\$\{\w+\}|@.+")
_OF: dict[str, tuple[str, ...]] = {
    "none": (),
    "bearer": ("token",),
    "api_key": ("api_key", "api_key_header"),
    "basic": ("basic",),
    "token_file": ("token_file",),
    "command": ("auth_command",),
    "oauth2": ("token_url", "client_id", "client_secret", "scope", "audience", "client_auth"),
}
"""The keys of each `auth`; those of `Access` have its names."""
KEYS = ("auth", *(key for keys in _OF.values() for key in keys))


def access(api: Section, folder: Path) -> tuple[tuple[tuple[str, str], ...], Access]:
    """The headers that prove who we are, and what is got or renewed to do so.

    Raises ProjectError, naming file, line and key.
    """
    kind = api.choice("auth", tuple(_OF), "none")
    for key in KEYS[1:]:
        if key in api and key not in _OF[kind] and key != "api_key_header":
            raise api.error(key, f"auth is {kind!r}, which has no {key}.", "See auth in [api].")
    if kind in ("none", "bearer", "api_key"):
        return _headers(api, kind), Access()
    given = {key: api.as_written(key) for key in _OF[kind] if key in api}
    if "token_file" in given:
        given["token_file"] = str(folder / (given["token_file"] or ""))
    first = _OF[kind][0]
    if first not in given:
        raise api.error("auth", f"The {first} is missing.", f'Write {first} = "...".')
    if "client_auth" in given:
        api.choice("client_auth", ("header", "body"))
    try:
        return (), Access(**given)  # type: ignore[arg-type]
    except UsageError as error:
        raise api.error("auth", str(error), error.hint) from error


def _headers(api: Section, kind: str) -> tuple[tuple[str, str], ...]:
    if kind == "none":
        return ()
    wanted = _OF[kind][0]
    secret = api.as_written(wanted)
    if secret is None:
        raise api.error("auth", f"The {wanted} is missing.", f'Write {wanted} = "${{VARIABLE}}".')
    if not _KEPT_ELSEWHERE.fullmatch(secret):
        raise api.error(
            wanted, "A secret is written in plain text.", f'Write {wanted} = "${{VARIABLE}}".'
        )
    if kind == "api_key":
        return ((api.text("api_key_header", "x-api-key"), secret),)
    if secret.startswith("@"):
        raise api.error(wanted, "A bearer token cannot be a file here.", 'Use auth = "token_file".')
    return (("Authorization", f"Bearer {secret}"),)
