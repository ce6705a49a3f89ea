-- What APIs have answered to records, and how many requests servers got in a day.
--
-- snapshots_answers has a row for each record whose answer had a value that is kept. `line` is that of
-- the record, `key_text` the JSON object of its key, if the delivery has one. `answer` is JSON.
--
-- snapshots_quotas has a row for each server, by its scheme, host and port. `requests` counts those
-- that were set aside for deliveries on that day (UTC): they were made, or a process was killed before.

CREATE TABLE IF NOT EXISTS snapshots_answers (
    import_id INTEGER NOT NULL,
    line      INTEGER NOT NULL,
    key_text  TEXT,
    answer    TEXT NOT NULL,
    PRIMARY KEY (import_id, line)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS snapshots_quotas (
    number   INTEGER NOT NULL,
    server   TEXT NOT NULL,
    day      TEXT NOT NULL,
    requests INTEGER NOT NULL,
    PRIMARY KEY (number)
);
