"""Watches a folder for ever: every file put into it is imported exactly once."""
