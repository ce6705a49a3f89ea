-- What became of rejects: `correction` is the record as it was last corrected, as CSV; `attempts`
-- counts the replays of it; a dismissed one is to stay as it is, and says why. Of an import's rejects
-- some are dismissed, and others were loaded since: `dismissed` and `corrected` count them.

ALTER TABLE snapshots_imports ADD COLUMN dismissed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE snapshots_imports ADD COLUMN corrected INTEGER NOT NULL DEFAULT 0;
ALTER TABLE snapshots_rejects ADD COLUMN correction BLOB;
ALTER TABLE snapshots_rejects ADD COLUMN dismissed_at TEXT;
ALTER TABLE snapshots_rejects ADD COLUMN because TEXT;
ALTER TABLE snapshots_rejects ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS snapshots_rejects_line ON snapshots_rejects (import_id, line);

-- Each run of `snapshots replay` that has changed something. `plan` is how it read the records;
-- NULL: as the import did.

CREATE TABLE IF NOT EXISTS snapshots_replays (
    import_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    begun_at TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    input TEXT NOT NULL,
    plan TEXT,
    PRIMARY KEY (import_id, number)
);

-- Each record that was replayed: what it was, its correction (NULL: its own bytes) and the outcome.

CREATE TABLE IF NOT EXISTS snapshots_corrections (
    import_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    replay INTEGER NOT NULL,
    byte_offset INTEGER NOT NULL,
    replayed_at TEXT NOT NULL,
    old_column TEXT,
    old_code TEXT NOT NULL,
    old_reason TEXT NOT NULL,
    old_record BLOB NOT NULL,
    correction BLOB,
    outcome TEXT NOT NULL,
    new_column TEXT,
    new_code TEXT,
    new_reason TEXT,
    PRIMARY KEY (import_id, line, attempt)
);
