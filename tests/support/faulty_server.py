"""A server that misbehaves in the way its URL says.

    python -m tests.support.faulty_server --port 9010

    /status/422?body=no          this status and body; &retry_after=3 and &location=... as headers
    /cut-before                  ends the connection when it has seen the headers
    /cut-after                   ends it when it has read the body
    /never                       reads everything and says nothing
    /garbage                     answers what is no HTTP
    /huge?status=422             a body of 200 MB, as fast as it is taken
    /slow?seconds=0.2            answers late
    /short?status=201            says Content-Length: 1000 and sends 10 bytes
    /stall?status=201            says Content-Length: 1000, sends 10 bytes and no more
    /trickle?status=201          the same, and then a byte now and then
    /chunks?status=201           a body in chunks that are none
    /endless-head                headers that never end
    /until-close?status=201      a body without a length, ended by the end of the connection
    /continue                    100 Continue, then 201
    /chatty                      answers twice

`times=N`: only so for the first N requests with each Idempotency-Key; 201 from then on. What was
received is at /received, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter

from tests.support.http_server import Connection, Handler, Request, as_json, main, response

HUGE = 200 * 1024 * 1024
PIECE = 64 * 1024


class Faulty(Handler):
    def __init__(self) -> None:
        self.received: list[Request] = []
        """In the order in which their bodies were complete, or cut off."""
        self._seen: Counter[str] = Counter()

    def on_head(self, request: Request, connection: Connection) -> bytes | None:
        if request.path == "/cut-before" and self._misbehaves(request):
            self.received.append(request)
            connection.cut()
        return None

    def on_request(self, request: Request, connection: Connection) -> bytes | None:
        if request.path == "/received":
            return as_json(
                200, [[r.method, r.target, r.key, r.body.decode()] for r in self.received]
            )
        self.received.append(request)
        name = request.path.split("/")[1]
        if name == "cut-before" or not self._misbehaves(request):
            return response(201)
        return getattr(self, f"_{name.replace('-', '_')}")(request, connection)

    def _misbehaves(self, request: Request) -> bool:
        self._seen[request.key] += 1
        return self._seen[request.key] <= int(request.query.get("times", 1_000_000_000))

    def _status(self, request: Request, connection: Connection) -> bytes:
        headers = {k: v for k, v in request.query.items() if k in {"retry_after", "location"}}
        return response(int(request.path.split("/")[2]), request.query.get("body", ""), **headers)

    def _cut_after(self, request: Request, connection: Connection) -> None:
        connection.cut()

    def _never(self, request: Request, connection: Connection) -> None:
        return None

    def _garbage(self, request: Request, connection: Connection) -> bytes:
        return b"\x00\x01 what a lovely day\r\n\r\n"

    def _huge(self, request: Request, connection: Connection) -> bytes:
        status = int(request.query.get("status", 422))
        asyncio.get_running_loop().call_soon(self._pour, connection, HUGE)
        return f"HTTP/1.1 {status} Large\r\nContent-Length: {HUGE}\r\n\r\n".encode()

    def _pour(self, connection: Connection, left: int) -> None:
        transport = connection.transport
        if left and not transport.is_closing():
            if transport.get_write_buffer_size() < PIECE:
                transport.write(b"x" * PIECE)
                left -= PIECE
            asyncio.get_running_loop().call_later(0.001, self._pour, connection, left)

    def _slow(self, request: Request, connection: Connection) -> None:
        seconds = float(request.query.get("seconds", 1))
        asyncio.get_running_loop().call_later(seconds, connection.transport.write, response(201))

    def _short(self, request: Request, connection: Connection) -> None:
        status = int(request.query.get("status", 201))
        head = f"HTTP/1.1 {status} Short\r\nContent-Length: 1000\r\n\r\n"
        connection.transport.write(head.encode() + b"0123456789")
        connection.transport.close()

    def _stall(self, request: Request, connection: Connection) -> bytes:
        status = int(request.query.get("status", 201))
        return f"HTTP/1.1 {status} Stalled\r\nContent-Length: 1000\r\n\r\n0123456789".encode()

    def _trickle(self, request: Request, connection: Connection) -> bytes:
        asyncio.get_running_loop().call_later(0.1, self._drop, connection)
        return self._stall(request, connection)

    def _drop(self, connection: Connection) -> None:
        if not connection.transport.is_closing():
            connection.transport.write(b"x")
            asyncio.get_running_loop().call_later(0.1, self._drop, connection)

    def _chunks(self, request: Request, connection: Connection) -> bytes:
        status = int(request.query.get("status", 201))
        head = f"HTTP/1.1 {status} Odd\r\nTransfer-Encoding: chunked\r\n\r\n"
        return head.encode() + b"so many\r\nand no more"

    def _endless_head(self, request: Request, connection: Connection) -> bytes:
        return b"HTTP/1.1 201 Created\r\n" + b"X-More: and more\r\n" * 10_000

    def _until_close(self, request: Request, connection: Connection) -> None:
        status = int(request.query.get("status", 201))
        connection.transport.write(f"HTTP/1.1 {status} Open\r\n\r\nas it comes".encode())
        connection.transport.close()

    def _continue(self, request: Request, connection: Connection) -> bytes:
        return b"HTTP/1.1 100 Continue\r\n\r\n" + response(201)

    def _chatty(self, request: Request, connection: Connection) -> bytes:
        return response(201) + response(500)


if __name__ == "__main__":
    main(argparse.ArgumentParser(description="Misbehaves as its URL says."), lambda _: Faulty())
