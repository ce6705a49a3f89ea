"""The code of a reject, as an option's value."""

from __future__ import annotations

from typing import Any

import click


class RejectCode(click.ParamType[str]):
    """A code of a reject; a mistyped one is answered with similar ones."""

    name = "code"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Returns the code."""
        from difflib import get_close_matches

        from snapshots.ledger.reject_codes import CODES

        code = str(value).strip().lower().replace("-", "_")
        if code not in CODES:
            similar = get_close_matches(code, CODES, n=3)
            hint = (
                f"Did you mean {' or '.join(similar)}?"
                if similar
                else f"Codes: {', '.join(CODES)}."
            )
            self.fail(f"{value!r} is not a reject code. {hint}", param, ctx)
        return code
