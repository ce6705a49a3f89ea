-- The last import into a table is found without reading the history. A btree would refuse the
-- addresses of deliveries, which may be long.

CREATE INDEX IF NOT EXISTS snapshots_imports_table ON snapshots_imports (table_name, id)
    WHERE kind = 'import' AND plan <> '';
