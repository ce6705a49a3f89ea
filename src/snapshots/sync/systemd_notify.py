"""Reports the state of the service to systemd, by the protocol of sd_notify: a datagram to its
socket."""

from __future__ import annotations

import os
from contextlib import suppress

from snapshots import system


def notify(state: str) -> None:
    """Sends `READY=1`, `STOPPING=1`, `WATCHDOG=1` or `STATUS=...`; does nothing if systemd did not
    ask for it."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with suppress(OSError):
        system.send_datagram(address, state.encode())
