"""Rejects are corrected, replayed and dismissed."""
