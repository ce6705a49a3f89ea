"""An API that takes rows, and remembers what it was sent."""

import json
import threading

from tests.support.http_server import Handler, response


class Api(Handler):
    """Takes everything, but what `status` says."""

    def __init__(self, status=lambda row: 201):
        self.status = status
        self.requests = []
        self.held = threading.Event()
        self.held.set()

    @property
    def rows(self):
        """What was taken."""
        found = []
        for request, status in self.requests:
            body = json.loads(request.body)
            if status == 201:
                found += body if isinstance(body, list) else [body]
        return found

    def on_request(self, request, connection):
        body = json.loads(request.body)
        asked = body if isinstance(body, list) else [body]
        status = max(map(self.status, asked))
        self.requests.append((request, status))
        self.held.wait()
        return response(status, "no, thank you" if status == 422 else "")
