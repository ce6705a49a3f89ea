"""A web server whose one object is made as it is read: as large as is wanted, and the same bytes
each time, from any offset on.

    python -m tests.support.endless_file_server SIZE    # prints its URL, serves until it is ended

The object is a header and equal blocks, each with its number in every record. So a range costs
no more than a search and replace, and what must become of every record is known.
"""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = 5000
"""Good records of a block; beside them one whose amount is no number, and an empty line."""
UNKNOWN = "not known" * 9
"""The contract calls it missing, so that a large object needs little room when it is stored."""
FIELDS = {
    "fields": [
        {"name": "block", "type": "integer"},
        {"name": "row", "type": "integer"},
        {"name": "amount", "type": "number"},
        {"name": "at", "type": "datetime"},
        {"name": "name", "type": "string"},
        {"name": "note", "type": "string"},
        {"name": "remark", "type": "string"},
    ],
    "missingValues": ["", UNKNOWN],
}
_HEADER = b"block,row,amount,at,name,note,remark\n"
_MARK = b"@@@@@@@@@"
"""Of as many bytes as the number that is put in its place."""


def _template() -> bytes:
    mark = _MARK.decode()
    records = [
        f"{mark},{row},{row % 997}.25,2024-01-31 23:{row % 60:02d}:{row % 59:02d},"
        f"{'name of ' + str(row):.16},{UNKNOWN},{UNKNOWN}\n"
        for row in range(ROWS)
    ]
    records.insert(ROWS // 3, f"{mark},0,12x5,2024-01-31 00:00:00,bad,,\n")
    records.insert(ROWS // 2, "\n")
    return "".join(records).encode()


_TEMPLATE = _template()


@dataclass(frozen=True)
class Endless:
    """The object of so many blocks."""

    blocks: int

    @classmethod
    def of(cls, size: int) -> Endless:
        """Of about so many bytes."""
        return cls(max(1, size // len(_TEMPLATE)))

    @property
    def size(self) -> int:
        return len(_HEADER) + self.blocks * len(_TEMPLATE)

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(_TEMPLATE).hexdigest()[:16]}-{self.blocks}"'

    @property
    def good(self) -> int:
        return self.blocks * ROWS

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes of a range, a block at a time."""
        if start < len(_HEADER):
            yield _HEADER[start:end]
            start = len(_HEADER)
        while start < end:
            number, within = divmod(start - len(_HEADER), len(_TEMPLATE))
            block = _TEMPLATE.replace(_MARK, b"%09d" % (number + 10**8))
            piece = memoryview(block)[within : within + end - start]
            yield piece
            start += len(piece)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    thing: Endless

    def log_message(self, *args: object) -> None:
        """Nothing: thousands of ranges are asked for."""

    def do_GET(self) -> None:
        start, end = 0, self.thing.size
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked and self.headers.get("If-Range", self.thing.etag) == self.thing.etag:
            start, end = int(asked[1]), min(end, int(asked[2] or end) + 1)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{self.thing.size}")
        else:
            self.send_response(200)
        self.send_header("ETag", self.thing.etag)
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        for piece in self.thing.read(start, end):
            self.wfile.write(piece)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients are killed in the middle: that is what it is for."""


def main() -> None:
    class Handler(_Handler):
        thing = Endless.of(int(sys.argv[1]))

    with _Server(("127.0.0.1", 0), Handler) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}/endless.csv", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
