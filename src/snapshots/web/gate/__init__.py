"""Checks every request before an endpoint gets it: hosts, tokens, rates, sizes and concurrency."""
