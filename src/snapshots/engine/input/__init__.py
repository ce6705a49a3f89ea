"""The input: who it is, its bytes cut into chunks, and queries as inputs."""
