-- What comparing an import's table with its input has come to: the last time for each import, and
-- while it is under way, where to go on.

CREATE TABLE IF NOT EXISTS snapshots_verifications (
    import_id    bigint NOT NULL PRIMARY KEY,
    state        text NOT NULL,
    result       text,
    started_at   text NOT NULL,
    heartbeat_at text NOT NULL,
    finished_at  text,
    owner        text,
    by_whom      text NOT NULL,
    wishes       text NOT NULL,
    next_offset  bigint NOT NULL,
    next_line    bigint NOT NULL,
    report       text NOT NULL
);
