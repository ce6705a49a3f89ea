"""Makes the names of people's files into names that an upload may have."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

_OTHER = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 200


def storable_name(given: str) -> str:
    r"""The name under which a file of that name is stored: without accents, blanks and folders.

    >>> storable_name("C:\\Users\\Zoë\\ventas de año (2).csv")
    'ventas_de_ano_2_.csv'
    """
    last = PurePosixPath(given.replace("\\", "/")).name
    plain = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode()
    name = _OTHER.sub("_", plain).lstrip("-_")
    if not name or name.startswith("."):
        # Nothing of a name in another script is left but its ending.
        name = f"file{name or '.csv'}"
    if len(name) <= _LONGEST:
        return name
    ending = PurePosixPath(name).suffix[:20]
    return name[: _LONGEST - len(ending)] + ending
