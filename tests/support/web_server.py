"""A web server of the tests' own, whose faults can be switched on."""

import base64
import re
import socket
import ssl
import struct
import subprocess
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.support.bucket_listing import listing

PIECE = 64 * 1024


@dataclass
class Object:
    """What lies at a path, and how it is given."""

    data: bytes
    etag: str | None = '"v1"'
    modified: str | None = "Sat, 21 Nov 2026 12:00:00 GMT"
    ranges: bool = True
    body: str = "length"
    """`chunked`, or `close` for an end that only the end of the connection tells."""
    headers: dict = field(default_factory=dict)
    announced: int | None = None
    """A length that is not that of the data."""
    login: str | None = None
    cuts: deque = field(default_factory=deque)
    """For each answer in turn, the bytes after which the connection is cut; None: not."""
    reset: bool = False
    """A cut is a reset and not an end in good order."""
    stops_at: int | None = None
    """At this byte of the object, whoever began before it waits for `go`."""
    go: threading.Event = field(default_factory=threading.Event)
    instead: deque = field(default_factory=deque)
    """Status and headers that are answered first."""


@dataclass
class Request:
    path: str
    headers: dict
    range: tuple | None


class Web:
    """Objects by path; `requests` is what was asked so far."""

    def __init__(self, context=None):
        self.objects = {}
        self.requests = []
        self.sent = 0
        self._lock = threading.Lock()
        web = self

        class Handler(_Handler):
            owner = web

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._scheme = "http"
        if context:
            self._scheme = "https"
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def put(self, path, data, **how):
        """The object, and its URL."""
        self.objects[path] = Object(data, **how)
        return self.objects[path], self.url(path)

    def url(self, path, host="127.0.0.1", login=""):
        return f"{self._scheme}://{login}{host}:{self.port}{path}"

    def count(self, size):
        with self._lock:
            self.sent += size

    def close(self):
        for thing in self.objects.values():
            thing.go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def serving(context=None):
    web = Web(context)
    try:
        yield web
    finally:
        web.close()


def certificate(folder, name="IP:127.0.0.1"):
    """A server's context, and the file that makes it trusted."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=test", "-addext", f"subjectAltName={name}",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """Clients go away in the middle: that is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Web

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = urlsplit(self.path).path
        thing = self.owner.objects.get(path)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        span = (int(asked[1]), int(asked[2]) if asked[2] else None) if asked else None
        self.owner.requests.append(Request(self.path, dict(self.headers), span))
        if thing is None:
            query = urlsplit(self.path).query
            if "list-type=2" in query:
                thing = Object(listing(self.owner.objects, path, query))
                return self._object(thing, None)
            return self._status(404)
        if thing.instead:
            return self._status(*thing.instead.popleft())
        if thing.login and self.headers.get("Authorization") != _basic(thing.login):
            return self._status(401, {"WWW-Authenticate": 'Basic realm="x"'})
        return self._object(thing, span)

    def _status(self, status, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _object(self, thing, span):
        data, size = thing.data, thing.announced or len(thing.data)
        start, end = 0, size
        condition = self.headers.get("If-Range", thing.etag)
        if span and thing.ranges and condition in (thing.etag, thing.modified):
            start, end = span[0], min(size, size if span[1] is None else span[1] + 1)
            if start >= len(data):
                return self._status(416, {"Content-Range": f"bytes */{len(data)}"})
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        else:
            self.send_response(200)
        for name, value in (("ETag", thing.etag), ("Last-Modified", thing.modified)):
            if value:
                self.send_header(name, value)
        for name, value in thing.headers.items():
            self.send_header(name, value)
        if thing.body == "length":
            self.send_header("Content-Length", str(end - start))
        elif thing.body == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "GET":
            self._body(thing, start, end)
        self.close_connection |= thing.body == "close" or thing.announced is not None
        return None

    def _body(self, thing, start, end):
        cut = thing.cuts.popleft() if thing.cuts else None
        stop = min(end, len(thing.data), start + (end if cut is None else cut))
        while start < stop:
            to = min(stop, start + PIECE)
            wall = thing.stops_at
            if wall is not None and start == wall:
                thing.go.wait()
            elif wall is not None and start < wall < to:
                to = wall
            self.owner.count(to - start)  # before: the client may look as soon as it has it
            self._piece(thing, thing.data[start:to])
            start = to
        if cut is not None and stop < end:
            self._cut(thing.reset)
        elif thing.body == "chunked":
            self.wfile.write(b"0\r\n\r\n")

    def _piece(self, thing, data):
        chunked = thing.body == "chunked"
        if data:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)

    def _cut(self, reset):
        self.close_connection = True
        self.wfile.flush()
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()


def _basic(login):
    return "Basic " + base64.b64encode(login.encode()).decode()
