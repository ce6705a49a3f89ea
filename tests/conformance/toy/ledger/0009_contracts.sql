-- Contracts that people have kept, to be offered for the next file with the same columns. `header`
-- is a JSON array of the names in the file's header; `contract` is a Table Schema.

CREATE TABLE IF NOT EXISTS snapshots_contracts (
    name       TEXT NOT NULL,
    table_name TEXT NOT NULL,
    header     TEXT NOT NULL,
    contract   TEXT NOT NULL,
    kept_at    TEXT NOT NULL,
    PRIMARY KEY (name)
);
