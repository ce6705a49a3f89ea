-- What an API has confirmed of the rows that were sent to it, so that only what changed is sent.
--
-- snapshots_destinations has a row for each address. `key_columns` is a JSON array. `import_id` is
-- the last delivery of rows, `working` the last one of any kind. `unreadable` counts its rejects that
-- do not show their key. `cursor_value` is the largest confirmed value of a column; `next_cursor`
-- takes its place when the delivery has finished.
--
-- snapshots_sent_rows has a row for each key. `row_hash` is that of the row as the API confirmed it;
-- NULL: it never did. `in_doubt` is 1 while the API may have another row: `sent_hash` is that of what was
-- sent last, empty for a DELETE, and `version` the delivery that sent it first. With `seed` they make its
-- idempotency key, which stays the same until the API has answered. `import_id` and `line`
-- say where the key was seen last, `first_by` and `sent_by` which deliveries the API confirmed.

CREATE TABLE IF NOT EXISTS snapshots_destinations (
    number        bigint NOT NULL,
    address       text NOT NULL,
    key_columns   text NOT NULL,
    seed          text NOT NULL,
    import_id     bigint NOT NULL,
    working       bigint NOT NULL,
    unreadable    bigint NOT NULL,
    cursor_column text,
    cursor_value  text,
    next_cursor   text,
    changed_at    text NOT NULL,
    PRIMARY KEY (number)
);

CREATE TABLE IF NOT EXISTS snapshots_sent_rows (
    destination bigint NOT NULL,
    key_hash    text NOT NULL,
    key_text    text NOT NULL,
    row_hash    text,
    sent_hash   text,
    in_doubt    bigint NOT NULL,
    version     bigint NOT NULL,
    import_id   bigint NOT NULL,
    line        bigint NOT NULL,
    first_by    bigint,
    sent_by     bigint,
    PRIMARY KEY (destination, key_hash)
);
