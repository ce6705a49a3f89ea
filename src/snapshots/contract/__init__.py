"""What a row must be: read from a file, inferred from values, or taken from a table."""
