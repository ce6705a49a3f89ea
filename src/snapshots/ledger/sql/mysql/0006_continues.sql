-- An import of what an input has gained since its last import: which one it continues, and the first
-- one of all that load parts of that input.

ALTER TABLE snapshots_imports ADD COLUMN continues bigint;
ALTER TABLE snapshots_imports ADD COLUMN first_part bigint,
    ADD KEY snapshots_imports_first_part (first_part);
