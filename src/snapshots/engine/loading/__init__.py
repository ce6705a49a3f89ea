"""Loads rows into a table: chunks are converted, written and committed with their account."""
