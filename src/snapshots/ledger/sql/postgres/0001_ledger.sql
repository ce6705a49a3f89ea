-- The ledger. Times are UTC as ISO 8601 text, by this database's clock.

CREATE TABLE IF NOT EXISTS snapshots_version (
    version integer NOT NULL PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS snapshots_imports (
    id           bigint           NOT NULL PRIMARY KEY,
    kind         text             NOT NULL,
    input        text             NOT NULL,
    size         bigint,
    mtime_ns     bigint,
    inode        text,
    etag         text,
    fingerprint  text,
    content_hash text,
    table_name   text             NOT NULL,
    state        text             NOT NULL,
    plan         text             NOT NULL,
    records      bigint           NOT NULL DEFAULT 0,
    loaded       bigint           NOT NULL DEFAULT 0,
    rejected     bigint           NOT NULL DEFAULT 0,
    skipped      bigint           NOT NULL DEFAULT 0,
    error        text,
    started_at   text             NOT NULL,
    finished_at  text,
    seconds      double precision NOT NULL DEFAULT 0,
    owner        text,
    heartbeat_at text             NOT NULL,
    fence        bigint           NOT NULL DEFAULT 0,
    replaces     bigint,
    error_code   text,
    request      text,
    request_key  text,
    wanted       text,
    queued_at    text,
    CHECK (records = loaded + rejected + skipped)
);
CREATE INDEX IF NOT EXISTS snapshots_imports_fingerprint ON snapshots_imports (fingerprint);
CREATE INDEX IF NOT EXISTS snapshots_imports_content_hash ON snapshots_imports (content_hash);
-- A btree would refuse names of more than 2,700 bytes.
CREATE INDEX IF NOT EXISTS snapshots_imports_input ON snapshots_imports USING hash (input);
CREATE INDEX IF NOT EXISTS snapshots_imports_state ON snapshots_imports (kind, state, finished_at);
CREATE INDEX IF NOT EXISTS snapshots_imports_request_key ON snapshots_imports (request_key);

CREATE TABLE IF NOT EXISTS snapshots_chunks (
    import_id    bigint           NOT NULL,
    start_offset bigint           NOT NULL,
    end_offset   bigint,
    start_line   bigint           NOT NULL,
    end_line     bigint,
    records      bigint           NOT NULL DEFAULT 0,
    loaded       bigint           NOT NULL DEFAULT 0,
    rejected     bigint           NOT NULL DEFAULT 0,
    skipped      bigint           NOT NULL DEFAULT 0,
    pending      bigint           NOT NULL DEFAULT 0,
    ambiguous    bigint           NOT NULL DEFAULT 0,
    sent         text,
    hash_state   bytea,
    hash         bytea,
    fence        bigint           NOT NULL,
    seconds      double precision NOT NULL DEFAULT 0,
    committed_at text,
    PRIMARY KEY (import_id, start_offset),
    CHECK (records = loaded + rejected + skipped)
);

CREATE TABLE IF NOT EXISTS snapshots_rejects (
    import_id   bigint NOT NULL,
    byte_offset bigint NOT NULL,
    line        bigint NOT NULL,
    column_name text,
    code        text   NOT NULL,
    reason      text   NOT NULL,
    raw         bytea  NOT NULL,
    PRIMARY KEY (import_id, byte_offset)
);
