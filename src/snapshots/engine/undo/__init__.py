"""Undoing an import: its rows leave the table, and its account stays."""
