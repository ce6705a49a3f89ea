"""Uploaded files: read from a multipart form, and stored whole or not at all."""
