-- What became of rejects: `correction` is the record as it was last corrected, as CSV; `attempts`
-- counts the replays of it; a dismissed one is to stay as it is, and says why. Of an import's rejects
-- some are dismissed, and others were loaded since: `dismissed` and `corrected` count them.

ALTER TABLE snapshots_imports ADD COLUMN dismissed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE snapshots_imports ADD COLUMN corrected BIGINT NOT NULL DEFAULT 0;
ALTER TABLE snapshots_rejects ADD COLUMN correction BLOB;
ALTER TABLE snapshots_rejects ADD COLUMN dismissed_at VARCHAR;
ALTER TABLE snapshots_rejects ADD COLUMN because VARCHAR;
ALTER TABLE snapshots_rejects ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;

-- Each run of `snapshots replay` that has changed something. `plan` is how it read the records;
-- NULL: as the import did.

CREATE TABLE IF NOT EXISTS snapshots_replays (
    import_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    begun_at VARCHAR NOT NULL,
    by_whom VARCHAR NOT NULL,
    input VARCHAR NOT NULL,
    plan VARCHAR,
    PRIMARY KEY (import_id, number)
);

-- Each record that was replayed: what it was, its correction (NULL: its own bytes) and the outcome.

CREATE TABLE IF NOT EXISTS snapshots_corrections (
    import_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    replay BIGINT NOT NULL,
    byte_offset BIGINT NOT NULL,
    replayed_at VARCHAR NOT NULL,
    old_column VARCHAR,
    old_code VARCHAR NOT NULL,
    old_reason VARCHAR NOT NULL,
    old_record BLOB NOT NULL,
    correction BLOB,
    outcome VARCHAR NOT NULL,
    new_column VARCHAR,
    new_code VARCHAR,
    new_reason VARCHAR,
    PRIMARY KEY (import_id, line, attempt)
);
