-- What an import has done to its table: how its rows were published, and which rows came and went.
-- `stage` names the table in which its rows wait, from before it is made until it is dropped.
-- `removed` and the last two: how many rows undoing it has removed, when, and its state before.

ALTER TABLE snapshots_imports ADD COLUMN mode text;
ALTER TABLE snapshots_imports ADD COLUMN stage text;
ALTER TABLE snapshots_imports ADD COLUMN inserted bigint;
ALTER TABLE snapshots_imports ADD COLUMN updated bigint;
ALTER TABLE snapshots_imports ADD COLUMN unchanged bigint;
ALTER TABLE snapshots_imports ADD COLUMN deleted bigint;
ALTER TABLE snapshots_imports ADD COLUMN kept bigint;
ALTER TABLE snapshots_imports ADD COLUMN removed bigint;
ALTER TABLE snapshots_imports ADD COLUMN as_of text;
ALTER TABLE snapshots_imports ADD COLUMN undone_at text;
ALTER TABLE snapshots_imports ADD COLUMN undone_state text;

-- An import of what an input has gained since its last import: which one it continues, and the first
-- one of all that load parts of that input.

ALTER TABLE snapshots_imports ADD COLUMN continues bigint;
ALTER TABLE snapshots_imports ADD COLUMN first_part bigint;
CREATE INDEX IF NOT EXISTS snapshots_imports_first_part ON snapshots_imports (first_part)
    WHERE first_part IS NOT NULL;
