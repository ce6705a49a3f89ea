"""Reads the one file of a multipart form as its bytes arrive, and keeps none of them."""

from __future__ import annotations

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from snapshots.errors import UsageError

_MOST_PARTS = 100
"""The most parts of a form: each takes time, and only one is the file."""


class MultipartFile:
    """Takes the pieces of a body and returns those of the file in it."""

    def __init__(self, content_type: str) -> None:
        """Raises UsageError if the body is no form."""
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise UsageError(
                "a form must be sent as multipart/form-data, with its boundary",
                hint="use curl -F file=@rides.csv, or send the bytes with PUT /v1/files/NAME",
            )
        self.name: str | None = None
        """The name of the file, once it is known."""
        self._parts = 0
        self._field, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._in_file = self._ended = False
        self._found: list[bytes] = []
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._add_field,
                    "on_header_value": self._add_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._data,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise UsageError(f"the form is not valid: {error}") from error

    def feed(self, piece: bytes) -> bytes:
        """Returns the bytes of the file in a piece of the body. Raises UsageError."""
        self._found = []
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise UsageError(f"the form is not valid: {error}") from error
        return b"".join(self._found)

    def finish(self) -> None:
        """Raises UsageError if the form has no end, or no file."""
        if not self._ended:
            raise UsageError("the form is incomplete")
        if self.name is None:
            raise UsageError("the form has no file", hint="for example curl -F file=@rides.csv")

    def _begin(self) -> None:
        self._headers = {}
        self._in_file = False
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise UsageError(
                f"the form has more than {_MOST_PARTS} parts", hint="send only the file"
            )

    def _add_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field, self._value = b"", b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"filename")
        if name is None:
            return
        if self.name is not None:
            raise UsageError("the form has more than one file", hint="send them one by one")
        self.name = name.decode("utf-8", "replace")
        self._in_file = True

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._found.append(data[start:end])

    def _end(self) -> None:
        self._ended = True
