"""One import over several processes: a driver cuts, tasks load, and the ledger decides."""
