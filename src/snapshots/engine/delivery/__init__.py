"""Deliveries send the rows of an input to an HTTP API, and account for each one that it has
confirmed.

An API has no transaction that rows and account could share. So what it has confirmed is made
durable before many more requests begin: whatever kills the process, only what was under way or
not yet written down is sent again, with the same idempotency keys.

`sender.py` is the place to begin: pages go out, answers come in, and the books are kept.
"""
