"""The REST endpoints, their request bodies and their answers."""
