"""A lease is the right to write for an import: its owner, its heartbeat, and taking it over."""
