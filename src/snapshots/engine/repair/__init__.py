"""Repairs what an import has rejected: exports, replays and dismisses its rejects."""
