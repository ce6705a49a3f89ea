"""Random sequences of files in modes by key against a plain model of the table, on all targets."""

import random

import pytest

import snapshots
from tests.ledger.older import execute

STEPS = 14
COLUMNS = ("id", "part", "name", "amount", "day")


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


class Model:
    """What the table holds, by plain Python: rows, and the number of the import that wrote each."""

    def __init__(self, key):
        self.key = key
        self.rows = {}
        self.done = {}
        """What each import has published, and the rows of before that it changed or deleted."""
        self.undone = set()
        self.dates = {}

    def key_of(self, record):
        return tuple(record[COLUMNS.index(name)] for name in self.key)

    def sorted_out(self, records, choice):
        """The records that are loaded, by their keys; those that are rejects and their keys, and
        the number of skipped ones. A key is None if its record does not show it."""
        taken, rejected, skipped = {}, [], 0
        for record in records:
            key = self.key_of(record)
            if not all(key) or not record[0].isdigit():
                rejected.append(None if not all(key) or "id" in self.key else key)
            elif record[4] == "never":
                rejected.append(key)
            elif key not in taken:
                taken[key] = record
            elif choice == "reject":
                rejected.append(key)
            else:
                skipped += 1
                taken[key] = record if choice == "last" else taken[key]
        return taken, rejected, skipped

    def publish(self, number, mode, records, choice, most_rejects, *, empty, share, date):
        """The exit code, and the account: loaded, rejected, skipped, inserted, updated, unchanged,
        deleted, kept."""
        taken, rejected, skipped = self.sorted_out(records, choice)
        gone = []
        if mode == "mirror" and None not in rejected:
            gone = [one for one in self.rows if one not in taken and one not in rejected]
        too_many = taken and len(gone) > share * len(self.rows)
        nothing = mode == "mirror" and not taken and not empty
        if len(rejected) > most_rejects or nothing:
            return 4, None
        if any(one > date for of, one in self.dates.items() if of not in self.undone):
            return 1, None
        if too_many:
            return 4, None
        self.dates[number] = date
        before = len(self.rows)
        images = {key: self.rows.pop(key) for key in gone}
        new = taken.keys() - self.rows.keys()
        changed = {key for key in taken.keys() - new if self.rows[key][0] != taken[key]}
        images |= {key: self.rows[key] for key in changed}
        self.rows |= {key: (taken[key], number) for key in new | changed}
        self.done[number] = (taken, images)
        matched = len(taken) - len(new)
        account = (len(taken), len(rejected), skipped, len(new), len(changed))
        account += (matched - len(changed), len(gone), before - len(gone) - matched)
        return (3 if rejected else 0), account

    def correct_later(self, number, stage, valid):
        """What later imports have kept of the rows of this one."""
        for later, (_, others) in self.done.items():
            if later < number:
                continue
            came_back = valid.keys() - stage.keys() - others.keys()
            others |= {key: valid[key] for key in valid if others.get(key, (0, 0))[1] == number}
            others |= {key: valid[key] for key in came_back if self.number_of(key) == later}

    def number_of(self, key):
        return self.rows.get(key, (None, None))[1]

    def undo(self, number):
        """How many rows are removed, restored and kept."""
        stage, images = self.done.pop(number)
        valid = {key: one for key, one in images.items() if one[1] not in self.undone}
        self.correct_later(number, stage, valid)
        self.undone.add(number)
        own = {key for key, one in self.rows.items() if one == (stage.get(key), number)}
        kept = {key for key, one in self.rows.items() if one[1] == number or key in images} - own
        removed, returning = own - valid.keys(), own & valid.keys()
        returning |= valid.keys() - stage.keys() - self.rows.keys()
        for key in removed:
            del self.rows[key]
        self.rows |= {key: valid[key] for key in returning}
        return len(removed), len(returning), len(kept)

    def edit(self, name):
        """Somebody changes rows by hand; returns the ids of these."""
        for key, (record, of) in self.rows.items():
            if record[0] == "11":
                self.rows[key] = ((*record[:2], name, *record[3:]), of)


def records(rng):
    """Records of a file: keys of two columns that are alike only when they are joined."""
    made = []
    for _ in range(rng.choice([0, 1, 3, 10, 60])):
        number, part = rng.choice([("1", "11"), ("11", "1"), (str(rng.randrange(30)), "p")])
        if rng.random() < 0.02:
            number = "x"
        if rng.random() < 0.02:
            part = ""
        day = "never" if rng.random() < 0.03 else f"2024-01-0{rng.randrange(1, 4)}"
        made.append((number, part, rng.choice(["", "ä", "Z"]), rng.choice(["1.50", "-2"]), day))
    return made


def written(path, made):
    lines = [",".join(COLUMNS), *(",".join(record) for record in made)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def shown(row):
    number, part, name, amount, day, import_id = row
    return (str(number), part, name or "", f"{float(amount):g}", str(day), import_id)


def require_equal(database, model, told):
    rows = execute(database, f"SELECT {', '.join(COLUMNS)}, _import_id FROM t")
    wanted = [shown((*record, of)) for record, of in model.rows.values()]
    assert sorted(map(shown, rows)) == sorted(wanted), told


@pytest.mark.parametrize("seed", range(6))
def test_the_table_is_what_the_model_says(database, tmp_path, seed):
    rng = random.Random(seed)
    key = (("id", "part"), ("part", "id"), ("id",))[seed % 3]
    model = Model(key)
    contract = {
        "fields": [
            {"name": "id", "type": "integer"},
            {"name": "part", "type": "string", "constraints": {"maxLength": 9}},
            {"name": "name", "type": "string"},
            {"name": "amount", "type": "number"},
            {"name": "day", "type": "date"},
        ],
        **({"primaryKey": list(key)} if seed % 2 else {}),
    }
    number = 0
    for step in range(STEPS):
        if model.done and rng.random() < 0.3:
            undone = rng.choice(list(model.done))
            report = snapshots.undo(undone, database=database)
            wanted = model.undo(undone)
            told = (seed, step, "undo", undone)
            assert (report.removed, report.restored, report.undo_kept) == wanted, told
            listed = "SELECT COUNT(*) FROM snapshots_kept_rows WHERE import_id = ?"
            assert execute(database, listed, undone) == [(wanted[2],)]
            require_equal(database, model, told)
        if model.done and rng.random() < 0.2:
            execute(database, "UPDATE t SET name = 'hand' WHERE id = 11")
            model.edit("hand")
        made = records(rng)
        if key == ("id",):
            made = [record for record in made if record[1]]
        mode, choice = rng.choice(["upsert", "mirror"]), rng.choice(["reject", "first", "last"])
        most, empty, share = rng.choice([0, 100]), rng.random() < 0.5, rng.choice([0.5, 1.0])
        # A file may be late.
        date = f"2024-01-{max(1, step + rng.choice([-3, 0, 1, 1])):02}"
        done = snapshots.load(
            written(tmp_path / f"{step}.csv", made),
            database=database,
            table="t",
            mode=mode,
            as_of=date,
            contract=contract,
            primary_key=key if not seed % 2 else (),
            duplicates=choice,
            max_rejects=most,
            allow_empty=empty,
            max_deletes=f"{share:.0%}",
            chunk_size=rng.choice([64, 1 << 20]),
            workers=1,
            keep_undo=100,
            again=True,
        )
        number += 1
        code, account = model.publish(
            number, mode, made, choice, most, empty=empty, share=share, date=date
        )
        told = (seed, step, mode, choice, most, empty, share, made, done.message, done.hint)
        assert (done.exit_code, done.message) == (code, done.message), told
        require_equal(database, model, told)
        if account is None:
            continue
        record = done.record
        assert (
            record.loaded,
            record.rejected,
            record.skipped,
            record.inserted,
            record.updated,
            record.unchanged,
            record.deleted,
            record.kept,
        ) == account, told
    assert execute(database, "SELECT COUNT(*) FROM snapshots_imports") == [(STEPS,)]
