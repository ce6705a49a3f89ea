"""Uploaded files: read from a multipart form, and stored completely or not at all."""
