-- The last import into a table is found without reading the history.

CREATE INDEX IF NOT EXISTS snapshots_imports_table ON snapshots_imports (table_name, id);
