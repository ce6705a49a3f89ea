"""The time limits of the engine, in seconds: how often threads look, and how long they wait."""

TICK_SECONDS = 0.1
"""Between two looks of a thread that waits: at its work, and at whether it should stop."""
HEARTBEAT_SECONDS = 3.0
"""Between two heartbeats of an owner; leases last longer (see `engine/lease/owner.py`)."""
RETRY_SECONDS = 60.0
"""How long a database that is away is tried again before the run ends as interrupted."""
ROLLBACK_SECONDS = 0.8
"""How long a worker may take to roll back by itself once the import is to stop."""
