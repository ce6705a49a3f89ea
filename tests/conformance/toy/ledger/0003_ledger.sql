-- The ledger of a target that came with version 3: its first file creates all of it.

CREATE TABLE IF NOT EXISTS snapshots_version (
    version BIGINT NOT NULL PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS snapshots_imports (
    id            BIGINT  NOT NULL PRIMARY KEY,
    kind          VARCHAR NOT NULL,
    input         VARCHAR NOT NULL,
    size          BIGINT,
    mtime_ns      BIGINT,
    inode         VARCHAR,
    etag          VARCHAR,
    fingerprint   VARCHAR,
    content_hash  VARCHAR,
    table_name    VARCHAR NOT NULL,
    state         VARCHAR NOT NULL,
    plan          VARCHAR NOT NULL,
    records       BIGINT  NOT NULL DEFAULT 0,
    loaded        BIGINT  NOT NULL DEFAULT 0,
    rejected      BIGINT  NOT NULL DEFAULT 0,
    skipped       BIGINT  NOT NULL DEFAULT 0,
    error         VARCHAR,
    started_at    VARCHAR NOT NULL,
    finished_at   VARCHAR,
    seconds       DOUBLE  NOT NULL DEFAULT 0,
    owner         VARCHAR,
    heartbeat_at  VARCHAR NOT NULL,
    fence         BIGINT  NOT NULL DEFAULT 0,
    replaces      BIGINT,
    error_code    VARCHAR,
    request       VARCHAR,
    request_key   VARCHAR,
    wanted        VARCHAR,
    queued_at     VARCHAR,
    chunks        BIGINT,
    created_table VARCHAR,
    same_as       BIGINT,
    note          VARCHAR,
    workers_lost  BIGINT  NOT NULL DEFAULT 0,
    CHECK (records = loaded + rejected + skipped)
);

CREATE TABLE IF NOT EXISTS snapshots_chunks (
    import_id       BIGINT NOT NULL,
    start_offset    BIGINT NOT NULL,
    end_offset      BIGINT,
    start_line      BIGINT NOT NULL,
    end_line        BIGINT,
    records         BIGINT NOT NULL DEFAULT 0,
    loaded          BIGINT NOT NULL DEFAULT 0,
    rejected        BIGINT NOT NULL DEFAULT 0,
    skipped         BIGINT NOT NULL DEFAULT 0,
    pending         BIGINT NOT NULL DEFAULT 0,
    ambiguous       BIGINT NOT NULL DEFAULT 0,
    sent            VARCHAR,
    hash_state      BLOB,
    hash            BLOB,
    fence           BIGINT NOT NULL,
    seconds         DOUBLE NOT NULL DEFAULT 0,
    committed_at    VARCHAR,
    skipped_by_code VARCHAR,
    PRIMARY KEY (import_id, start_offset),
    CHECK (records = loaded + rejected + skipped)
);

CREATE TABLE IF NOT EXISTS snapshots_rejects (
    import_id   BIGINT  NOT NULL,
    byte_offset BIGINT  NOT NULL,
    line        BIGINT  NOT NULL,
    column_name VARCHAR,
    code        VARCHAR NOT NULL,
    reason      VARCHAR NOT NULL,
    raw         BLOB    NOT NULL,
    PRIMARY KEY (import_id, byte_offset)
);
