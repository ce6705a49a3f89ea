-- The ledger. Times are UTC as ISO 8601 text, by this database's clock.

CREATE TABLE IF NOT EXISTS snapshots_version (
    version integer NOT NULL PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS snapshots_imports (
    id           integer NOT NULL PRIMARY KEY,
    kind         text    NOT NULL,
    input        text    NOT NULL,
    size         integer,
    mtime_ns     integer,
    inode        text,
    etag         text,
    fingerprint  text,
    content_hash text,
    table_name   text    NOT NULL,
    state        text    NOT NULL,
    plan         text    NOT NULL,
    records      integer NOT NULL DEFAULT 0,
    loaded       integer NOT NULL DEFAULT 0,
    rejected     integer NOT NULL DEFAULT 0,
    skipped      integer NOT NULL DEFAULT 0,
    error        text,
    started_at   text    NOT NULL,
    finished_at  text,
    seconds      real    NOT NULL DEFAULT 0,
    owner        text,
    heartbeat_at text    NOT NULL,
    fence        integer NOT NULL DEFAULT 0,
    replaces     integer,
    error_code   text,
    request      text,
    request_key  text,
    wanted       text,
    queued_at    text,
    CHECK (records = loaded + rejected + skipped)
);
CREATE INDEX IF NOT EXISTS snapshots_imports_fingerprint ON snapshots_imports (fingerprint);
CREATE INDEX IF NOT EXISTS snapshots_imports_content_hash ON snapshots_imports (content_hash);
CREATE INDEX IF NOT EXISTS snapshots_imports_input ON snapshots_imports (input);
CREATE INDEX IF NOT EXISTS snapshots_imports_state ON snapshots_imports (kind, state, finished_at);
CREATE INDEX IF NOT EXISTS snapshots_imports_request_key ON snapshots_imports (request_key);

CREATE TABLE IF NOT EXISTS snapshots_chunks (
    import_id    integer NOT NULL,
    start_offset integer NOT NULL,
    end_offset   integer,
    start_line   integer NOT NULL,
    end_line     integer,
    records      integer NOT NULL DEFAULT 0,
    loaded       integer NOT NULL DEFAULT 0,
    rejected     integer NOT NULL DEFAULT 0,
    skipped      integer NOT NULL DEFAULT 0,
    pending      integer NOT NULL DEFAULT 0,
    ambiguous    integer NOT NULL DEFAULT 0,
    sent         text,
    hash_state   blob,
    hash         blob,
    fence        integer NOT NULL,
    seconds      real    NOT NULL DEFAULT 0,
    committed_at text,
    PRIMARY KEY (import_id, start_offset),
    CHECK (records = loaded + rejected + skipped)
);

CREATE TABLE IF NOT EXISTS snapshots_rejects (
    import_id   integer NOT NULL,
    byte_offset integer NOT NULL,
    line        integer NOT NULL,
    column_name text,
    code        text    NOT NULL,
    reason      text    NOT NULL,
    raw         blob    NOT NULL,
    PRIMARY KEY (import_id, byte_offset)
);
