-- What comparing an import's table with its input has come to: the last time for each import, and
-- while it is under way, where to go on.

CREATE TABLE IF NOT EXISTS snapshots_verifications (
    import_id    INTEGER NOT NULL PRIMARY KEY,
    state        TEXT NOT NULL,
    result       TEXT,
    started_at   TEXT NOT NULL,
    heartbeat_at TEXT NOT NULL,
    finished_at  TEXT,
    owner        TEXT,
    by_whom      TEXT NOT NULL,
    wishes       TEXT NOT NULL,
    next_offset  INTEGER NOT NULL,
    next_line    INTEGER NOT NULL,
    report       TEXT NOT NULL
);
