"""Questions to the ledger: lookups, progress, totals and rows of loaded tables."""
