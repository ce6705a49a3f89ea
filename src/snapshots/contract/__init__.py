"""Contracts: what a row must be. They are read from a file, inferred from values, or taken from a
table."""
