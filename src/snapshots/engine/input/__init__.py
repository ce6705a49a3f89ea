"""Inputs: their identity, their bytes cut into chunks, and queries as inputs."""
