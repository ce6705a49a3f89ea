"""The page on REST says what the OpenAPI document says."""

import re

from snapshots.web.api.imports import OVER
from snapshots.web.api.request_bodies import NewImport
from snapshots.web.problems import Problem
from snapshots.web.schemas import ImportDetail
from tests.repository.test_docs import cells, page, section, words_in
from tests.support.service_process import routes
from tests.web.api.test_problems import client

__all__ = ["client"]


def test_every_endpoint_is_documented(client):
    documented = words_in(cells(section(page("rest.md"), "## Endpoints")))
    assert sorted(documented) == sorted(f"{method} {path}" for method, path, _ in routes(client))


def test_the_answers_of_endpoints_are_those_of_the_document(client):
    text = section(page("rest.md"), "## Endpoints")
    said = dict(zip(words_in(cells(text)), cells(text, 2), strict=True))
    for method, path, operation in routes(client):
        numbers = set(re.findall(r"\b[2-5]\d\d\b", said[f"{method} {path}"]))
        known = set(operation["responses"])
        assert numbers <= known, (method, path)
        assert {one for one in known if one < "300"} <= numbers, (method, path)
        assert known - numbers <= {"400", "422", "503"}, (method, path)


def test_every_field_is_documented():
    text = page("rest.md")
    asked = words_in(cells(section(text, "## What can be asked for")))
    assert asked == list(NewImport.model_fields)
    assert words_in(cells(section(text, "## An import"))) == list(ImportDetail.model_fields)
    errors = section(text, "## Errors")
    for name in Problem.model_fields:
        assert f"`{name}`" in errors, name


def test_every_query_parameter_is_documented(client):
    text = page("rest.md")
    for _, path, operation in routes(client):
        for one in operation.get("parameters", ()):
            if one["in"] == "query" and not path.endswith("/rows"):
                (row,) = [line for line in text.splitlines() if f" {path}` |" in line
                          and f"`{operation_method(operation, client)} " in line]  # fmt: skip
                assert one["name"] in row, (path, one["name"])


def operation_method(operation, client):
    return next(method for method, _, one in routes(client) if one == operation)


def test_states_that_are_over_are_states():
    states = set(re.findall(r"`(\w+)`", section(page("rest.md"), "## An import")))
    assert states >= OVER
