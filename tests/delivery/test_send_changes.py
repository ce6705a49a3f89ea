"""`snapshots send --key`: an API is sent what changed, and holds then what the file holds."""

import csv
import json
import random

import pytest

import snapshots as package
from snapshots.errors import ContractError, Forbids, UsageError
from tests.support.command import objects, snapshots
from tests.support.http_server import serving
from tests.support.row_store import RowStore

SCHEMA = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "name", "type": "string"},
        {"name": "amount", "type": "number"},
    ]
}


def write(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "name", "amount"])
        writer.writerows(rows)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "a.csv"


def send_to(running, file, database, **more):
    return package.send(
        file,
        f"{running.url}/rows",
        database=database,
        **{"contract": SCHEMA, "key": ("id",), "max_rejects": "100%", **more},
    )


def test_new_changed_and_vanished_rows_go_by_methods_of_their_own(file, database):
    def send(running, file, **more):
        return send_to(running, file, database, **more)

    with serving(RowStore()) as running:
        write(file, [(1, "a", 1), (2, "b", 2), (3, "c", 3)])
        first = send(running, file)
        assert (first.counts.loaded, first.record.inserted, first.record.updated) == (3, 3, 0)
        running.handler.taken()
        # One value may be written in two ways, and stays one key.
        write(file, [("+01", "a", 1), ("02", "B", 2), (4, "d", 4)])
        second = send(running, file, deletes=True)
        assert second.skipped_by_code == {"unchanged": 1}
        assert second.deletes.counts.loaded == 1
        write(file, [(1, "a", 1), (2, "b", 2), (4, "D", 4)])
        third = send(running, file, deletes=True)
        assert sorted(running.handler.taken()) == [
            ("DELETE", 3), ("POST", 4), ("PUT", 2), ("PUT", 2), ("PUT", 4),
        ]  # fmt: skip
        assert third.skipped_by_code == {"unchanged": 1}
        assert (third.record.inserted, third.record.updated, third.deletes) == (0, 2, None)


def send(running, file, **more):
    return send_to(running, file, None, **more)


@pytest.mark.parametrize("seed", range(6))
def test_after_any_sequence_of_files_the_api_has_the_rows_of_the_last_one(file, seed):
    """Rows come, change, vanish and return; some are refused or break the contract; answers are
    lost. A row that is rejected stays as the API has it."""
    rng = random.Random(seed)
    api = RowStore(trouble=0.1, seed=seed)
    api.refuses = lambda row: row.get("name") == "refused"
    expected = {}
    rows = {}
    with serving(api) as running:
        for _ in range(7):
            for _ in range(rng.randint(1, 30)):
                row = rng.randint(1, 40)
                name = rng.choice(["x", "y", "z", "refused"])
                rows[row] = (row, name, rng.choice([1, 2, "bad"]))
            for row in rng.sample(sorted(rows), rng.randint(0, len(rows) // 2)):
                del rows[row]
            lines = [*rows.values()]
            rng.shuffle(lines)
            twins = [(row, "twin", 5) for row, *_ in lines[:2]]
            write(file, [*lines, *twins])
            batch, at_once = rng.choice([1, 4]), rng.choice([1, 5])
            result = send(
                running, file, deletes=True, allow_empty=True, max_deletes="100%",
                batch=batch, concurrency=at_once,
            )  # fmt: skip
            assert result.outcome in ("finished", "already_delivered"), result
            for row in set(expected) - set(rows):
                del expected[row]
            for row, name, amount in lines:
                if name != "refused" and amount != "bad":
                    expected[row] = {"id": row, "name": name, "amount": amount}
                elif (row, "twin", 5) in twins and amount == "bad":
                    # The first record of the key is no row, so that the second is the only one.
                    expected[row] = {"id": row, "name": "twin", "amount": 5}
            assert api.rows == expected
        before = api.total
        again = send(running, file, deletes=True, max_deletes="100%", allow_empty=True)
        assert (again.outcome, api.total) == ("already_delivered", before)


def test_a_file_that_was_sent_before_is_sent_again_after_another_one(file):
    with serving(RowStore()) as running:
        for name in ("a", "b", "a"):
            write(file, [(1, name, 1)])
            assert send(running, file).counts.loaded == 1
        assert send(running, file).outcome == "already_delivered"
        assert [method for method, _ in running.handler.taken()] == ["POST", "PUT", "PUT"]


def test_the_guards_stop_deletes_that_look_like_a_mistake(file):
    with serving(RowStore()) as running:
        write(file, [(n, "a", 1) for n in range(10)])
        send(running, file)
        write(file, [(n, "a", 1) for n in range(4)])
        refused = send(running, file, deletes=True)
        assert (refused.outcome, refused.exit_code) == ("finished", refused.deletes.exit_code)
        assert "lacks 6 of the 10 rows" in refused.deletes.message
        assert send(running, file, deletes=True, max_deletes=6).deletes.counts.loaded == 6
        write(file, [])
        assert "no row" in send(running, file, deletes=True).deletes.message
        assert len(running.handler.rows) == 4
        send(running, file, deletes=True, allow_empty=True)
        assert running.handler.rows == {}


@pytest.mark.parametrize(
    ("ids", "rest"),
    [
        (("1", "02", "30"), ()),
        (("1", "2", "30"), ("7.5",)),
        (("1.50", "-2"), ("77",)),
        (("a b", 'é"q\\'), ()),
        (("a b", 'é"q\\'), ("2024-01-31",)),
        (("2024-01-31",), ("y", "z")),
        (("true",), ()),
        (("1", "x"), ("y", "z")),
    ],
)
def test_what_vanishes_is_deleted_as_it_was_sent_whatever_the_input_has_now(file, ids, rest):
    """Without a contract, the types are those of the values: text, if there is none."""
    how = {"contract": None, "deletes": True, "allow_empty": True, "max_deletes": "100%"}
    with serving(RowStore()) as running:
        write(file, [(one, "a", 1) for one in ids])
        assert send(running, file, **how).counts.loaded == len(ids)
        known = set(running.handler.rows)
        running.handler.taken()
        write(file, [(one, "b", 1) for one in rest])
        assert send(running, file, **how).deletes.counts.loaded == len(ids)
        deleted = {row for method, row in running.handler.taken() if method == "DELETE"}
        assert deleted == known
        assert len(running.handler.rows) == len(rest)
        assert send(running, file, again=True, **how).deletes is None


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("2024-05-05", "17"),
        ("17", "2024-05-05"),
        ("2024-05-05 10:00:00", "17.5"),
        ("2024-05-05 10:00:00", "2024-05-05"),
    ],
)
def test_a_cursor_of_another_type_is_refused_and_no_row_is_taken_for_older(file, before, now):
    with serving(RowStore()) as running:
        how = {"contract": None, "key": (), "changed_since": "amount", "again": True}
        write(file, [(1, "a", before)])
        assert send(running, file, **how).counts.loaded == 1
        write(file, [(2, "a", now)])
        for more in ({"dry_run": True}, {}):
            with pytest.raises(ContractError, match="largest confirmed value"):
                send(running, file, **how, **more)
        assert running.handler.total == 1


@pytest.mark.parametrize("odd", ["x", "2024-01-01", "1e5x"])
def test_an_odd_value_that_makes_the_key_text_is_refused(file, odd):
    """1 and "1" are two keys: all rows would be new, and all old ones vanished."""
    with serving(RowStore()) as running:
        write(file, [(n, "a", 1) for n in range(5)])
        assert send(running, file, contract=None).counts.loaded == 5
        write(file, [(0, "a", 1), (1, "b", 1), (odd, "c", 1)])
        how = {"contract": None, "deletes": True, "max_deletes": "100%"}
        with pytest.raises(ContractError, match="has texts now"):
            send(running, file, **how, dry_run=True)
        refused = send(running, file, **how)
        assert "has texts now. What was sent before has numbers" in refused.message
        assert "--reset" in refused.hint
        assert (refused.outcome, refused.deletes, running.handler.total) == ("failed", None, 5)
        # Once it is corrected, all is as if nothing had been tried.
        write(file, [(0, "a", 1), (1, "b", 1), (7, "c", 1)])
        assert send(running, file, **how).counts.loaded == 2
        assert sorted(running.handler.rows) == [0, 1, 7]


def test_a_rejected_record_keeps_its_row_and_one_without_a_key_keeps_all(file):
    with serving(RowStore()) as running:
        write(file, [(n, "a", 1) for n in range(5)])
        send(running, file)
        write(file, [(0, "a", 1), (1, "a", 1), (2, "a", "bad"), (3, "a", 1)])
        assert send(running, file, deletes=True).deletes.counts.loaded == 1
        assert sorted(running.handler.rows) == [0, 1, 2, 3]
        write(file, [(0, "a", 1), (1, "a", 1), ("?", "a", 1)])
        notes = []
        result = send(running, file, deletes=True, listener=notes.append)
        assert result.deletes is None
        assert any("without a readable key" in getattr(one, "text", "") for one in notes)
        assert sorted(running.handler.rows) == [0, 1, 2, 3]


def test_rows_older_than_the_cursor_are_left_out_and_it_moves_when_all_is_confirmed(file):
    schema = {"fields": [*SCHEMA["fields"][:2], {"name": "at", "type": "datetime"}]}

    def lines(*rows):
        file.write_text("id,name,at\n" + "".join(f"{','.join(map(str, row))}\n" for row in rows))

    def sent(**more):
        running.handler.taken()
        result = send(
            running, file, contract=schema, changed_since="at", retry_seconds=0.2,
            **{"key": (), "method": "PUT", **more},
        )  # fmt: skip
        return result, sorted(row for _, row in running.handler.taken())

    class Puts(RowStore):
        broken = False

        def _refusal(self, method, row):
            return 500 if self.broken and row["id"] == 3 else None

    with serving(Puts()) as running:
        lines((1, "a", "2024-01-01T00:00:00"), (2, "b", "2024-01-02T00:00:00.5"))
        assert sent()[1] == [1, 2]
        running.handler.broken = True
        lines(
            (1, "a", "2024-01-01T00:00:00"),
            (2, "c", "2024-01-02T00:00:00.5"),
            (3, "d", "2024-01-03T00:00:00"),
        )
        result, rows = sent()
        assert (result.outcome, rows) == ("failed", [2]), "equal values may be newer"
        running.handler.broken = False
        assert sent()[1] == [3]
        lines((4, "e", "2024-01-02T00:00:01"), (5, "f", "2024-01-03T00:00:00"))
        assert sent()[1] == [5]
    with pytest.raises(ContractError, match="do not grow"):
        send(running, file, contract=schema, changed_since="name", key=(), again=True)
    with pytest.raises(UsageError, match="leaves some out"):
        send(running, file, changed_since="at", deletes=True)


def test_what_a_delivery_left_undone_is_in_doubt_for_the_next_one(file):
    """A change may have arrived, and is taken back in the file: the API is told all the same."""

    class Silent(RowStore):
        silent = False

        def on_request(self, request, connection):
            answer = super().on_request(request, connection)
            if not self.silent:
                return answer
            connection.cut()
            return None

    with serving(Silent()) as running:
        write(file, [(1, "a", 1)])
        send(running, file)
        running.handler.silent = True
        write(file, [(1, "b", 1)])
        assert send(running, file, retry_seconds=0.2).outcome == "failed"
        running.handler.silent = False
        assert running.handler.rows[1]["name"] == "b"
        write(file, [(1, "a", 1)])
        assert send(running, file).counts.loaded == 1
        assert running.handler.rows[1]["name"] == "a"
    write(file, [(1, "b", 1)])
    with pytest.raises(Forbids, match="later rows"):
        package.resume(2)


class Deaf(RowStore):
    """Acts on some requests or not, and answers none, while it is deaf. It keeps the keys that it
    has seen for each row as it was sent."""

    deaf = False

    def __init__(self, seed=1):
        super().__init__(seed=seed)
        self.seen = {}

    def on_request(self, request, connection):
        self.seen.setdefault((request.method, request.body), []).append(request.key)
        if not self.deaf:
            return super().on_request(request, connection)
        if self._random.random() < 0.7:
            self._act(request)
        connection.cut()
        return None


@pytest.mark.parametrize("seed", range(3))
def test_whatever_was_left_in_doubt_the_api_has_the_rows_in_the_end(file, seed):
    """Deliveries fail in between, with other rows. The API remembers keys, and does not act twice
    under one."""
    rng = random.Random(seed)
    api, rows = Deaf(seed), {}
    with serving(api) as running:
        for _ in range(14):
            for row in range(5):
                if rng.random() < 0.4:
                    rows.pop(row, None)
                if rng.random() < 0.6:
                    rows[row] = {"id": row, "name": rng.choice("ab"), "amount": 1}
            write(file, [row.values() for row in rows.values()])
            api.deaf = rng.random() < 0.5
            more = {"deletes": True, "allow_empty": True, "max_deletes": "100%"}
            result = send(running, file, retry_seconds=0.05, again=True, **more)
            for _ in range(0 if api.deaf else 3):
                # What is refused because of a lost answer is sent by the other method next time.
                result = send(running, file, again=True, **more) if result.exit_code else result
            if not api.deaf:
                assert result.exit_code == 0, result
                assert api.rows == rows


def test_a_row_in_doubt_keeps_its_key_in_the_next_delivery(file):
    api = Deaf()
    with serving(api) as running:

        def keys_of_first(*rows, deaf=False):
            api.deaf = deaf
            api.seen.clear()
            write(file, rows)
            send(running, file, retry_seconds=0.05)
            return {
                key for (_, body), keys in api.seen.items() if b'"id":1,' in body for key in keys
            }

        (first,) = keys_of_first((1, "a", 1), (2, "a", 1), deaf=True)
        assert keys_of_first((3, "a", 1), (2, "b", 1), (1, "a", 1)) == {first}
        (changed,) = keys_of_first((1, "b", 1), deaf=True)
        assert keys_of_first((1, "b", 1), (4, "a", 1)) == {changed}
        (back,) = keys_of_first((1, "a", 1))
        assert len({first, changed, back}) == 3


def test_the_command_shows_and_forgets_what_was_sent(file):
    write(file, [(1, "a", 1), (2, "b", 2)])
    (file.parent / "c.json").write_text(json.dumps(SCHEMA))
    with serving(RowStore()) as running:
        to = ("--to", f"{running.url}/rows", "--contract", "c.json", "--progress", "none")
        send_ = ("send", "a.csv", *to, "--key", "id")
        done = snapshots(*send_, "--dry-run", cwd=file.parent)
        assert "2 new would go" in done.stdout
        assert snapshots(*send_, cwd=file.parent).returncode == 0
        (found,) = objects(snapshots("state", "--json", cwd=file.parent))[0]["destinations"]
        assert (found["rows"], found["key"], found["last_delivery"]) == (2, ["id"], 1)
        other = snapshots("send", "a.csv", *to, "--key", "id,name", "--again", cwd=file.parent)
        assert other.returncode == 2
        assert "by the key id" in other.stderr
        write(file, [(1, "a", 1), (2, "c", 2)])
        dry = snapshots(*send_, "--dry-run", cwd=file.parent)
        assert "0 new would go" in dry.stdout
        assert "1 changed by PUT; 1 are unchanged" in dry.stdout
        shown = snapshots("state", f"{running.url}/rows", "--reset", cwd=file.parent)
        assert shown.stdout == f"{running.url}/rows: forgotten\n"
        assert snapshots(*send_, "--changed-method", "POST", cwd=file.parent).returncode == 3
