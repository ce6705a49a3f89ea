"""The service: imports over HTTP. Answers come from the ledger; the work is done by workers."""
