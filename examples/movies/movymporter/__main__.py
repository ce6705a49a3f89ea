"""Sends a file of movies to an API: `python3 movymporter`, in the folder of the `.env`."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

# `python3 movymporter` puts this folder there by itself, `python3 -m movymporter` does not.
sys.path.insert(0, str(Path(__file__).parent))
try:
    from sending import send
    from settings import SettingsError, read
except ModuleNotFoundError as missing:
    sys.exit(
        f"The package {missing.name} is not installed. Install snapshots from its repository, and"
        f" then: pip install -r {Path(__file__).with_name('requirements.txt')}"
    )

LOG = logging.getLogger("movymporter")


def main() -> int:
    """The exit code: 0 all delivered, 3 some rejected, 4 stopped at an error, 5 done before,
    130 stopped by Ctrl-C."""
    logging.basicConfig(format="%(levelname)s: %(message)s")
    try:
        settings = read()
    except SettingsError as error:
        LOG.error(error)
        return 6
    LOG.setLevel(settings.log_level)
    try:
        return send(settings)
    except KeyboardInterrupt:
        LOG.error("Stopped. Started again, it goes on where it was.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
