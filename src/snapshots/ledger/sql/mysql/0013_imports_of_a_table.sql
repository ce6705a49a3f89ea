-- The last import into a table is found without reading the history. Every key ends with the id.

CREATE INDEX snapshots_imports_table ON snapshots_imports (table_name(191));
