"""Threads, retries and fault points, which every stage uses."""
