-- What APIs have answered to records, and how many requests servers got in a day.
--
-- snapshots_answers has a row for each record whose answer had a value that is kept. `line` is that of
-- the record, `key_text` the JSON object of its key, if the delivery has one. `answer` is JSON.
--
-- snapshots_quotas has a row for each server, by its scheme, host and port. `requests` counts those
-- that were set aside for deliveries on that day (UTC): they were made, or a process was killed before.

CREATE TABLE IF NOT EXISTS snapshots_answers (
    import_id bigint NOT NULL,
    line      bigint NOT NULL,
    key_text  mediumtext,
    answer    mediumtext NOT NULL,
    PRIMARY KEY (import_id, line)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS snapshots_quotas (
    number   bigint NOT NULL,
    server   mediumtext NOT NULL,
    day      varchar(255) NOT NULL,
    requests bigint NOT NULL,
    PRIMARY KEY (number)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin ENGINE = InnoDB;
