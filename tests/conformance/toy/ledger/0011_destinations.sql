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
    number        INTEGER NOT NULL,
    address       TEXT NOT NULL,
    key_columns   TEXT NOT NULL,
    seed          TEXT NOT NULL,
    import_id     INTEGER NOT NULL,
    working       INTEGER NOT NULL,
    unreadable    INTEGER NOT NULL,
    cursor_column TEXT,
    cursor_value  TEXT,
    next_cursor   TEXT,
    changed_at    TEXT NOT NULL,
    PRIMARY KEY (number)
);

CREATE TABLE IF NOT EXISTS snapshots_sent_rows (
    destination INTEGER NOT NULL,
    key_hash    TEXT NOT NULL,
    key_text    TEXT NOT NULL,
    row_hash    TEXT,
    sent_hash   TEXT,
    in_doubt    INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    import_id   INTEGER NOT NULL,
    line        INTEGER NOT NULL,
    first_by    INTEGER,
    sent_by     INTEGER,
    PRIMARY KEY (destination, key_hash)
) WITHOUT ROWID;
