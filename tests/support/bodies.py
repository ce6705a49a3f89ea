"""The rows in the body of a request, however it is written."""

import json
from urllib.parse import parse_qsl


def rows_of(request):
    """Arrays, lines, forms, and objects within an object `rows`. Members of objects within a row
    become the row's, and of dotted names the last part stays."""
    text = request.body.decode()
    match request.headers.get("content-type"):
        case "application/x-www-form-urlencoded":
            found = [{name: _value(value) for name, value in parse_qsl(text, True, True)}]
        case "application/x-ndjson":
            assert text.endswith("\n")
            # Lines of actions have no rows.
            lines = [json.loads(line) for line in text.split("\n")[:-1]]
            found = [one for one in lines if list(one) != ["index"]]
        case _:
            body = json.loads(text)
            if isinstance(body, dict) and "rows" in body:
                assert list(body) == ["rows"]
                body = body["rows"]
            found = body if isinstance(body, list) else [body]
    return [_flat(row) for row in found]


def _flat(row):
    flat = {}
    for name, value in row.items():
        flat |= _flat(value) if isinstance(value, dict) else {name.rpartition(".")[2]: value}
    return flat


def _value(text):
    try:
        return json.loads(text)
    except ValueError:
        return text
