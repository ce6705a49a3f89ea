"""Detects how inputs are written: encodings, dialects, headers and names."""
