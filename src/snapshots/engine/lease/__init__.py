"""Who may write for an import: the lease, its heartbeat, and taking it over."""
