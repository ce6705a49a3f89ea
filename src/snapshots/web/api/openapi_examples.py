"""Examples of parameters, bodies and answers for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from snapshots.web.api.rejects_download import CSV, JSON_LINES

_JSON: Final = "application/json"
_EVENTS: Final = "text/event-stream"

PARAMETERS: Final[dict[str, Any]] = {
    "import_id": 1,
    "other": 2,
    "before": "2026-03-01",
    "after": "2026-04-01",
    "key": ["17"],
    "name": "rides.csv",
    "table": "rides",
    "contract_name": "Monthly rides",
    "number": "9f86d081884c7d65",
    "Upload-Length": 561204,
    "Upload-Offset": 262144,
    "Upload-Metadata": "filename cmlkZXMuY3N2",
}
"""Values of required parameters, by name."""

PROBLEM: Final = {
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "detail": "Import 77 does not exist.",
    "code": "no_such_import",
    "hint": "",
    "errors": [],
}

REQUESTS: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("POST /v1/imports", _JSON): {
        "A file from a URL": {"url": "https://data.example/rides_2026-03.csv.gz"},
        "An uploaded file": {"file": "rides.csv", "table": "rides", "max_rejects": "5%"},
        "An uploaded file with a contract": {
            "file": "rides.csv",
            "contract": {
                "fields": [
                    {"name": "ride", "type": "integer"},
                    {"name": "begun", "type": "date"},
                    {"name": "miles", "type": "number", "constraints": {"minimum": 0}},
                ]
            },
        },
    },
    ("POST /v1/imports/{import_id}/cancel", _JSON): {
        "Keep the rows": {"rows": "keep"},
        "Delete the rows": {"rows": "undo"},
    },
    ("POST /v1/imports/{import_id}/resume", _JSON): {
        "As before": {},
        "With more rejects allowed": {"max_rejects": "20%"},
    },
    ("POST /v1/imports/{import_id}/undo", _JSON): {
        "What it would remove": {"dry_run": True},
        "Remove the rows": {},
    },
    ("POST /v1/imports/{import_id}/replay", CSV): {
        "A correction": "_line,day\n3,2026-03-01\n",
    },
    ("POST /v1/imports/{import_id}/replay", "multipart/form-data"): {
        "A file of corrections": {"file": "fix.csv"},
    },
    ("POST /v1/imports/{import_id}/dismiss", _JSON): {
        "The reject of a line": {"line": 7, "because": "a total"},
        "All with one reason": {"codes": ["repeated_header"], "because": "headers in the file"},
    },
    ("POST /v1/imports/{import_id}/verify", _JSON): {
        "All columns": {},
        "Without a column that a trigger fills": {"ignore": ["changed_at"]},
        "Without the input": {"counts": True},
    },
}
"""Bodies by endpoint and media type; each has a title."""

_UPLOAD: Final = {
    "upload": "9f86d081884c7d65",
    "name": "rides.csv",
    "bytes": 561204,
    "offset": 262144,
    "done": False,
}
_COUNTS: Final = {"records": 20000, "loaded": 19960, "rejected": 40, "skipped": 0}
_CHANGES: Final = {"inserted": 19960, "updated": 0, "unchanged": 0, "deleted": 0, "kept": 0}
_REPAIRS: Final = {"open": 40, "dismissed": 0, "corrected": 0}
_IMPORT: Final[dict[str, Any]] = {
    "import_id": 1,
    "state": "finished",
    "outcome": "finished",
    "same_as": None,
    "waits_for": None,
    "note": None,
    "continues": None,
    "replaces": None,
    "replaced_rows": None,
    "input": "rides.csv",
    "table": "rides",
    **_COUNTS,
    **_REPAIRS,
    "mode": "append",
    **_CHANGES,
    "as_of": None,
    "undone_at": None,
    "removed": None,
    "restored": None,
    "undo_kept": None,
    "publish": None,
    "records_per_second": 81632.7,
    "progress": {"done": 561204, "total": 561204, "percent": 100.0, "why": None},
    "eta": None,
    "bytes": 561204,
    "content_hash": "0b8b60248fad7ac6dfac221b7e01a8b91c772421a15b387dd1fb2d6a94aee438",
    "queued_at": "2026-03-01T06:00:00.000Z",
    "started_at": "2026-03-01T06:00:00.125Z",
    "finished_at": "2026-03-01T06:00:00.370Z",
    "seconds": 0.245,
    "wanted": None,
    "error": None,
    "damage": None,
    "url": "/v1/imports/1",
}
_DETAIL: Final[dict[str, Any]] = {
    **_IMPORT,
    "request": {"file": "rides.csv"},
    "plan": None,
    "rejects_by_code": {"not_a_date": 31, "not_a_number": 9},
    "skipped_by_code": {},
}
_QUEUED: Final[dict[str, Any]] = {
    **_DETAIL,
    "state": "queued",
    "outcome": None,
    **dict.fromkeys((*_COUNTS, *_REPAIRS, *_CHANGES), 0),
    "progress": {"done": 0, "total": 561204, "percent": 0.0, "why": None},
    "records_per_second": None,
    "content_hash": None,
    "started_at": "2026-03-01T06:00:00.000Z",
    "finished_at": None,
    "seconds": 0.0,
    "rejects_by_code": {},
}
_CANCELLED: Final[dict[str, Any]] = {
    **_DETAIL,
    "state": "cancelled",
    "outcome": "cancelled",
    "records": 10000,
    "loaded": 9980,
    "rejected": 20,
    "open": 20,
    "progress": {"done": 280602, "total": 561204, "percent": 50.0, "why": None},
    "content_hash": None,
}
_VERIFICATION: Final[dict[str, Any]] = {
    "import_id": 1,
    "state": "finished",
    "result": "differs",
    "started_at": "2026-03-01T07:00:00.000Z",
    "finished_at": "2026-03-01T07:00:00.230Z",
    "by": "127.0.0.1",
    "error": None,
    "report": {
        "import_id": 1,
        "counts_only": False,
        "compared": True,
        "not_compared": "",
        "rows": None,
        "chunks": 1,
        "equal": 19959,
        "changed": 1,
        "missing": 0,
        "more": 0,
        "columns": {"miles": 1},
        "differing": [
            {
                "start": 0,
                "end": 561204,
                "line": 2,
                "equal": 19959,
                "changed": 1,
                "missing": 0,
                "more": 0,
                "columns": {"miles": 1},
            }
        ],
        "differences": [
            {"kind": "changed", "line": 7, "column": "miles", "expected": "2.1", "found": "21"}
        ],
        "ledger": [],
        "table": [],
        "left_out": [],
        "triggers": [],
        "generated": [],
        "result": "differs",
    },
}
_REJECT: Final = (
    '{"line": 18, "byte_offset": 476, "column": "begun", "code": "not_a_date",'
    ' "reason": "2026-02-30 is not a date.", "raw": "17,2026-02-30,4.10,card"}\n'
)
_EVENT: Final = (
    'event: import\nid: 1\ndata: {"import_id": 1, "state": "running", "table": "rides", ...}\n\n'
)

_DIFFERENCE: Final = {
    "table": "customers",
    "before": "2026-03-01T00:00:00.000Z",
    "after": "2026-04-01T00:00:00.000Z",
    "changes": [
        {
            "change": "changed",
            "key": {"customer_id": 17},
            "cells": {"city": {"before": "Porto", "after": "Lisbon"}},
        }
    ],
    "more": False,
}

RESPONSES: Final[dict[tuple[str, str], Any]] = {
    ("POST /v1/imports", _JSON): _QUEUED,
    ("GET /v1/imports", _JSON): {
        "imports": [_IMPORT],
        "next": "/v1/imports?before=1&limit=1",
    },
    ("GET /v1/imports/{import_id}", _JSON): _DETAIL,
    ("POST /v1/imports/{import_id}/cancel", _JSON): _CANCELLED,
    ("DELETE /v1/imports/{import_id}", _JSON): _CANCELLED,
    ("POST /v1/imports/{import_id}/resume", _JSON): _QUEUED,
    ("POST /v1/imports/{import_id}/undo", _JSON): {
        "import_id": 1,
        "table": "rides",
        "loaded": 19960,
        "removed": 19960,
        "dry_run": False,
        "referring": [],
        "restored": 0,
        "undo_kept": 0,
        "kept_rows": [],
    },
    ("POST /v1/imports/{import_id}/replay", _JSON): {
        "import_id": 1,
        "table": "rides",
        "loaded": 38,
        "refused": 1,
        "unchanged": 1,
        "already": 0,
        "open": 2,
        "dismissed": 0,
        "open_by_code": {"not_a_date": 2},
        "examples": ['line 18: "2026-02-31" is not a date (YYYY-MM-DD).'],
    },
    ("POST /v1/imports/{import_id}/dismiss", _JSON): {
        "import_id": 1,
        "dismissed": 2,
        "open": 0,
        "because": "no such days",
    },
    ("POST /v1/imports/{import_id}/verify", _JSON): {
        **_VERIFICATION,
        **dict.fromkeys(("result", "finished_at", "report")),
        "state": "running",
    },
    ("GET /v1/imports/{import_id}/verify", _JSON): _VERIFICATION,
    ("GET /v1/imports/{import_id}/answers", _JSON): {
        "answers": [{"line": 2, "key": {"id": 7}, "answer": "001xx000003DGb2"}],
        "next": None,
    },
    ("GET /v1/imports/{import_id}/chunks", _JSON): {
        "chunks": [
            {
                "start": 0,
                "end": 561204,
                "line": 2,
                **_COUNTS,
                "seconds": 0.21,
                "committed_at": "2026-03-01T06:00:00.355Z",
            }
        ],
        "next": None,
    },
    ("GET /v1/imports/{import_id}/rejects", JSON_LINES): _REJECT,
    ("GET /v1/imports/{import_id}/rejects", CSV): (
        "line,byte_offset,column,code,reason,raw\r\n"
        '18,476,begun,not_a_date,2026-02-30 is not a date.,"17,2026-02-30,4.10,card"\r\n'
    ),
    ("GET /v1/imports/{import_id}/events", _EVENTS): _EVENT,
    ("GET /v1/events", _EVENTS): _EVENT,
    ("PUT /v1/files/{name}", _JSON): {
        "name": "rides.csv",
        "bytes": 561204,
        "content_hash": _IMPORT["content_hash"],
    },
    ("POST /v1/files", _JSON): {
        "name": "rides.csv",
        "bytes": 561204,
        "content_hash": _IMPORT["content_hash"],
    },
    ("POST /v1/uploads", _JSON): {**_UPLOAD, "offset": 0},
    ("GET /v1/uploads/{number}", _JSON): _UPLOAD,
    ("GET /v1/contracts", _JSON): {
        "contracts": [
            {
                "contract_name": "Monthly rides",
                "table": "rides",
                "header": ["Ride", "Begun", "Note"],
                "contract": {
                    "fields": [
                        {"name": "ride", "type": "integer", "x-source": "Ride"},
                        {"name": "begun", "type": "date", "x-source": "Begun"},
                    ],
                    "fieldsMatch": ["subset"],
                },
                "kept_at": "2026-03-01T06:00:00.000Z",
            }
        ]
    },
    ("GET /v1/files", _JSON): {"files": [{"name": "rides.csv", "bytes": 561204}]},
    ("GET /v1/tables", _JSON): {"tables": ["rides"]},
    ("GET /v1/imports/{import_id}/diff/{other}", _JSON): _DIFFERENCE,
    ("GET /v1/tables/{table}/diff", _JSON): _DIFFERENCE,
    ("GET /v1/tables/{table}/log", _JSON): {
        "table": "customers",
        "versions": [
            {
                "valid_from": "2026-03-01T00:00:00.000Z",
                "valid_to": None,
                "import_id": 1,
                "input": "customers_2026-03-01.csv",
                "line": 18,
                "row": {"customer_id": 17, "city": "Porto"},
            }
        ],
    },
    ("GET /v1/tables/{table}/rows", _JSON): {
        "columns": [{"name": "ride", "type": "integer"}, {"name": "begun", "type": "date"}],
        "rows": [{"ride": 1, "begun": "2026-02-02"}],
        "next": "/v1/tables/rides/rows?limit=1&after=WzFd",
    },
    ("GET /healthz", _JSON): {"status": "ok"},
    ("GET /readyz", _JSON): {"status": "ok"},
    ("GET /metrics", "text/plain"): (
        'snapshots_imports{state="finished"} 1.0\nsnapshots_imports{state="queued"} 0.0\n'
    ),
}
"""Bodies of answers that succeed, by endpoint and media type."""
