"""A web server that gives each client so many bytes per second.

usage: python -m tests.cluster.range_server ADDRESS PORT FOLDER BYTES_PER_SECOND

`GET /sent` tells as JSON how many bytes each client has had. 0 bytes per second: no limit.
Beside a file `NAME`, `NAME.times` holds a number: its lines but the first come so many times.
"""

import json
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PIECE = 64 * 1024


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        if self.path == "/sent":
            body = json.dumps(self.server.sent).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        try:
            file = (self.server.folder / Path(self.path).name).open("rb")
        except OSError:
            self.send_error(404)
            return
        with file:
            self._send(file)

    def _send(self, file):
        found = os.fstat(file.fileno())
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first, again, whole = _repeated(file)
        at, end = 0, whole
        if asked:
            at = int(asked[1])
            end = min(int(asked[2]) + 1, end) if asked[2] else end
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {at}-{end - 1}/{whole}")
        self.send_header("Content-Length", str(end - at))
        self.send_header("ETag", f'"{found.st_mtime_ns:x}-{whole:x}"')
        self.end_headers()
        try:
            while at < end:
                place = at if at < first else first + (at - first) % again
                size = min(PIECE, end - at, first + again - place)
                self.server.wait(self.client_address[0], size)
                at += os.sendfile(self.connection.fileno(), file.fileno(), place, size)
        except OSError:
            self.close_connection = True


def _repeated(file):
    """The bytes of its first line, those that come again and again, and all in all."""
    size = os.fstat(file.fileno()).st_size
    times = Path(f"{file.name}.times")
    if not times.exists():
        return 0, size, size
    first = len(file.readline())
    return first, size - first, first + (size - first) * int(times.read_text())


class RangeServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address, folder, rate):
        super().__init__(address, _Handler)
        self.folder, self.rate, self.sent = Path(folder), rate, {}
        self._due, self._lock = {}, threading.Lock()

    def wait(self, client, size):
        """Until the client may have so many bytes more."""
        with self._lock:
            self.sent[client] = self.sent.get(client, 0) + size
            due = max(self._due.get(client, 0.0), time.monotonic())
            self._due[client] = due + size / self.rate if self.rate else due
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    host, port, folder, rate = sys.argv[1:]
    RangeServer((host, int(port)), folder, float(rate)).serve_forever()
