"""Looking back: what a table was, how a row came to be, and what differs between two versions."""
