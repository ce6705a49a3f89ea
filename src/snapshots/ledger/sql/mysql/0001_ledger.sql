-- The ledger. Times are UTC as ISO 8601 text, by this database's clock.

CREATE TABLE IF NOT EXISTS snapshots_version (
    version integer NOT NULL PRIMARY KEY
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS snapshots_imports (
    id           bigint      NOT NULL PRIMARY KEY,
    kind         varchar(20) NOT NULL,
    input        text        NOT NULL,
    size         bigint,
    mtime_ns     bigint,
    inode        text,
    etag         text,
    fingerprint  char(64),
    content_hash char(64),
    table_name   text        NOT NULL,
    state        varchar(20) NOT NULL,
    plan         longtext    NOT NULL,
    records      bigint      NOT NULL DEFAULT 0,
    loaded       bigint      NOT NULL DEFAULT 0,
    rejected     bigint      NOT NULL DEFAULT 0,
    skipped      bigint      NOT NULL DEFAULT 0,
    error        text,
    started_at   char(24)    NOT NULL,
    finished_at  char(24),
    seconds      double      NOT NULL DEFAULT 0,
    owner        text,
    heartbeat_at char(24)    NOT NULL,
    fence        bigint      NOT NULL DEFAULT 0,
    replaces     bigint,
    error_code   varchar(40),
    request      longtext,
    request_key  varchar(200),
    wanted       varchar(20),
    queued_at    char(24),
    KEY snapshots_imports_fingerprint (fingerprint),
    KEY snapshots_imports_content_hash (content_hash),
    KEY snapshots_imports_input (input(255)),
    KEY snapshots_imports_state (kind, state, finished_at),
    KEY snapshots_imports_request_key (request_key),
    CHECK (records = loaded + rejected + skipped)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS snapshots_chunks (
    import_id    bigint NOT NULL,
    start_offset bigint NOT NULL,
    end_offset   bigint,
    start_line   bigint NOT NULL,
    end_line     bigint,
    records      bigint NOT NULL DEFAULT 0,
    loaded       bigint NOT NULL DEFAULT 0,
    rejected     bigint NOT NULL DEFAULT 0,
    skipped      bigint NOT NULL DEFAULT 0,
    pending      bigint NOT NULL DEFAULT 0,
    ambiguous    bigint NOT NULL DEFAULT 0,
    sent         longtext,
    hash_state   longblob,
    hash         binary(32),
    fence        bigint NOT NULL,
    seconds      double NOT NULL DEFAULT 0,
    committed_at char(24),
    PRIMARY KEY (import_id, start_offset),
    CHECK (records = loaded + rejected + skipped)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS snapshots_rejects (
    import_id   bigint      NOT NULL,
    byte_offset bigint      NOT NULL,
    line        bigint      NOT NULL,
    column_name text,
    code        varchar(40) NOT NULL,
    reason      text        NOT NULL,
    raw         longblob    NOT NULL,
    PRIMARY KEY (import_id, byte_offset)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin ENGINE = InnoDB;
