"""Makes the files of tests/data/made: invented, with the oddities of files that people really have.

    python -m tests.data_makers

writes them again; the same bytes each time and with every version of Python. A test compares them
with what lies there.
"""

from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "data"
MADE = DATA / "made"


def made() -> dict[str, bytes]:
    """Every file by its name."""
    from tests.data_makers import encoded, films, reports, rides, small

    found: dict[str, bytes] = {}
    for part in (small, reports, encoded, films, rides):
        files = part.files()
        assert not found.keys() & files.keys()
        found.update(files)
    return found


def write() -> None:
    MADE.mkdir(parents=True, exist_ok=True)
    for path in MADE.iterdir():
        path.unlink()
    for name, content in made().items():
        (MADE / name).write_bytes(content)
