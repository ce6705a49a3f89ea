"""What a program gives counts as given, or is refused."""

import json

import pytest

from snapshots import locations
from snapshots.defaults import CHUNK_SIZE, options_of
from snapshots.engine.plan.options import Options
from snapshots.engine.queue.request import ImportRequest
from snapshots.errors import UsageError
from snapshots.formats.options import DialectOptions

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


@pytest.mark.parametrize("kind", [Options, DialectOptions])
def test_a_word_that_is_no_choice_is_refused(kind: type) -> None:
    """A program may give any, and an unknown mode would be taken for the usual one."""
    chosen = [name for name, one in options_of(kind).items() if one.choices]
    assert chosen
    for name in chosen:
        with pytest.raises(UsageError, match=f"(?i){name} 'odd' is unknown") as caught:
            kind(**{name: "odd"})
        assert caught.value.hint.startswith("Use one of ")
