-- `publish` says how a version became the table's: copy or rename. `undo_table` names the table that
-- keeps what it has changed or deleted, from before that is made until it is dropped; `restored` and
-- `undo_kept` count the rows that undoing it has brought back, and those that it could not undo.

ALTER TABLE snapshots_imports ADD COLUMN publish TEXT;
ALTER TABLE snapshots_imports ADD COLUMN undo_table TEXT;
ALTER TABLE snapshots_imports ADD COLUMN restored INTEGER;
ALTER TABLE snapshots_imports ADD COLUMN undo_kept INTEGER;

-- Rows that undoing an import has left as they are, and why; `row_values` is JSON.

CREATE TABLE IF NOT EXISTS snapshots_kept_rows (
    import_id  INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    row_values TEXT NOT NULL,
    reason     TEXT NOT NULL,
    PRIMARY KEY (import_id, number)
);
