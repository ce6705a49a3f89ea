"""Every time limit that users notice or that two parts of the program must agree on, in seconds.

Intervals that matter to one module alone, such as how often a loop looks at its work, stay there.
The reference (`docs/reference/settings.md`) names those that users may meet.
"""

from __future__ import annotations

# Reaching a server

CONNECT_SECONDS = 10
"""To connect with a database, a web server or an API: long enough for a distant or busy one."""
FIRST_CONTACT_SECONDS = 3.0
"""To go on trying an API that never answered: more likely its address is wrong."""
STALL_SECONDS = 30.0
"""Without a byte, before a connection with a web server counts as broken."""
REQUEST_SECONDS = 30.0
"""From the beginning of a request to the end of its answer, unless the user says otherwise."""
LONGEST_ASKED_SECONDS = 120.0
"""That a web server may ask us to wait by `Retry-After`; one that asks for more is given up."""

WRITER_SECONDS = 10
"""To wait for another writer of a SQLite file."""
ANSWER_SECONDS = 2.0
"""For all databases that a user knows to answer a command that asks them at once."""
GREETING_SECONDS = 0.3
"""For a server to greet first, as MySQL does; then it is asked as PostgreSQL wants it."""
GREETING_ANSWER_SECONDS = 5.0
"""For a server's answer to that question."""

# Trying again

RETRY_SECONDS = 60.0
"""To try a database again that is away, before the run ends as interrupted."""
DELIVERY_RETRY_SECONDS = 300.0
"""To try a record again before it is left pending, unless the user says otherwise."""
UNSURE_SECONDS = 30.0
"""To try a refused request again that may have been taken before: by then the first one is over."""
LONGEST_AWAY_SECONDS = 60.0
"""Between two tries of `sync` while the database is away, and of a file that was put off."""
RETRY_AFTER_SECONDS = 5
"""What the service tells clients in `Retry-After` when it is full or its database is away."""

# Who runs an import

TICK_SECONDS = 0.1
"""Between two looks of a thread that waits: at its work, and at whether it must stop."""
HEARTBEAT_SECONDS = 3.0
"""Between two heartbeats of a running import; two may be lost before its lease ends."""
HEARTBEAT_SILENCE_SECONDS = 2.5
"""Without a committed chunk, before an import that is planned or read sends a heartbeat."""
LEASE_SECONDS = 8.0
"""Silence after which another process may take an import over."""
TASK_SECONDS = 30.0
"""For a task of a cluster, or four times as long as the slowest one took: then its session is ended
and another task loads the same chunks."""
CLUSTER_SECONDS = 60.0
"""Without an answer of a cluster, or without a host that has a slot, before an import ends as
interrupted."""

# Coming to an end

ROLLBACK_SECONDS = 0.8
"""For workers to roll back by themselves once the import must stop; then they are cut off."""
LAST_ANSWERS_SECONDS = 1.5
"""To wait for answers once a delivery must stop: a request without one may arrive twice."""
SYNC_STOP_SECONDS = 8.0
"""For imports of `sync` to end after SIGTERM. Shorter than STOP_SECONDS."""
STOP_SECONDS = 9.0
"""From SIGTERM to the end of `sync` and `serve`. Service managers kill after 10 s."""
SERVICE_GRACE_SECONDS = 5
"""For requests to end after SIGTERM before the service closes their connections."""

# Folders

SETTLE_SECONDS = 2.0
"""For which size and time of a file must stay the same where nothing says that it is whole."""
RESCAN_SECONDS = 60.0
"""Between two looks at a whole folder, for what events have missed."""

WRITER_SILENCE_SECONDS = 60.0
"""After which a file is whole though it was never closed, where nobody can tell who has it open."""

# Telemetry

PROBE_SECONDS = 3.0
"""For the ledger to answer a scrape; Prometheus gives one up after 10 s."""
PUSH_SECONDS = 10.0
"""For a Pushgateway to take the metrics at the end of a command."""

# Clients of the service

HEAD_SECONDS = 10.0
"""For the head of a request to arrive: a slow client must not hold a connection."""
PROGRESS_SECONDS = 30.0
"""For the next KiB of a request's body to arrive."""
SESSION_SECONDS = 5.0
"""For a request to wait for a free session with the database."""
ANSWER_STALL_SECONDS = 30.0
"""In which a client must take something of an answer that waits for it."""
ROWS_SECONDS = 10.0
"""For the database to find one page of rows."""
