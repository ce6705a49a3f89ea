"""The ledger: the tables that say what became of every record."""
