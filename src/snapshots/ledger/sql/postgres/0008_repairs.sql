-- What became of rejects: `correction` is the record as it was last corrected, as CSV; `attempts`
-- counts the replays of it; a dismissed one is to stay as it is, and says why. Of an import's rejects
-- some are dismissed, and others were loaded since: `dismissed` and `corrected` count them.

ALTER TABLE snapshots_imports ADD COLUMN dismissed bigint NOT NULL DEFAULT 0;
ALTER TABLE snapshots_imports ADD COLUMN corrected bigint NOT NULL DEFAULT 0;
ALTER TABLE snapshots_rejects ADD COLUMN correction bytea;
ALTER TABLE snapshots_rejects ADD COLUMN dismissed_at text;
ALTER TABLE snapshots_rejects ADD COLUMN because text;
ALTER TABLE snapshots_rejects ADD COLUMN attempts bigint NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS snapshots_rejects_line ON snapshots_rejects (import_id, line);

-- Each run of `snapshots replay` that has changed something. `plan` is how it read the records;
-- NULL: as the import did.

CREATE TABLE IF NOT EXISTS snapshots_replays (
    import_id bigint NOT NULL,
    number bigint NOT NULL,
    begun_at text NOT NULL,
    by_whom text NOT NULL,
    input text NOT NULL,
    plan text,
    PRIMARY KEY (import_id, number)
);

-- Each record that was replayed: what it was, its correction (NULL: its own bytes) and the outcome.

CREATE TABLE IF NOT EXISTS snapshots_corrections (
    import_id bigint NOT NULL,
    line bigint NOT NULL,
    attempt bigint NOT NULL,
    replay bigint NOT NULL,
    byte_offset bigint NOT NULL,
    replayed_at text NOT NULL,
    old_column text,
    old_code text NOT NULL,
    old_reason text NOT NULL,
    old_record bytea NOT NULL,
    correction bytea,
    outcome text NOT NULL,
    new_column text,
    new_code text,
    new_reason text,
    PRIMARY KEY (import_id, line, attempt)
);
