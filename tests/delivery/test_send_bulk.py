"""`snapshots send --action-line` to what behaves as Elasticsearch's `_bulk`."""

import json

import pytest

from tests.support.bulk_apis import Elasticsearch
from tests.support.command import objects, snapshots
from tests.support.http_server import serving

INDEX = '{"index": {"_id": "{id}"}}'
HOW = ("--results", "elasticsearch", "--keep", "/_id")


@pytest.fixture
def send(tmp_path):
    def send_(api, text, *more, path="films/_bulk", line=INDEX):
        (tmp_path / "a.csv").write_text(text)
        with serving(api) as running:
            given = ("send", "a.csv", "--to", f"{running.url}/{path}", "--action-line", line)
            done = snapshots(
                *given, *HOW, "--json", "--progress", "none", "--max-rejects", "100%", *more,
                cwd=tmp_path,
            )  # fmt: skip
        assert "Traceback" not in done.stderr
        return objects(done)[0], done

    return send_


def rows(count, first=1):
    return "id,title,year\n" + "".join(
        f"{n},film {n},{'soon' if n % 50 == 0 else 1900 + n}\n" for n in range(first, first + count)
    )


@pytest.mark.parametrize("batch", [1, 40])
def test_each_document_arrives_under_its_id_though_the_server_is_busy_and_breaks_off(
    send, tmp_path, batch
):
    api = Elasticsearch(busy=0.1, cut=0.05)
    result, _ = send(api, rows(200), "--batch", batch)
    assert (result["loaded"], result["rejected"], result["pending"]) == (196, 4, 0)
    wanted = [n for n in range(1, 201) if n % 50]
    assert api.documents == {
        ("films", str(n)): {"id": n, "title": f"film {n}", "year": f"{1900 + n}"} for n in wanted
    }
    again = sum(times - 1 for times in api.versions.values())
    assert again <= result["ambiguous"]
    rejects = objects(snapshots("rejects", "1", "--json", cwd=tmp_path))
    assert [one["line"] for one in rejects] == [51, 101, 151, 201]
    assert all("document_parsing_exception" in one["reason"] for one in rejects)
    kept = objects(snapshots("answers", "1", "--json", cwd=tmp_path))
    assert [one["answer"] for one in kept] == [str(n) for n in wanted]


def test_the_index_is_a_value_and_ids_are_any_text(send, tmp_path):
    text = 'id,kind,year\n"a""b\\ /ü",old,1\n"two\nlines",new,2\n,new,3\nx,,4\n'
    api = Elasticsearch()
    line = '{"create": {"_index": "films-{kind}", "_id": "{id}"}}'
    result, _ = send(api, text, "--batch", 9, path="_bulk", line=line)
    assert sorted(api.documents) == [("films-new", "two\nlines"), ("films-old", 'a"b\\ /ü')]
    assert (result["loaded"], result["rejects_by_code"]) == (2, {"missing_value": 2})
    rejects = objects(snapshots("rejects", "1", "--json", cwd=tmp_path))
    assert "action line" in rejects[0]["reason"]
    result, _ = send(api, text, "--again", "--batch", 9, path="_bulk", line=line)
    assert result["rejects_by_code"] == {"missing_value": 2, "refused_by_target": 2}


def test_documents_are_changed_by_objects_in_objects(send):
    api = Elasticsearch()
    send(api, rows(3))
    line = '{"update": {"_id": "{doc.id}", "retry_on_conflict": 3}}'
    text = "doc.id,doc.year\n2,7\n9,8\n"
    result, _ = send(api, text, "--nested", "--batch", 2, line=line)
    assert api.documents["films", "2"] == {"id": 2, "title": "film 2", "year": 7}
    assert (result["loaded"], result["rejects_by_code"]) == (1, {"refused_by_target": 1})


def test_by_key_only_what_changed_is_sent(tmp_path):
    api = Elasticsearch(busy=0.1)
    with serving(api) as running:
        for text, loaded, skipped in (
            (rows(20), 20, 0),
            (rows(22).replace("film 7,", "F,"), 3, 19),
        ):
            (tmp_path / "a.csv").write_text(text)
            done = snapshots(
                "send", "a.csv", "--to", f"{running.url}/films/_bulk", "--action-line", INDEX, *HOW,
                "--key", "id", "--batch", 10, "--json", "--progress", "none", cwd=tmp_path,
            )  # fmt: skip
            (result,) = objects(done)
            assert (result["loaded"], result["skipped"]) == (loaded, skipped), done.stderr
    assert len(api.documents) == 22
    assert api.documents["films", "7"]["title"] == "F"
    assert set(api.versions.values()) == {1, 2}


def test_a_body_without_action_lines_is_refused_as_a_whole(send, tmp_path):
    (tmp_path / "a.csv").write_text(rows(2))
    api = Elasticsearch()
    with serving(api) as running:
        done = snapshots(
            "send", "a.csv", "--to", f"{running.url}/films/_bulk", "--body", "ndjson", *HOW,
            "--json", "--progress", "none", "--max-rejects", "100%", cwd=tmp_path,
        )  # fmt: skip
    assert objects(done)[0]["rejected"] == 2
    assert not api.documents


def test_a_project_sends_a_resource_so(tmp_path):
    (tmp_path / "films.csv").write_text(rows(5))
    api = Elasticsearch()
    with serving(api) as running:
        (tmp_path / "snapshots.toml").write_text(
            f"""
[api]
url = "{running.url}"
results = "elasticsearch"
batch = 3

[resources.films]
file = "films.csv"
path = "films/_bulk"
action_line = {json.dumps(INDEX)}
"""
        )
        done = snapshots("run", "--json", "--progress", "none", cwd=tmp_path)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert len(api.documents) == 5
