"""What the ledger says: lookups, progress, totals and rows of loaded tables."""
