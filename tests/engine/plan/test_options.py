"""A size that is given counts as given, whatever the usual one is."""

import json

import pytest

from snapshots import locations
from snapshots.defaults import CHUNK_SIZE
from snapshots.engine.plan.options import Options
from snapshots.engine.queue.request import ImportRequest

URLS = ["sqlite:///a.db", "duckdb:///a.duckdb", "postgresql://localhost/a"]


@pytest.mark.parametrize("url", URLS)
def test_a_target_has_its_own_usual_chunks(url: str) -> None:
    target = locations.target(url)
    assert Options().chunk_bytes(target) == target.chunk_bytes
    for given in (1, CHUNK_SIZE, target.chunk_bytes):
        assert Options(chunk_size=given).chunk_bytes(target) == given


@pytest.mark.parametrize("given", [None, CHUNK_SIZE, 1 << 12])
def test_a_request_keeps_what_was_given(given: int | None) -> None:
    request = ImportRequest.of(file="a.csv", chunk_size=given)
    assert ImportRequest.from_json(request.to_json()) == request
    assert request.options.chunk_size == given


def test_a_request_of_an_earlier_version_had_the_usual_size_where_none_was_given() -> None:
    kept = json.loads(ImportRequest.of(file="a.csv").to_json())
    del kept["form"]
    for size, meant in ((CHUNK_SIZE, None), (1 << 12, 1 << 12)):
        earlier = json.dumps({**kept, "chunk_size": size})
        assert ImportRequest.from_json(earlier) == ImportRequest.of(file="a.csv", chunk_size=meant)
