"""Answers with a result for each record, as Salesforce's and Elasticsearch's APIs give."""

import json
import random
from collections import Counter

from tests.support.http_server import Handler, as_json


class Salesforce(Handler):
    """sObject Collections: POST, PATCH and DELETE-like rules of /composite/sobjects.

    Up to 200 records in `records`, each with `attributes.type`. 400 for a body that is malformed;
    else 200 with a SaveResult for each record, in their order, even where every one failed. With
    `allOrNone` a failure rolls all of them back. A record with the same `Code__c` is a duplicate.
    """

    def __init__(self, *, locked=0.0, trouble=0.0, seed=1):
        self.kept = {}
        """Records by their id."""
        self.requests = []
        self.trouble = trouble
        self._locked = locked
        self._random = random.Random(seed)
        self._number = 0

    def on_request(self, request, connection):
        if self._random.random() < self.trouble:
            return as_json(503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "busy"}])
        try:
            body = json.loads(request.body)
            records = body if isinstance(body, list) else body["records"]
        except (ValueError, KeyError, TypeError):
            return self._malformed("JSON_PARSER_ERROR", "no records")
        if not 0 < len(records) <= 200:
            return self._malformed("INVALID_BATCH_SIZE", "up to 200 records")
        self.requests.append(request)
        answer = as_json(200, [self._save(record) for record in records])
        if self._random.random() < self.trouble:
            connection.cut()
            return None
        return answer

    def _malformed(self, code, message):
        return as_json(400, [{"errorCode": code, "message": message}])

    def _save(self, record):
        if not record.get("Name"):
            return self._failed("REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]")
        if self._random.random() < self._locked:
            return self._failed("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access")
        for known, other in self.kept.items():
            if other["Code__c"] == record["Code__c"]:
                if other == record:
                    # An upsert by an external id.
                    return {"id": known, "success": True, "errors": [], "created": False}
                return self._failed("DUPLICATES_DETECTED", "You're creating a duplicate record.")
        self._number += 1
        made = f"001xx{self._number:010d}AAA"
        self.kept[made] = record
        return {"id": made, "success": True, "errors": [], "created": True}

    def _failed(self, code, message):
        error = {"statusCode": code, "message": message, "fields": []}
        return {"success": False, "errors": [error]}


class Elasticsearch(Handler):
    """`_bulk` as its reference describes it: 400 for a body that is malformed, else 200 with an
    item for each action, even where every one failed. The mapping of `year` is an integer,
    which a text of digits is taken for."""

    ACTIONS = ("index", "create", "update", "delete")
    PARAMETERS = frozenset({"_index", "_id", "routing", "retry_on_conflict"})

    def __init__(self, *, busy=0.0, cut=0.0, seed=1):
        self.documents = {}
        """By index and id."""
        self.versions = Counter()
        self.requests = []
        self._busy = busy
        self._cut = cut
        self._random = random.Random(seed)

    def on_request(self, request, connection):
        index, _, last = request.path.strip("/").rpartition("/")
        if last != "_bulk" or request.method not in ("POST", "PUT"):
            return self._error(405, "illegal_argument_exception", "Incorrect HTTP method")
        if request.headers["content-type"] not in ("application/json", "application/x-ndjson"):
            return self._error(406, "media_type_header_exception", "Content-Type header")
        *lines, rest = request.body.split(b"\n")
        if rest:
            why = "The bulk request must be terminated by a newline [\\n]"
            return self._error(400, "illegal_argument_exception", why)
        try:
            actions = list(self._actions(iter(lines), index))
        except (ValueError, StopIteration, RuntimeError) as error:
            return self._error(400, "illegal_argument_exception", f"Malformed action: {error}")
        self.requests.append(request)
        answer = as_json(200, elasticsearch_answer(*(self._done(*one) for one in actions)))
        if self._random.random() < self._cut:
            connection.cut()
            return None
        return answer

    def _actions(self, lines, index):
        for line in lines:
            ((action, how),) = json.loads(line).items()
            if action not in self.ACTIONS or not set(how) <= self.PARAMETERS:
                raise ValueError(line.decode())
            if not how.get("_index", index):
                raise ValueError("index is missing")
            source = None if action == "delete" else json.loads(next(lines))
            yield action, how.get("_index", index), how.get("_id"), source

    def _error(self, status, kind, why):
        return as_json(status, {"error": {"type": kind, "reason": why}, "status": status})

    def _done(self, action, index, name, source):
        if self._random.random() < self._busy:
            error = {"type": "es_rejected_execution_exception", "reason": "rejected execution"}
            return action, {"_index": index, "_id": name, "status": 429, "error": error}
        place = index, name or f"made-{len(self.documents)}"
        known = self.documents.get(place)
        shown = {"_index": index, "_id": place[1]}
        if action == "create" and known is not None:
            return action, {**shown, "status": 409, "error": _because("version_conflict_engine")}
        if action == "update" and known is None:
            return action, {**shown, "status": 404, "error": _because("document_missing")}
        new = {**known, **source["doc"]} if action == "update" else source
        if not str(new.get("year", 0)).isdigit():
            return action, {**shown, "status": 400, "error": _because("document_parsing")}
        self.documents[place] = new
        self.versions[place] += 1
        result, status = ("created", 201) if known is None else ("updated", 200)
        return action, {**shown, "result": result, "status": status}


def _because(kind):
    return {"type": f"{kind}_exception", "reason": kind.replace("_", " ")}


def elasticsearch_answer(*items):
    """The body of an answer to `_bulk`: each item is the action, and what became of it."""
    errors = any(result.get("status", 200) >= 300 for _, result in items)
    shown = [{action: {"_index": "films", **result}} for action, result in items]
    return {"took": 7, "errors": errors, "items": shown}
