"""What is wrong with a value is said in words, and never as a regular expression."""

import re
from pathlib import Path

import snapshots
from tests.support.service_process import database_beside, served

WEB = Path(snapshots.__file__).parent / "web"


def test_a_wrong_value_is_explained(tmp_path):
    with served(database_beside(tmp_path), tmp_path, "--workers", "0") as client:
        for path, body, words in (
            ("/v1/files/.hidden", b"a\n1\n", "letters, digits and . _ -"),
            (None, {"max_rejects": "many"}, "a number or a share, such as 500 or 5%"),
            (None, {"max_deletes": "5 %"}, "a number or a share, such as 500 or 5%"),
            (None, {"dialect": {"delimiter": "ab"}}, "one ASCII character, two to eight signs"),
            (None, {"dialect": {"quote": "\u00e4"}}, "one ASCII character, or tab"),
        ):
            if path is not None:
                answer = client.ask("PUT", path, body)
            else:
                answer = client.ask("POST", "/v1/imports", {"file": "a.csv", **body})
            assert answer.status == 422, answer
            (error,) = answer.json["errors"]
            assert error["message"].startswith("It must be ")
            assert words in error["message"]
            assert not re.search(r"\^|\\x|\{\d", error["message"].replace("^A", ""))


def test_every_pattern_of_the_service_has_words():
    for file in WEB.rglob("*.py"):
        for written in re.findall(r"\bpattern=(\w+)", file.read_text("utf-8")):
            assert written == "in_words", file


def test_a_number_or_a_word_is_not_true_or_false(tmp_path):
    with served(database_beside(tmp_path), tmp_path, "--workers", "0") as client:
        for name, value in (("again", 1), ("allow_empty", "yes"), ("lineage", 0)):
            answer = client.ask("POST", "/v1/imports", {"file": "a.csv", name: value})
            assert answer.status == 422, answer
            (error,) = answer.json["errors"]
            assert error["place"] == f"body.{name}"
        answer = client.ask("POST", "/v1/imports/1/resume", {"allow_empty": 0})
        assert (answer.status, answer.json["errors"][0]["place"]) == (422, "body.allow_empty")
