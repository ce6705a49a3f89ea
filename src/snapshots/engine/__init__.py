"""The engine: plans an import, reads, converts and commits it chunk by chunk."""
