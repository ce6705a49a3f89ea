-- What became of rejects: `correction` is the record as it was last corrected, as CSV; `attempts`
-- counts the replays of it; a dismissed one is to stay as it is, and says why. Of an import's rejects
-- some are dismissed, and others were loaded since: `dismissed` and `corrected` count them.

ALTER TABLE snapshots_imports ADD COLUMN dismissed bigint NOT NULL DEFAULT 0;
ALTER TABLE snapshots_imports ADD COLUMN corrected bigint NOT NULL DEFAULT 0;
ALTER TABLE snapshots_rejects ADD COLUMN correction longblob;
ALTER TABLE snapshots_rejects ADD COLUMN dismissed_at varchar(255);
ALTER TABLE snapshots_rejects ADD COLUMN because text;
ALTER TABLE snapshots_rejects ADD COLUMN attempts bigint NOT NULL DEFAULT 0,
    ADD KEY snapshots_rejects_line (import_id, line);

-- Each run of `snapshots replay` that has changed something. `plan` is how it read the records;
-- NULL: as the import did.

CREATE TABLE IF NOT EXISTS snapshots_replays (
    import_id bigint NOT NULL,
    number bigint NOT NULL,
    begun_at varchar(255) NOT NULL,
    by_whom varchar(255) NOT NULL,
    input text NOT NULL,
    plan longtext,
    PRIMARY KEY (import_id, number)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin ENGINE = InnoDB;

-- Each record that was replayed: what it was, its correction (NULL: its own bytes) and the outcome.

CREATE TABLE IF NOT EXISTS snapshots_corrections (
    import_id bigint NOT NULL,
    line bigint NOT NULL,
    attempt bigint NOT NULL,
    replay bigint NOT NULL,
    byte_offset bigint NOT NULL,
    replayed_at varchar(255) NOT NULL,
    old_column text,
    old_code varchar(40) NOT NULL,
    old_reason text NOT NULL,
    old_record longblob NOT NULL,
    correction longblob,
    outcome varchar(40) NOT NULL,
    new_column text,
    new_code varchar(40),
    new_reason text,
    PRIMARY KEY (import_id, line, attempt)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin ENGINE = InnoDB;
