"""An API that holds rows by `id`, as many do: POST adds, PUT replaces, DELETE removes."""

import random
import threading
from collections import defaultdict

from tests.support.bodies import rows_of
from tests.support.http_server import Handler, response


class RowStore(Handler):
    """Refuses what a database would refuse: a second POST, and PUT or DELETE of nothing. With
    `trouble` it answers 503 so often, and as often it acts and cuts the connection."""

    def __init__(self, trouble=0.0, seed=1):
        self.rows = {}
        self.requests = []
        """Method, id and idempotency key of each row that was taken."""
        self.refuses = lambda row: False
        self.bodies = []
        self.held = threading.Event()
        self.held.set()
        self._answered = {}
        self._random = random.Random(seed)
        self._trouble = trouble

    @property
    def total(self):
        return len(self.requests)

    def taken(self):
        """What was taken, since this was asked for the last time."""
        found, self.requests = self.requests, []
        return [(method, row) for method, row, _ in found]

    def on_request(self, request, connection):
        self.held.wait()
        if self._random.random() < self._trouble:
            return response(503)
        self.bodies.append((request.method, request.body))
        status = self._act(request)
        if self._random.random() < self._trouble:
            connection.cut()
            return None
        return response(status, "no, thank you" if status == 400 else "")

    def _act(self, request):
        if request.key in self._answered:
            return self._answered[request.key]
        rows = rows_of(request)
        status = next(filter(None, (self._refusal(request.method, row) for row in rows)), 200)
        if status == 200:
            for row in rows:
                self.requests.append((request.method, row["id"], request.key))
                if request.method == "DELETE":
                    del self.rows[row["id"]]
                else:
                    self.rows[row["id"]] = row
            self._answered[request.key] = status
        return status

    def _refusal(self, method, row):
        there = row["id"] in self.rows
        if method == "POST" and there:
            return 409
        if method in ("PUT", "DELETE") and not there:
            return 404
        return 400 if self.refuses(row) else None

    def keys(self):
        """The idempotency keys by method and row."""
        found = defaultdict(set)
        for method, row, key in self.requests:
            found[method, row].add(key)
        return found
