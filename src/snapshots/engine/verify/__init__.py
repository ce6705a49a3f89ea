"""Proves that what is in a table is what was in its input."""
