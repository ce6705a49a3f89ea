"""Random sequences of files and modes against a plain model of the table, on all targets."""

import random

import pytest

import snapshots
from tests.ledger.older import execute

STEPS = 14


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


class Model:
    """What the table holds, by plain Python."""

    def __init__(self, keyed):
        self.keyed = keyed
        self.rows = []

    def publish(self, mode, records, most_rejects, *, empty, share):
        """The expected outcome, and the account: exit code, loaded, rejected, deleted, kept."""
        good, rejected = [], 0
        held = {row[0] for row in self.rows} if mode != "replace" else set()
        for text, name in records:
            if not text.isdigit() or (self.keyed and int(text) in held):
                rejected += 1
                continue
            held.add(int(text))
            good.append((int(text), name))
        if rejected > most_rejects:
            return 4, None
        deleted = []
        if mode == "replace":
            if not good and not empty:
                return 4, None
            if not rejected:
                if good and len(self.rows) - len(good) > share * len(self.rows):
                    return 4, None
                deleted = self.rows
            elif self.keyed:
                deleted = [row for row in self.rows if row[0] in {one[0] for one in good}]
        kept = [row for row in self.rows if row not in deleted] if mode == "replace" else []
        if not self.keyed and mode == "replace" and rejected:
            kept = list(self.rows)
        before = self.rows
        self.rows = [*(kept if mode == "replace" else before), *good]
        return (3 if rejected else 0), (len(good), rejected, len(deleted), len(kept))


def records(rng, keyed):
    """Records of a file; some cannot be read, and some have a key twice."""
    made = []
    for _ in range(rng.choice([0, 1, 3, 8, 40])):
        text = str(rng.randrange(60)) if rng.random() > 0.03 else "x"
        made.append((text, f"name {rng.randrange(5)}"))
    if keyed and rng.random() < 0.7:
        made = list(dict(made).items())
    return made


@pytest.mark.parametrize("seed", range(4))
def test_the_table_is_what_the_model_says(database, tmp_path, seed):
    rng = random.Random(seed)
    keyed, lineage = seed % 2 == 0, seed < 2
    model = Model(keyed)
    contract = {
        "fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}],
        **({"primaryKey": "id"} if keyed else {}),
    }
    for step in range(STEPS):
        path = tmp_path / f"{step}.csv"
        made = records(rng, keyed)
        path.write_text("id,name\n" + "".join(f"{text},{name}\n" for text, name in made))
        mode = rng.choice(["append", "atomic", "replace", "replace"])
        most, empty, share = rng.choice([0, 0, 3]), rng.random() < 0.5, rng.choice([0.5, 1.0])
        if mode == "append":
            most = len(made)
        done = snapshots.load(
            path,
            database=database,
            table="t",
            mode="replace" if mode == "replace" else "append",
            atomic=mode == "atomic",
            contract=contract,
            lineage=lineage,
            max_rejects=most,
            allow_empty=empty,
            max_deletes=f"{share:.0%}",
            chunk_size=rng.choice([64, 1 << 20]),
            workers=1,
            again=True,
        )
        code, account = model.publish(mode, made, most, empty=empty, share=share)
        told = (seed, step, mode, most, empty, share, made)
        assert done.exit_code == code, (told, done.message, done.hint)
        rows = execute(database, "SELECT id, name FROM t")
        assert sorted(rows) == sorted(model.rows), told
        if account is None:
            continue
        record = done.record
        kept = record.kept if mode == "replace" else 0
        assert (record.inserted, record.rejected, record.deleted, kept) == account, told
        assert record.loaded == record.inserted
    assert execute(database, "SELECT COUNT(*) FROM snapshots_imports") == [(STEPS,)]
