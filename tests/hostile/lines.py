"""Line ends of every kind, and characters that only look like them."""

from .case import Case

_TWO = {2: (1, 2), 3: (3, 4)}
_SEPARATORS = "\u0085\u2028\u2029\v\f\x1c\x1d\x1e"
"""What Python's `splitlines` takes for line ends."""

CASES = [
    Case("LF", b"a,b\n1,2\n3,4\n", _TWO),
    Case("CRLF", b"a,b\r\n1,2\r\n3,4\r\n", _TWO),
    Case("CR", b"a,b\r1,2\r3,4\r", _TWO, options={"terminator": "cr"}),
    Case("CR, none at the end", b"a,b\r1,2\r3,4", _TWO, options={"terminator": "cr"}),
    Case("LF and CRLF mixed", b"a,b\n1,2\r\n3,4\n", _TWO),
    Case("CRLF, and LF at the end", b"a,b\r\n1,2\r\n3,4\n", _TWO),
    Case("CR inside a field", b"a,b\n1,x\ry\n", {2: (1, "x\ry")}),
    Case("CR inside quotes", b'a,b\n1,"x\ry"\n2,z\n', {2: (1, "x\ry"), 3: (2, "z")}),
    Case("CR CR LF", b"a,b\n1,x\r\r\n2,y\n", {2: (1, "x\r"), 3: (2, "y")}),
    Case("CR at the very end", b"a,b\n1,x\r", {2: (1, "x")}),
    Case("blank lines of CRLF", b"a,b\r\n\r\n1,2\r\n\r\n", {3: (1, 2)}, skipped=2),
    Case("LF inside a field of CR", b"a,b\r1,x\ny\r", {2: (1, "x\ny")}, options={"terminator": "cr"}),
    Case("separators of Unicode", f"a,b\n1,x{_SEPARATORS}y\n2,{'z' * 99}\n".encode(),
         {2: (1, f"x{_SEPARATORS}y"), 3: (2, "z" * 99)}),
]  # fmt: skip
