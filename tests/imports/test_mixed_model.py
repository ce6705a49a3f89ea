"""All modes on one table, mixed at random with undos, prunes, replays, hand edits and late files:
the table is what a plain Python model says after every step, on all targets."""

import os
import random

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.publishing.prune import prune
from snapshots.errors import Forbids, SnapshotsError
from tests.imports.test_by_key_model import Model, records, require_equal, written
from tests.repair.files import edited, exported, replayed
from tests.repair.files import written as corrections
from tests.verify.loaded import execute

STEPS = 14
KINDS = ("postgres_url", "mysql_url", "sqlite_url")
KEYED = ("upsert", "mirror")
CONTRACT = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "part", "type": "string", "constraints": {"maxLength": 9}},
        {"name": "name", "type": "string"},
        {"name": "amount", "type": "number"},
        {"name": "day", "type": "date"},
    ],
    "primaryKey": ["id", "part"],
}


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


class Published:
    """An import whose rows are in the table, or were."""

    def __init__(self, mode, keep, account):
        self.mode, self.freed, self.keep = mode, keep == 0, keep
        self.inserted, self.updated, self.deleted, self.kept = account
        self.former = {}
        """Rows that a replacement has deleted."""


class MixedModel(Model):
    """Adds appends, replacements and what is kept for undo to the model of the modes by key."""

    def __init__(self):
        super().__init__(("id", "part"))
        self.published = {}

    def load(self, number, mode, made, *, choice, most, empty, share, date, keep, copied):
        """The exit code, and the account as `Model.publish` has it."""
        if mode in KEYED:
            code, account = self.publish(
                number, mode, made, choice, most, empty=empty, share=share, date=date
            )
            if account is not None:
                self.published[number] = Published(
                    mode, keep, (account[3], account[4], account[6], account[7])
                )
            return code, account
        taken, rejected, _ = self.sorted_out(made, "reject")
        if mode != "replace":
            found = {key: one for key, one in taken.items() if key not in self.rows}
            refused = len(rejected) + len(taken) - len(found)
            if refused > most:
                return 4, None
            return self._put(number, mode, found, refused, {}, keep)
        # A stage that is copied takes a key twice: the table refuses that after the guards.
        late = len(rejected) - sum(map(self._is_broken, made)) if copied else 0
        code = self._judged(len(taken) + late, len(rejected) - late, most, empty, share, date)
        if code or len(rejected) > most:
            return code or 4, None
        gone = dict(self.rows)
        if rejected:
            gone = {key: one for key, one in gone.items() if key in taken}
        self.dates[number] = date
        return self._put(number, mode, taken, len(rejected), gone, keep)

    def _is_broken(self, record):
        return not all(self.key_of(record)) or not record[0].isdigit() or record[4] == "never"

    def _judged(self, loaded, rejected, most, empty, share, date):
        before = len(self.rows)
        if rejected > most or (not loaded and not empty):
            return 4
        if any(one > date for of, one in self.dates.items() if of not in self.undone):
            return 1
        shrinks = not rejected and loaded and before - loaded > share * before
        return 4 if shrinks else 0

    def _put(self, number, mode, taken, rejected, gone, keep):
        for key in gone:
            del self.rows[key]
        kept = len(self.rows)
        self.rows |= {key: (record, number) for key, record in taken.items()}
        one = Published(mode, keep, (len(taken), 0, len(gone), kept))
        one.former = gone
        self.published[number] = one
        account = (len(taken), rejected, 0, len(taken), 0, 0, len(gone), kept)
        return (3 if rejected else 0), account

    def _own(self, number):
        return [key for key, (_, of) in self.rows.items() if of == number]

    def versions(self):
        """The published versions that are not undone, in their order."""
        return [of for of, one in self.published.items() if one.mode in (*KEYED, "replace")]

    def undo_any(self, number):
        """What is removed, restored and kept; None where it is refused."""
        one = self.published[number]
        if one.mode in KEYED and (not one.freed or one.updated or one.deleted):
            later = [of for of in self.versions() if of > number]
            if one.freed or any(self.published[of].mode == "replace" for of in later):
                return None
            del self.published[number]
            return self.undo(number)
        own = self._own(number)
        if one.mode == "replace":
            untouched = (len(own), len(self.rows) - len(own)) == (one.inserted, one.kept)
            if self.versions()[-1] != number or not untouched or (one.freed and one.former):
                return None
        for key in own:
            del self.rows[key]
        self.rows |= one.former if one.mode == "replace" else {}
        del self.published[number]
        self.done.pop(number, None)
        self.undone.add(number)
        return len(own), len(one.former), 0

    def prune(self):
        """Frees what only older versions need."""
        versions = self.versions()
        keep = self.published[versions[-1]].keep if versions else 0
        for number in versions[: len(versions) - keep]:
            self.published[number].freed = True

    def replay(self, number, record):
        """Adds a corrected record to an import; whether the table takes it."""
        key = self.key_of(record)
        if key in self.rows:
            return False
        self.rows[key] = (record, number)
        self.published[number].inserted += 1
        if number in self.done:
            self.done[number][0][key] = record
        return True

    def edit_or_delete(self, rng):
        """Somebody changes or deletes rows by hand: a statement that does so."""
        number, part = rng.choice(list(self.rows))
        row = self.rows[number, part]
        where = f"WHERE id = {number} AND part = '{part}'"
        if rng.random() < 0.3:
            del self.rows[number, part]
            return f"DELETE FROM t {where}"
        record, of = row
        self.rows[number, part] = ((*record[:2], "hand", *record[3:]), of)
        return f"UPDATE t SET name = 'hand' {where}"


class Run:
    """One sequence on one database."""

    def __init__(self, database, folder, seed):
        self.database, self.folder, self.seed = database, folder, seed
        self.rng, self.model = random.Random(f"mixed {seed}"), MixedModel()
        self.number = self.replays = 0
        self.broken = {}
        """The lines of each import whose records have no readable number."""

    def step(self, step):
        """Does one thing at random, and compares the table with the model."""
        what = self.rng.choices(
            ("load", "undo", "prune", "edit", "replay", "history"), (10, 5, 1, 3, 2, 1)
        )[0]
        told = (self.seed, step, what)
        getattr(self, what)(step, told)
        if self.number:
            require_equal(self.database, self.model, told)

    def load(self, step, told):
        rng = self.rng
        made = records(rng)
        mode = rng.choice(["append", "atomic", "replace", *KEYED])
        choice = rng.choice(["reject", "first", "last"]) if mode in KEYED else "reject"
        most = 1000 if mode == "append" else rng.choice([0, 1000])
        empty, share = rng.random() < 0.5, rng.choice([0.5, 1.0])
        date = f"2024-{1 + step // 28:02}-{max(1, step % 28 + rng.choice([-2, 0, 1])):02}"
        keep = rng.choice([0, 1, 3, 100])
        publish = rng.choice(["auto", "copy"]) if mode == "replace" else "auto"
        done = snapshots.load(
            written(self.folder / f"{step}.csv", made),
            database=self.database,
            table="t",
            mode="append" if mode == "atomic" else mode,
            atomic=mode == "atomic",
            publish=publish,
            as_of=date if mode in ("replace", *KEYED) else None,
            contract=CONTRACT,
            duplicates=choice,
            max_rejects=most,
            allow_empty=empty,
            max_deletes=f"{share:.0%}",
            chunk_size=rng.choice([64, 1 << 20]),
            workers=1,
            keep_undo=keep,
            again=True,
        )
        self.number += 1
        number = done.record.import_id
        code, account = self.model.load(
            number,
            mode,
            made,
            choice=choice,
            most=most,
            empty=empty,
            share=share,
            date=date,
            keep=keep,
            copied=publish == "copy",
        )
        told = (*told, number, mode, choice, most, empty, share, date, keep, made)
        assert done.exit_code == code, (told, done.message, done.hint)
        if account is None:
            return
        one = done.record
        found = (one.loaded, one.rejected, one.skipped, one.inserted, one.updated or 0)
        found += (one.unchanged or 0, one.deleted or 0)
        assert found == account[:7], (told, done.message)
        if mode in ("replace", *KEYED):
            assert one.kept == account[7], told
        self.broken[number] = {
            line: record for line, record in enumerate(made, 2) if record[0] == "x" and record[1]
        }

    def undo(self, _step, told):
        if not self.model.published:
            return
        number = self.rng.choice(list(self.model.published)[-5:])
        wanted = self.model.undo_any(number)
        if wanted is None:
            with pytest.raises(Forbids):
                snapshots.undo(number, database=self.database)
            return
        would = snapshots.undo(number, database=self.database, dry_run=True)
        report = snapshots.undo(number, database=self.database)
        for one in (would, report):
            assert (one.removed, one.restored, one.undo_kept) == wanted, (told, number, one)

    def prune(self, _step, _told):
        if self.number:
            self.model.prune()
            prune(locations.target(self.database), unfinished=False, say=lambda _: None)

    def edit(self, _step, _told):
        if self.model.rows:
            execute(self.database, self.model.edit_or_delete(self.rng))

    def replay(self, _step, told):
        """Corrects one record of the newest version that has such."""
        newest = max(self.model.published, default=None)
        if not self.broken.get(newest):
            return
        line, record = self.broken[newest].popitem()
        corrected = (str(self.rng.randrange(40)), *record[1:])
        self.replays += 1
        name = f"fix{self.replays}.csv"
        rows = edited(
            exported(self.database, self.folder, newest, name=name), {line: {"id": corrected[0]}}
        )
        valid = corrected[4] != "never"
        takes = valid and self.model.replay(newest, corrected)
        path = corrections(self.folder, rows, name=f"fixed-{name}")
        loaded, *_ = replayed(self.database, path, newest)
        assert loaded == int(takes), (told, newest, corrected)

    def history(self, step, told):
        """A table that keeps no history is not mixed with versions of one."""
        if not self.model.rows:
            return
        path = written(self.folder / f"history{step}.csv", [("1", "p", "", "1", "2024-01-01")])
        try:
            done = snapshots.load(
                path, database=self.database, table="t", mode="history", contract=CONTRACT
            )
        except SnapshotsError as error:
            message = str(error)
        else:
            assert done.exit_code not in (0, 3), told
            message = done.message
        assert "keeps no history" in message, (told, message)


@pytest.mark.parametrize("seed", range(6))
def test_the_table_is_what_the_model_says(request, tmp_path, seed):
    follow(request.getfixturevalue(KINDS[seed % 3]), tmp_path, seed, STEPS)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(6, 6 + int(os.environ.get("SNAPSHOTS_TEST_MODELS", "150"))))
def test_longer_sequences(request, tmp_path, seed):
    follow(request.getfixturevalue(KINDS[seed % 3]), tmp_path, seed, 60)


def follow(database, folder, seed, steps):
    run = Run(database, folder, seed)
    for step in range(steps):
        run.step(step)
    assert execute(database, "SELECT COUNT(*) FROM snapshots_imports WHERE state = 'running'") == [
        (0,)
    ]
