"""The service: imports over HTTP. Answers come from the ledger; workers do the loading."""
