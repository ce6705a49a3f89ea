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
    key_text  text,
    answer    text NOT NULL,
    PRIMARY KEY (import_id, line)
);

CREATE TABLE IF NOT EXISTS snapshots_quotas (
    number   bigint NOT NULL,
    server   text NOT NULL,
    day      text NOT NULL,
    requests bigint NOT NULL,
    PRIMARY KEY (number)
);
