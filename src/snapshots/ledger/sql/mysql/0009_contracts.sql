-- Contracts that people have kept, to be offered for the next file with the same columns. `header`
-- is a JSON array of the names in the file's header; `contract` is a Table Schema.

CREATE TABLE IF NOT EXISTS snapshots_contracts (
    name       varchar(200) NOT NULL,
    table_name text NOT NULL,
    header     longtext NOT NULL,
    contract   longtext NOT NULL,
    kept_at    varchar(30) NOT NULL,
    PRIMARY KEY (name)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin ENGINE = InnoDB;
