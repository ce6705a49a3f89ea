-- The ledger, which came to DuckDB with version 12. What the tables and columns mean is told in
-- the files of the other databases. A scan of columns needs no indexes.

CREATE TABLE IF NOT EXISTS snapshots_version (
    version BIGINT NOT NULL PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS snapshots_imports (
    id BIGINT NOT NULL PRIMARY KEY,
    kind VARCHAR NOT NULL,
    input VARCHAR NOT NULL,
    size BIGINT,
    mtime_ns BIGINT,
    inode VARCHAR,
    etag VARCHAR,
    fingerprint VARCHAR,
    content_hash VARCHAR,
    table_name VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    plan VARCHAR NOT NULL,
    records BIGINT NOT NULL DEFAULT 0,
    loaded BIGINT NOT NULL DEFAULT 0,
    rejected BIGINT NOT NULL DEFAULT 0,
    skipped BIGINT NOT NULL DEFAULT 0,
    error VARCHAR,
    started_at VARCHAR NOT NULL,
    finished_at VARCHAR,
    seconds DOUBLE NOT NULL DEFAULT 0,
    owner VARCHAR,
    heartbeat_at VARCHAR NOT NULL,
    fence BIGINT NOT NULL DEFAULT 0,
    replaces BIGINT,
    error_code VARCHAR,
    request VARCHAR,
    request_key VARCHAR,
    wanted VARCHAR,
    queued_at VARCHAR,
    chunks BIGINT,
    created_table VARCHAR,
    same_as BIGINT,
    note VARCHAR,
    workers_lost BIGINT NOT NULL DEFAULT 0,
    mode VARCHAR,
    stage VARCHAR,
    inserted BIGINT,
    updated BIGINT,
    unchanged BIGINT,
    deleted BIGINT,
    kept BIGINT,
    removed BIGINT,
    as_of VARCHAR,
    undone_at VARCHAR,
    undone_state VARCHAR,
    continues BIGINT,
    first_part BIGINT,
    publish VARCHAR,
    undo_table VARCHAR,
    restored BIGINT,
    undo_kept BIGINT,
    dismissed BIGINT NOT NULL DEFAULT 0,
    corrected BIGINT NOT NULL DEFAULT 0,
    CHECK (records = loaded + rejected + skipped)
);

CREATE TABLE IF NOT EXISTS snapshots_chunks (
    import_id BIGINT NOT NULL,
    start_offset BIGINT NOT NULL,
    end_offset BIGINT,
    start_line BIGINT NOT NULL,
    end_line BIGINT,
    records BIGINT NOT NULL DEFAULT 0,
    loaded BIGINT NOT NULL DEFAULT 0,
    rejected BIGINT NOT NULL DEFAULT 0,
    skipped BIGINT NOT NULL DEFAULT 0,
    pending BIGINT NOT NULL DEFAULT 0,
    ambiguous BIGINT NOT NULL DEFAULT 0,
    sent VARCHAR,
    hash_state BLOB,
    hash BLOB,
    fence BIGINT NOT NULL,
    seconds DOUBLE NOT NULL DEFAULT 0,
    committed_at VARCHAR,
    skipped_by_code VARCHAR,
    PRIMARY KEY (import_id, start_offset),
    CHECK (records = loaded + rejected + skipped)
);

CREATE TABLE IF NOT EXISTS snapshots_rejects (
    import_id BIGINT NOT NULL,
    byte_offset BIGINT NOT NULL,
    line BIGINT NOT NULL,
    column_name VARCHAR,
    code VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    raw BLOB NOT NULL,
    correction BLOB,
    dismissed_at VARCHAR,
    because VARCHAR,
    attempts BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (import_id, byte_offset)
);

CREATE TABLE IF NOT EXISTS snapshots_verifications (
    import_id BIGINT NOT NULL PRIMARY KEY,
    state VARCHAR NOT NULL,
    result VARCHAR,
    started_at VARCHAR NOT NULL,
    heartbeat_at VARCHAR NOT NULL,
    finished_at VARCHAR,
    owner VARCHAR,
    by_whom VARCHAR NOT NULL,
    wishes VARCHAR NOT NULL,
    next_offset BIGINT NOT NULL,
    next_line BIGINT NOT NULL,
    report VARCHAR NOT NULL
);

CREATE TABLE IF NOT EXISTS snapshots_kept_rows (
    import_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    row_values VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    PRIMARY KEY (import_id, number)
);

CREATE TABLE IF NOT EXISTS snapshots_replays (
    import_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    begun_at VARCHAR NOT NULL,
    by_whom VARCHAR NOT NULL,
    input VARCHAR NOT NULL,
    plan VARCHAR,
    PRIMARY KEY (import_id, number)
);

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

CREATE TABLE IF NOT EXISTS snapshots_contracts (
    name VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    header VARCHAR NOT NULL,
    contract VARCHAR NOT NULL,
    kept_at VARCHAR NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE IF NOT EXISTS snapshots_links (
    import_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    digest VARCHAR NOT NULL,
    made_at VARCHAR NOT NULL,
    expires_at VARCHAR NOT NULL,
    by_whom VARCHAR NOT NULL,
    revoked_at VARCHAR,
    PRIMARY KEY (import_id, number)
);

CREATE TABLE IF NOT EXISTS snapshots_destinations (
    number BIGINT NOT NULL,
    address VARCHAR NOT NULL,
    key_columns VARCHAR NOT NULL,
    seed VARCHAR NOT NULL,
    import_id BIGINT NOT NULL,
    working BIGINT NOT NULL,
    unreadable BIGINT NOT NULL,
    cursor_column VARCHAR,
    cursor_value VARCHAR,
    next_cursor VARCHAR,
    changed_at VARCHAR NOT NULL,
    PRIMARY KEY (number)
);

CREATE TABLE IF NOT EXISTS snapshots_sent_rows (
    destination BIGINT NOT NULL,
    key_hash VARCHAR NOT NULL,
    key_text VARCHAR NOT NULL,
    row_hash VARCHAR,
    sent_hash VARCHAR,
    in_doubt BIGINT NOT NULL,
    version BIGINT NOT NULL,
    import_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    first_by BIGINT,
    sent_by BIGINT,
    PRIMARY KEY (destination, key_hash)
);

CREATE TABLE IF NOT EXISTS snapshots_answers (
    import_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    key_text VARCHAR,
    answer VARCHAR NOT NULL,
    PRIMARY KEY (import_id, line)
);

CREATE TABLE IF NOT EXISTS snapshots_quotas (
    number BIGINT NOT NULL,
    server VARCHAR NOT NULL,
    day VARCHAR NOT NULL,
    requests BIGINT NOT NULL,
    PRIMARY KEY (number)
);
