-- An import of what an input has gained since its last import: which one it continues, and the first
-- one of all that load parts of that input.

ALTER TABLE snapshots_imports ADD COLUMN continues bigint;
ALTER TABLE snapshots_imports ADD COLUMN first_part bigint;
CREATE INDEX IF NOT EXISTS snapshots_imports_first_part ON snapshots_imports (first_part)
    WHERE first_part IS NOT NULL;
