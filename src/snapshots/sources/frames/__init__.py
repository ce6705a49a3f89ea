"""Frames of the calling program as inputs: whatever gives Arrow columns, and rows."""

from snapshots.sources.frames.opening import open_frame

__all__ = ["open_frame"]
