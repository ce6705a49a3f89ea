"""Publishing by key: the row of a record is the one that has its key."""
