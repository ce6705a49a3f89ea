"""Turns the engine's events into metrics, traces and logs. Nothing here moves a record."""
