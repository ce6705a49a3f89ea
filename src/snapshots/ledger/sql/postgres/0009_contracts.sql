-- Contracts that people have kept, to be offered for the next file with the same columns. `header`
-- is a JSON array of the names in the file's header; `contract` is a Table Schema.

CREATE TABLE IF NOT EXISTS snapshots_contracts (
    name       text NOT NULL,
    table_name text NOT NULL,
    header     text NOT NULL,
    contract   text NOT NULL,
    kept_at    text NOT NULL,
    PRIMARY KEY (name)
);
