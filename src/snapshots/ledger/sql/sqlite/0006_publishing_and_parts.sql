-- What an import has done to its table: how its rows were published, and which rows came and went.
-- `stage` names the table in which its rows wait, from before it is made until it is dropped.
-- `removed` and the last two: how many rows undoing it has removed, when, and its state before.

ALTER TABLE snapshots_imports ADD COLUMN mode TEXT;
ALTER TABLE snapshots_imports ADD COLUMN stage TEXT;
ALTER TABLE snapshots_imports ADD COLUMN inserted INTEGER;
ALTER TABLE snapshots_imports ADD COLUMN updated INTEGER;
ALTER TABLE snapshots_imports ADD COLUMN unchanged INTEGER;
ALTER TABLE snapshots_imports ADD COLUMN deleted INTEGER;
ALTER TABLE snapshots_imports ADD COLUMN kept INTEGER;
ALTER TABLE snapshots_imports ADD COLUMN removed INTEGER;
ALTER TABLE snapshots_imports ADD COLUMN as_of TEXT;
ALTER TABLE snapshots_imports ADD COLUMN undone_at TEXT;
ALTER TABLE snapshots_imports ADD COLUMN undone_state TEXT;

-- An import of what an input has gained since its last import: which one it continues, and the first
-- one of all that load parts of that input.

ALTER TABLE snapshots_imports ADD COLUMN continues integer;
ALTER TABLE snapshots_imports ADD COLUMN first_part integer;
CREATE INDEX IF NOT EXISTS snapshots_imports_first_part ON snapshots_imports (first_part)
    WHERE first_part IS NOT NULL;
