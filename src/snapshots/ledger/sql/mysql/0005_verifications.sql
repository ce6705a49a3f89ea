-- What comparing an import's table with its input has come to: the last time for each import, and
-- while it is under way, where to go on.

CREATE TABLE IF NOT EXISTS snapshots_verifications (
    import_id    bigint NOT NULL PRIMARY KEY,
    state        varchar(255) NOT NULL,
    result       varchar(255),
    started_at   varchar(255) NOT NULL,
    heartbeat_at varchar(255) NOT NULL,
    finished_at  varchar(255),
    owner        varchar(255),
    by_whom      varchar(255) NOT NULL,
    wishes       longtext NOT NULL,
    next_offset  bigint NOT NULL,
    next_line    bigint NOT NULL,
    report       longtext NOT NULL
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin ENGINE = InnoDB;
